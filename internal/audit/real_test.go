//go:build real

package audit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/internal/lab"
)

// binary is the program as it ships; every host of these tests gets it.
var binary string

const onHost = "/usr/local/bin/assay"

func TestMain(m *testing.M) { os.Exit(tests(m)) }

func tests(m *testing.M) int {
	if os.Getuid() != 0 {
		fmt.Fprintln(os.Stderr, "booting hosts needs root: make real")
		return 1
	}
	if err := lab.Ready(context.Background(), os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	dir, err := os.MkdirTemp("", "assay-real-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "assay")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary, "assay/cmd/assay")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// machine is a booted host with the program on it.
type machine struct {
	*lab.Host
	t testing.TB
}

// boot brings up a host for one test, which runs beside others.
func boot(t *testing.T, blueprint string) *machine {
	t.Helper()
	t.Parallel()
	name := strings.ToLower(strings.NewReplacer("/", "-", "_", "-").Replace(strings.TrimPrefix(t.Name(), "Test")))
	name = fmt.Sprintf("a%d-%s", os.Getpid()%10000, name[:min(len(name), 24)])
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	h, err := lab.Up(ctx, blueprint, lab.Options{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Down(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if err := h.Put(ctx, binary, onHost, 0o755); err != nil {
		t.Fatal(err)
	}
	return &machine{h, t}
}

// sh runs a script as root that must end well.
func (m *machine) sh(script string) string {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	out, err := m.Run(ctx, script)
	if err != nil {
		m.t.Fatalf("%v\n%s", err, out)
	}
	return out
}

// put writes a file of the host.
func (m *machine) put(path, text string) {
	m.t.Helper()
	if err := m.PutFrom(context.Background(), strings.NewReader(text), path, 0o644); err != nil {
		m.t.Fatal(err)
	}
}

// ran is how a run of the program ended.
type ran struct {
	out, err string
	code     int
	took     time.Duration
}

// assay runs the program on the host: as root, or as "user:" says.
func (m *machine) assay(user string, args ...string) ran {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	words := []string{onHost}
	if user != "" {
		words = []string{"setpriv", "--reuid", user, "--regid", user, "--init-groups", "--reset-env", onHost}
	}
	cmd, err := m.Command(ctx, append(words, args...)...)
	if err != nil {
		m.t.Fatal(err)
	}
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	began := time.Now()
	err = cmd.Run()
	r := ran{out: out.String(), err: stderr.String(), took: time.Since(began)}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		m.t.Fatal(err)
	}
	r.code = cmd.ProcessState.ExitCode()
	return r
}

// page is the JSON report as a reader of it sees it.
type page struct {
	Host        struct{ Root bool }
	Deployments []struct {
		Name, App, Server, Unit, Container string
		Names                              []string
		Path                               []struct{ Stage, Label, State, Text string }
	}
	Findings []item
	Counts   struct{ Passed, Unknown, Findings int }
	Looked   []string
	Asked    []struct{ Ask, Status, Why string }
	ran
}

// item is a finding, or a check that stayed unknown.
type item struct {
	ID, Key, Severity, Status, Deployment, Subject, Summary string
	Breaks                                                  bool
	Cause                                                   *string
	Unseen, Hints                                           []string
}

// look audits the host and reads the report.
func (m *machine) look(user string, args ...string) page {
	m.t.Helper()
	r := m.assay(user, append([]string{"check", "--format", "json", "--timeout", "60s"}, args...)...)
	p := page{ran: r}
	if err := json.Unmarshal([]byte(r.out), &p); err != nil {
		m.t.Fatalf("no report, exit %d: %v\n%s%s", r.code, err, r.out, r.err)
	}
	return p
}

// found are the findings, unknowns left out.
func (p page) found() []item {
	return slices.DeleteFunc(slices.Clone(p.Findings), func(i item) bool { return i.Status == "unknown" })
}

// unknown are the checks that stayed open.
func (p page) unknown() []item {
	return slices.DeleteFunc(slices.Clone(p.Findings), func(i item) bool { return i.Status != "unknown" })
}

// elsewhere are the checks whose answer lies beyond the host, and is unknown
// until somebody declares it.
func elsewhere(id string) bool {
	return strings.HasPrefix(id, "mon.") || strings.HasPrefix(id, "ops.") || slices.Contains([]string{"backup.offsite-and-private", "backup.restore-tested", "metrics.present"}, id)
}

// say lists items for a test's complaint.
func say(list []item) string {
	var b strings.Builder
	for k, i := range list {
		if k == 12 {
			fmt.Fprintf(&b, "\n\tand %d more", len(list)-k)
			break
		}
		fmt.Fprintf(&b, "\n\t%s %s: %s", i.Status, i.Key, i.Summary)
		if i.Status == "unknown" {
			fmt.Fprintf(&b, " %q %q", i.Unseen, i.Hints)
		}
	}
	return b.String()
}

// names are the deployments' names.
func (p page) names() []string {
	var out []string
	for _, d := range p.Deployments {
		out = append(out, d.Name)
	}
	return out
}

// silent demands a report without finding and without unknown.
func (m *machine) silent(p page, deployments ...string) {
	m.t.Helper()
	if len(p.Findings) > 0 || p.code != 0 {
		m.t.Errorf("exit %d, want 0 and nothing found:%s", p.code, say(p.Findings))
	}
	if !slices.Equal(p.names(), deployments) {
		m.t.Errorf("deployments %q, want %q", p.names(), deployments)
	}
}

// only demands that the findings are of these ids, and that each is there.
func (m *machine) only(p page, ids ...string) {
	m.t.Helper()
	got := map[string]bool{}
	for _, f := range p.found() {
		got[f.ID] = true
		if !slices.Contains(ids, f.ID) {
			m.t.Errorf("found besides:%s", say([]item{f}))
		}
	}
	for _, id := range ids {
		if !got[id] {
			m.t.Errorf("%s was not found; there are:%s", id, say(p.Findings))
		}
	}
}
