//go:build real

package audit_test

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// The healthy hosts are silent: as root nothing is found and nothing is unknown.
func TestHealthyUnix(t *testing.T) { healthyHost(t, "unix", "shop") }

func TestHealthyTCP(t *testing.T) { healthyHost(t, "tcp", "myapp") }

func healthyHost(t *testing.T, blueprint, app string) {
	m := boot(t, blueprint)
	p := m.look("")
	m.silent(p, app)
	if p.took > 10*time.Second {
		t.Errorf("took %v", p.took)
	}
	if text := m.assay("", "check"); text.code != 0 || strings.ContainsAny(text.out, "✗?") || text.err != "" {
		t.Errorf("exit %d\n%s%s", text.code, text.out, text.err)
	}
	m.withoutRoot(p, app)
}

// withoutRoot looks at the healthy host as a fresh user and as the app's own:
// no finding that root does not have, and every unknown says how it would be
// answered.
func (m *machine) withoutRoot(root page, app string) {
	m.sh("useradd --create-home guest")
	for _, user := range []string{"guest", app} {
		p := m.look(user)
		if p.code != 3 || p.took > 15*time.Second {
			m.t.Errorf("%s: exit %d after %v, want 3 soon", user, p.code, p.took)
		}
		if !slices.Contains(p.names(), app) {
			m.t.Errorf("%s: deployments %q", user, p.names())
		}
		for _, f := range p.found() {
			if !slices.ContainsFunc(root.found(), func(r item) bool { return r.Key == f.Key }) {
				m.t.Errorf("%s: false finding:%s", user, say([]item{f}))
			}
		}
		for _, u := range p.unknown() {
			if !slices.ContainsFunc(u.Hints, func(h string) bool { return strings.Contains(h, "sudo") }) || len(u.Unseen) == 0 {
				m.t.Errorf("%s: no way out of:%s", user, say([]item{u}))
			}
		}
		if p.Counts.Passed == 0 {
			m.t.Errorf("%s: nothing could be answered at all", user)
		}
		if text := m.assay(user, "check"); !strings.Contains(strings.Join(strings.Fields(text.out), " "), "sudo assay check") {
			m.t.Errorf("%s: the report does not name sudo assay check:\n%s", user, text.out)
		}
	}
}

// What a guide from the web leaves broken comes first: one root cause of the
// outage. The guide has two more faults, which would show once the site is up:
// nobody may write the uploads, and nginx takes less than the app.
func TestGuide000(t *testing.T) {
	m := boot(t, "guide000")
	p := m.look("")
	if p.code != 1 || len(p.found()) == 0 {
		t.Fatalf("exit %d, want 1:%s", p.code, say(p.Findings))
	}
	first := p.found()[0]
	if first.Cause != nil || first.Severity != "critical" {
		t.Errorf("first is no root:%s", say([]item{first}))
	}
	for _, f := range p.found()[1:] {
		if f.Breaks && f.Cause == nil && f.ID != "upload.writable" && f.ID != "nginx.body.size-chain" {
			t.Errorf("a second root cause:%s", say([]item{f}))
		}
	}
	if open := slices.DeleteFunc(p.unknown(), func(i item) bool { return elsewhere(i.ID) }); len(open) > 0 {
		t.Errorf("as root unknown:%s", say(open))
	}
}

// Nothing deployed: it says where it looked and what to do next.
func TestBare12(t *testing.T) { bare(t, "bare12") }

func TestBare13(t *testing.T) { bare(t, "bare13") }

func bare(t *testing.T, blueprint string) {
	m := boot(t, blueprint)
	p := m.look("")
	if p.code != 3 || len(p.Findings) > 0 || len(p.Deployments) > 0 || len(p.Looked) < 4 {
		t.Errorf("exit %d, looked %q:%s", p.code, p.Looked, say(p.Findings))
	}
	text := m.assay("", "check")
	for _, want := range []string{"gunicorn", "/etc/systemd/system", "/etc/nginx/nginx.conf", "listening sockets", "assay "} {
		if !strings.Contains(text.out, want) {
			t.Errorf("the report lacks %q:\n%s", want, text.out)
		}
	}
}
