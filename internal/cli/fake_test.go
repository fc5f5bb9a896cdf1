package cli

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"testing"
	"testing/fstest"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"assay/internal/check"
	"assay/internal/collect"
	"assay/internal/diagnose"
	"assay/internal/model"
	"assay/internal/report"
	"assay/internal/tape"
)

// TestMain makes `assay` a command of the scripts: the real command line before
// a fake river. FAKE names what the host is like, TTY which streams are terminals.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"assay": func() {
		os.Exit(Main(Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv,
			IsTerminal: func(fd int) bool { return os.Getenv("TTY") == "all" || os.Getenv("TTY") == fmt.Sprint(fd) },
			Columns:    func(int) int { return 72 },
			Exe:        "/usr/local/bin/assay", Version: "0.1.0", Works: fake()}, os.Args[1:]))
	}})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", UpdateScripts: os.Getenv("UPDATE") != "",
		Setup: func(e *testscript.Env) error {
			e.Setenv("LANG", "C.UTF-8")
			e.Setenv("USER", "ann")
			e.Setenv("COLUMNS", "")
			e.Setenv("HOSTILE", "\x1b[2Jnginx\u202e")
			return nil
		}})
}

var scenario = tape.Ask{Kind: tape.KindFile, Name: "/scenario"}

func fake() Works {
	families := fakeFamilies()
	w := Works{
		Collect: func(_ context.Context, _ Look, tell func(tape.Ask, bool)) (*tape.Tape, collect.Trace) {
			tell(scenario, false)
			if os.Getenv("SLOW") != "" {
				time.Sleep(400 * time.Millisecond)
			}
			tell(scenario, true)
			t := &tape.Tape{}
			t.Put(scenario, tape.Answer{Status: tape.Seen, Body: os.Getenv("FAKE")})
			return t, collect.Trace{}
		},
		Away:     fakeAway,
		Outside:  fakeOutside,
		Families: func() []*check.Family { return families },
		Describe: func(w io.Writer, m *model.Model) error {
			_, err := fmt.Fprintf(w, "%d deployments\n  escaped \x1b[2J\n", len(m.Deployments))
			return err
		},
		Data: func(m *model.Model) any { return map[string]int{"deployments": len(m.Deployments)} },
	}
	w.Model = fakeModel
	w.Judge = func(t *tape.Tape, c Choice) (report.Report, *model.Model) { return fakeReport(t, c), fakeModel(t) }
	return w
}

// fakeOutside is a site elsewhere; its name says how it is.
func fakeOutside(_ context.Context, u *url.URL, _ func(tape.Ask, bool)) diagnose.FromOutside {
	switch u.Hostname() {
	case "fine.example":
		return diagnose.FromOutside{URL: u.String(), Gets: "200 OK", Says: "from here it works", Confidence: diagnose.Well}
	case "unknown.example":
		return diagnose.FromOutside{URL: u.String(), Broken: true, Says: "ask DNS: no name server", Confidence: diagnose.Unseen}
	}
	return diagnose.FromOutside{URL: u.String(), Gets: "502 Bad Gateway", Broken: true, Says: "nginx is up", Confidence: diagnose.Likely,
		Do: "Look there.", Commands: []string{"ssh " + u.Hostname() + " sudo assay diagnose"}}
}

// fakeAway is another host; AWAY says how a visit to it goes.
func fakeAway(_ context.Context, t Trip) (*tape.Tape, error) {
	switch os.Getenv("AWAY") {
	case "note":
		t.Note("ann may not use sudo on " + t.Host)
	case "refused":
		return nil, fmt.Errorf("visit %s: port 22: Connection refused\nhint: does sshd run there, on that port?", t.Host)
	}
	r := &tape.Tape{}
	r.Put(scenario, tape.Answer{Status: tape.Seen, Body: os.Getenv("FAKE")})
	return r, nil
}

func fakeFamilies() []*check.Family {
	told := "why it matters\n-- bad/break.sh --\nrm x\n-- bad/want --\nfail critical shop it is gone\n-- good/break.sh --\ntouch y\n"
	f := check.NewFamily("nginx", fstest.MapFS{"service_running.txtar": {Data: []byte(told)}})
	f.Add(check.Check{ID: "nginx.service.running", Title: "nginx runs", Severity: check.Critical, Breaks: true, Cure: check.OnHost})
	f.Add(check.Check{ID: "nginx.config.valid", Formerly: []string{"nginx.syntax"}, Title: "nginx takes its configuration", Severity: check.High})
	g := check.NewFamily("tls", fstest.MapFS{})
	g.Add(check.Check{ID: "tls.cert.expiry", Title: "the certificate is far from its end", Severity: check.Medium})
	return []*check.Family{f, g}
}

func fakeModel(t *tape.Tape) *model.Model {
	v, _ := t.Get(scenario)
	if v.Body == "empty" {
		return &model.Model{}
	}
	return &model.Model{Deployments: []*model.Deployment{{Name: "blog"}, {Name: "shop"}}}
}

func fakeReport(t *tape.Tape, c Choice) report.Report {
	v, _ := t.Get(scenario)
	r := report.Report{Schema: report.Schema, Host: report.Host{Name: "web-1", Root: v.Body != "blind"}, Counts: report.Counts{Passed: 2}}
	if v.Body == "empty" {
		return r
	}
	for _, name := range []string{"blog", "shop"} {
		if c.App == nil || c.App(name) {
			r.Deployments = append(r.Deployments, report.Deployment{Name: name, Names: []string{name + ".example"}})
		}
	}
	for _, f := range fakeFamilies() {
		for _, k := range f.Checks() {
			switch {
			case c.Check != nil && !c.Check(k):
			case v.Body == "down" || v.Body == "low" && k.Severity < check.High:
				r.Findings = append(r.Findings, report.Finding{ID: k.ID, Key: k.ID + "||", Severity: k.Severity.String(),
					Status: "fail", Summary: k.ID + " is wrong"})
				r.Counts.Findings++
			case v.Body == "blind":
				r.Unknown = append(r.Unknown, report.Unknown{ID: k.ID, Severity: k.Severity.String(), Status: "unknown",
					Unseen: []string{"read /x: permission denied"}, Hints: []string{"sudo assay check"}})
				r.Counts.Unknown++
			}
		}
	}
	return r
}
