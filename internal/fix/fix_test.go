package fix

import (
	"slices"
	"strings"
	"testing"

	"assay/internal/check"
	"assay/internal/plan"
	"assay/internal/report"
	"assay/internal/syntax/edit"
	"assay/internal/syntax/nginx"
	"assay/internal/tape"
)

const site = "server {\n    listen 80;\n    server_name a.example;\n}\n"

func recording() *tape.Tape {
	t := &tape.Tape{}
	put := func(name, text string) {
		t.Put(tape.Ask{Kind: tape.KindFile, Name: name}, tape.Answer{Status: tape.Seen, Body: text})
	}
	put("/etc/nginx/sites-enabled/a", site)
	put("/etc/redis/redis.conf", "# bind 10.0.0.1\nbind 0.0.0.0\nport 6379\n")
	put("/etc/shop.env", "SECRET_KEY=[masked:64:0a1b2c3d]\nDEBUG=1\n")
	put("/etc/dos.conf", "a = 1\r\n")
	t.Put(tape.Ask{Kind: tape.KindStat, Name: "/etc/nginx/sites-enabled/a"}, tape.Encode(tape.Stat{Type: "link", Real: "/etc/nginx/sites-available/a"}))
	return t
}

func found(id string, steps ...[]plan.Step) report.Finding {
	return report.Finding{ID: id, Key: id + "|a|x", Remedy: check.Remedy{Cure: check.OnHost, Steps: slices.Concat(steps...)}}
}

func TestMake(t *testing.T) {
	server := nginx.ParseText("/etc/nginx/sites-enabled/a", site).Root.Block[0]
	cause := "one|a|x"
	consequence := found("two", plan.Systemctl("start it", "start", "a.service"))
	consequence.Cause = &cause
	follows := report.Finding{ID: "five", Key: "five", Cause: &cause}
	code := report.Finding{ID: "three", Key: "three", Remedy: check.Remedy{Cure: check.InCode}}
	for name, c := range map[string]struct {
		findings []report.Finding
		steps    []string // kind, path or verb and unit
		left     []string // id: a part of the why
	}{
		"two changes of one file are one step": {
			[]report.Finding{found("one", plan.Nginx("x", server).Inside("gzip on;")), found("four", plan.Nginx("y", server.Block[0]).Replace("listen 81;"))},
			[]string{"edit /etc/nginx/sites-available/a", "reload-or-restart nginx.service"}, nil},
		"the same change is made once": {
			[]report.Finding{found("one", plan.Nginx("x", server).Inside("gzip on;")), found("four", plan.Nginx("x", server).Inside("gzip on;"))},
			[]string{"edit /etc/nginx/sites-available/a", "reload-or-restart nginx.service"}, nil},
		"two changes of one line": {
			[]report.Finding{found("one", plan.Nginx("x", server.Block[0]).Replace("listen 82;")), found("four", plan.Nginx("y", server.Block[0]).Replace("listen 81;"))},
			[]string{"edit /etc/nginx/sites-available/a", "reload-or-restart nginx.service"}, []string{"four: look again"}},
		"a consequence waits for its cause": {
			[]report.Finding{found("one", plan.Systemctl("start it", "start", "b.service")), consequence},
			[]string{"start b.service"}, []string{"two: with its cause, one"}},
		"a consequence of what a person mends": {
			[]report.Finding{found("one"), follows}, nil, []string{"one: person", "five: with its cause, one"}},
		"code is left alone": {[]report.Finding{code}, nil, []string{"three: app's code"}},
		"one drop-in for two keys": {
			[]report.Finding{found("one", plan.DropIn("x", "a.service", "Service", "UMask", "0007")), found("four", plan.DropIn("y", "a.service", "Service", "ExecStart", "", "/bin/a"), plan.DropIn("z", "a.service", "Unit", "After", "b.service"))},
			[]string{"write /etc/systemd/system/a.service.d/zz-assay.conf", "daemon-reload ", "restart a.service"}, nil},
		"a restart does what a reload does": {
			[]report.Finding{found("one", plan.Key("x", "/etc/redis/redis.conf", plan.Spaced, "bind", "127.0.0.1", plan.Act{Verb: "restart", Unit: "redis-server.service"}), plan.Systemctl("y", "start", "redis-server.service"))},
			[]string{"edit /etc/redis/redis.conf", "restart redis-server.service"}, nil},
		"a secret is not written down": {
			[]report.Finding{found("one", plan.Change("x", "/etc/shop.env", edit.Lines{Line: 1, Old: []string{"SECRET_KEY=[masked:64:0a1b2c3d]"}, New: []string{"A=[masked:64:ffffffff]"}}))},
			nil, []string{"one: holds a secret"}},
		"a line beside a secret":   {[]report.Finding{found("one", plan.Key("x", "/etc/shop.env", plan.Shell, "DEBUG", "0"))}, []string{"edit /etc/shop.env"}, nil},
		"what was not seen":        {[]report.Finding{found("one", plan.Key("x", "/etc/other", plan.Spaced, "a", "b"))}, nil, []string{"one: not seen"}},
		"lines as on Windows":      {[]report.Finding{found("one", plan.Key("x", "/etc/dos.conf", plan.Equals, "a", "2"))}, nil, []string{"one: Windows"}},
		"a remedy is whole or not": {[]report.Finding{found("one", plan.Systemctl("x", "start", "a.service"), plan.Key("x", "/etc/other", plan.Spaced, "a", "b"))}, nil, []string{"one: not seen"}},
	} {
		p, left := Make(recording(), report.Report{Findings: c.findings}, nil)
		var steps []string
		for _, s := range p.Steps {
			if s.Kind == plan.Unit {
				steps = append(steps, s.Verb+" "+s.Unit)
			} else {
				steps = append(steps, string(s.Kind)+" "+s.Path)
			}
		}
		if !slices.Equal(steps, c.steps) {
			t.Errorf("%s: %q", name, steps)
		}
		for i, want := range c.left {
			id, why, _ := strings.Cut(want, ": ")
			if len(left) <= i || left[i].Finding.ID != id || !strings.Contains(left[i].Why, why) {
				t.Errorf("%s: left %v", name, left)
			}
		}
		if len(left) != len(c.left) || len(p.Cures)+len(left) != len(c.findings) {
			t.Errorf("%s: %d cured, %d left of %d", name, len(p.Cures), len(left), len(c.findings))
		}
	}
}

// What comes out is what an expert would have written.
func TestTexts(t *testing.T) {
	server := nginx.ParseText("/etc/nginx/sites-enabled/a", site).Root.Block[0]
	p, _ := Make(recording(), report.Report{Findings: []report.Finding{
		found("one", plan.Nginx("x", server).Inside("gzip on;")),
		found("two", plan.Nginx("y", server).Inside("charset utf-8;")),
		found("three", plan.Key("x", "/etc/redis/redis.conf", plan.Spaced, "bind", "127.0.0.1")),
		found("four", plan.DropIn("x", "a.service", "Service", "UMask", "0007")),
		found("five", plan.DropIn("y", "a.service", "Service", "ExecStart", "", "/bin/a")),
		found("six", plan.DropIn("z", "a.service", "Unit", "After", "b.service")),
		found("seven", plan.Key("x", "/etc/shop.env", plan.Shell, "DEBUG", "0")),
	}}, nil)
	want := map[string]string{
		"/etc/nginx/sites-available/a":                  "server {\n    listen 80;\n    server_name a.example;\n    gzip on;\n    charset utf-8;\n}\n",
		"/etc/redis/redis.conf":                         "# bind 10.0.0.1\nbind 127.0.0.1\nport 6379\n",
		"/etc/systemd/system/a.service.d/zz-assay.conf": "[Service]\nUMask=0007\nExecStart=\nExecStart=/bin/a\n[Unit]\nAfter=b.service\n",
		"/etc/shop.env":                                 "SECRET_KEY=[masked:64:0a1b2c3d]\nDEBUG=0\n",
	}
	for _, s := range p.Steps {
		text := s.Body
		if s.Kind == plan.Edit {
			var err error
			if text, err = edit.Apply(s.Seen, s.Lines); err != nil {
				t.Error(err)
			}
		}
		if w, ok := want[s.Path]; ok && text != w {
			t.Errorf("%s:\n%s", s.Path, text)
		}
		delete(want, s.Path)
	}
	if len(want) > 0 {
		t.Errorf("not made: %v", want)
	}
}

// Lists of a unit grow, what counts once is replaced, and what was emptied before
// is not emptied again.
func TestUnitLines(t *testing.T) {
	const path = "/etc/systemd/system/a.service.d/zz-assay.conf"
	const there = "[Service]\nExecStart=\nExecStart=/bin/a --old\nReadWritePaths=/var/a\nEnvironment=A=1\n"
	for name, c := range map[string]struct {
		seen  string
		steps [][]plan.Step // of a finding each
		want  string
		left  string
	}{
		"two folders to write": {"", [][]plan.Step{plan.DropIn("x", "a.service", "Service", "ReadWritePaths", "/var/a"), plan.DropIn("y", "a.service", "Service", "ReadWritePaths", "/var/b")},
			"[Service]\nReadWritePaths=/var/a\nReadWritePaths=/var/b\n", ""},
		"one folder twice": {"", [][]plan.Step{plan.DropIn("x", "a.service", "Service", "ReadWritePaths", "/var/a"), plan.DropIn("y", "a.service", "Service", "ReadWritePaths", "/var/a")},
			"[Service]\nReadWritePaths=/var/a\n", ""},
		"two variables": {"", [][]plan.Step{plan.DropIn("x", "a.service", "Service", "Environment", "A=1"), plan.DropIn("y", "a.service", "Service", "Environment", "B=2")},
			"[Service]\nEnvironment=A=1\nEnvironment=B=2\n", ""},
		"two commands": {"", [][]plan.Step{plan.DropIn("x", "a.service", "Service", "ExecStart", "", "/bin/a"), plan.DropIn("y", "a.service", "Service", "ExecStart", "", "/bin/b")},
			"[Service]\nExecStart=\nExecStart=/bin/a\n", "two remedies set ExecStart"},
		"the same command": {"", [][]plan.Step{plan.DropIn("x", "a.service", "Service", "ExecStart", "", "/bin/a"), plan.DropIn("y", "a.service", "Service", "ExecStart", "", "/bin/a")},
			"[Service]\nExecStart=\nExecStart=/bin/a\n", ""},
		"a command of ours before": {there, [][]plan.Step{plan.DropIn("x", "a.service", "Service", "ExecStart", "", "/bin/a --new")},
			"[Service]\nExecStart=\nExecStart=/bin/a --new\nReadWritePaths=/var/a\nEnvironment=A=1\n", ""},
		"a folder and a variable more": {there, [][]plan.Step{plan.DropIn("x", "a.service", "Service", "ReadWritePaths", "/var/b"), plan.DropIn("y", "a.service", "Service", "Environment", "A=2")},
			there + "ReadWritePaths=/var/b\nEnvironment=A=2\n", ""},
	} {
		tp := &tape.Tape{}
		if c.seen != "" {
			tp.Put(tape.Ask{Kind: tape.KindFile, Name: path}, tape.Answer{Status: tape.Seen, Body: c.seen})
		}
		var r report.Report
		for i, s := range c.steps {
			r.Findings = append(r.Findings, found(string(rune('a'+i)), s))
		}
		p, left := Make(tp, r, nil)
		got := p.Steps[0].Body
		if c.seen != "" {
			got, _ = edit.Apply(c.seen, p.Steps[0].Lines)
		}
		if p.Steps[0].Path != path || got != c.want {
			t.Errorf("%s: %s\n%s", name, p.Steps[0].Path, got)
		}
		if (c.left == "") != (len(left) == 0) || len(left) > 0 && !strings.Contains(left[0].Why, c.left) {
			t.Errorf("%s: left %v", name, left)
		}
	}
}

// Only what requests go through is said to lose some.
func TestWords(t *testing.T) {
	r := report.Report{Deployments: []report.Deployment{{Name: "a", Unit: "a.service"}}}
	for _, u := range []string{"a.service", "a.socket", "systemd-journald.service", "redis-server.service"} {
		r.Findings = append(r.Findings, found(u, plan.Systemctl("x", "restart", u)))
	}
	p, _ := Make(recording(), r, nil)
	want := map[string]string{"a.service": "restart a.service: requests under way may be lost", "a.socket": "restart a.socket: requests under way may be lost",
		"systemd-journald.service": "restart systemd-journald.service", "redis-server.service": "restart redis-server.service: its connections are cut"}
	for _, s := range p.Steps {
		if s.Say != want[s.Unit] {
			t.Errorf("%s: %s", s.Unit, s.Say)
		}
	}
}
