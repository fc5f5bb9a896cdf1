//go:build real

package audit_test

import (
	"context"
	"strings"
	"testing"
	"time"
)

// What hangs costs its own answers and bounded time; all else is judged.
func TestWedged(t *testing.T) {
	m := boot(t, "unix")
	ctx := context.Background()
	const (
		stopApp   = "pkill -STOP -u shop -f gunicorn"
		goApp     = "pkill -CONT -u shop -f gunicorn"
		stopUnits = "mv /usr/bin/systemctl /usr/bin/systemctl.real; mv /usr/bin/journalctl /usr/bin/journalctl.real; printf '#!/bin/sh\\nsleep 1000\\n' | tee /usr/bin/systemctl >/usr/bin/journalctl; chmod 755 /usr/bin/systemctl /usr/bin/journalctl"
		goUnits   = "mv /usr/bin/systemctl.real /usr/bin/systemctl; mv /usr/bin/journalctl.real /usr/bin/journalctl"
		// PostgreSQL's port is held by one who accepts and says nothing.
		mute = "systemctl stop 'postgresql@*'; systemd-run --quiet --unit=mute python3 -c 'import socket,time; s = socket.create_server((\"127.0.0.1\", 5432)); time.sleep(1000)'; sleep .5"
	)
	dns := func(mode string) {
		if err := m.DNSMode(ctx, mode); err != nil {
			t.Fatal(err)
		}
	}
	look := func(name string, mayFind ...string) page {
		t.Helper()
		p := m.look("", "--timeout", "30s")
		t.Logf("%s: %.1f s, exit %d, %d passed, %d unknown%s", name, p.took.Seconds(), p.code, p.Counts.Passed, p.Counts.Unknown, say(p.found()))
		if p.took > 40*time.Second {
			t.Errorf("%s: took %v", name, p.took)
		}
		if len(p.Deployments) != 1 || p.Deployments[0].Name != "shop" {
			t.Errorf("%s: deployments %q", name, p.names())
		}
		for _, f := range p.found() {
			if !hasPrefix(f.ID, mayFind) {
				t.Errorf("%s: false finding:%s", name, say([]item{f}))
			}
		}
		return p
	}
	dns("silent")
	for _, u := range look("DNS is silent", "dns.").unknown() { // http2 is judged at the addresses of the names
		if !hasPrefix(u.ID, []string{"dns.", "tls.", "nginx.vhost", "nginx.perf.http2"}) {
			t.Errorf("DNS is silent: open besides:%s", say([]item{u}))
		}
	}
	dns("normal")

	m.sh(stopApp)
	p := look("the app hangs", "gunicorn.", "health.", "static.", "nginx.proxy")
	for _, u := range p.unknown() {
		if !hasPrefix(u.ID, []string{"flask.", "gunicorn.", "static.", "hdr.", "secret."}) {
			t.Errorf("the app hangs: open besides:%s", say([]item{u}))
		}
	}
	if p.Deployments[0].Path[len(p.Deployments[0].Path)-2].State == "ok" && len(p.found()) == 0 && len(p.unknown()) == 0 {
		t.Errorf("a hung app looks well: %+v", p.Deployments[0].Path)
	}
	m.sh(goApp + "; " + mute)
	look("a mute database", "gunicorn.", "db.connects", "health.endpoint", "host.reboot-survival")
	m.sh("systemctl stop mute; " + stopUnits)
	p = look("systemctl hangs", "db.connects") // PostgreSQL is still stopped
	if p.Counts.Passed < 5 || len(p.unknown()) == 0 {
		t.Errorf("systemctl hangs: %d passed, %d unknown", p.Counts.Passed, len(p.unknown()))
	}
	dns("silent")
	m.sh(stopApp)
	look("all of it", "dns.", "health.", "gunicorn.", "static.", "nginx.proxy", "db.connects")
	m.sh(goApp + "; " + goUnits)
}

func hasPrefix(s string, list []string) bool {
	for _, p := range list {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}
