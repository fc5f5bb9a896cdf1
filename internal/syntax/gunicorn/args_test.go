package gunicorn

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func flat(s Settings) string {
	var out []string
	for n, vs := range s.Options {
		for _, v := range vs {
			out = append(out, fmt.Sprintf("%s=%s@%s%d", n, v.Text, v.Place.Kind[:1], v.Place.Index))
		}
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func TestParseArgs(t *testing.T) {
	for _, c := range []struct {
		argv []string
		env  string
		app  string
		want string
	}{
		{[]string{"/venv/bin/python3", "/venv/bin/gunicorn", "-b", "unix:/run/a.sock", "-w4", "--bind=127.0.0.1:80", "wsgi:app"}, "", "wsgi:app",
			"bind=127.0.0.1:80@a5 bind=unix:/run/a.sock@a3 workers=4@a4"},
		{[]string{"/venv/bin/gunicorn", "wsgi"}, "-w 2 --timeout=60 -b ':1 '", "wsgi:application", "bind=:1 @G4 timeout=60@G2 workers=2@G1"},
		{[]string{"gunicorn", "-w", "3", "m:create_app('x', y=1)"}, "-w 2 -b :1", "m:create_app('x', y=1)", "bind=:1@G3 workers=3@a2"},
		{[]string{"python3.11", "-u", "-X", "dev", "-m", "gunicorn", "--reload", "-DR", "a.b:c()"}, "", "a.b:c()", "daemon=True@a7 enable_stdio_inheritance=True@a7 reload=True@a6"},
		{[]string{"/bin/sh", "-c", "cd /srv && exec gunicorn -b 0.0.0.0:$PORT 'x:y' > log 2>&1"}, "", "x:y", "bind=0.0.0.0:$PORT@a2"},
		{[]string{"/bin/bash", "-lc", "A=1 /v/bin/gunicorn x:y --log-file - --access-logfile=-"}, "", "x:y", "accesslog=-@a2 errorlog=-@a2"},
		{[]string{"/usr/bin/env", "-i", "A=b", "gunicorn", "x"}, "", "x:application", ""},
		{[]string{"poetry", "run", "gunicorn", "x:y"}, "", "x:y", ""},
		{[]string{"uv", "run", "--no-sync", "python", "-m", "gunicorn", "x:y", "--no-sendfile"}, "", "x:y", "sendfile=False@a7"},
		{[]string{"newrelic-admin", "run-program", "gunicorn", "-c", "file:conf.py", "x:y"}, "", "x:y", "config=file:conf.py@a4"},
		{[]string{"/v/bin/python", "-m", "newrelic.admin", "run-program", "gunicorn", "x:y"}, "", "", "!"},
		{[]string{"ddtrace-run", "/v/bin/gunicorn", "x:y", "--graceful", "5", "--max-requests", "7"}, "", "x:y", "graceful_timeout=5@a4 max_requests=7@a6"},
		{[]string{"gunicorn", "--new-thing", "7", "--other", "x:y"}, "", "x:y", "?"},
		{[]string{"gunicorn", "--", "x:y"}, "", "x:y", ""},
		{[]string{"gunicorn", "-b"}, "", "", "?"},
		{[]string{"gunicorn", "-e", "A=1", "-e", "B=2", "--work", "1", "--worker-c", "g"}, "", "g:application", "?"},
		{[]string{"python", "manage.py", "run"}, "", "", "!"},
		{[]string{"sh", "-c", "flask run"}, "-w 2", "", "!"},
		{[]string{"/usr/sbin/nginx"}, "", "", "!"},
		{nil, "", "", "!"},
	} {
		s := ParseArgs(c.argv, c.env)
		switch c.want {
		case "!":
			if s.Is && c.app == "" && len(c.argv) > 3 && c.argv[2] == "newrelic.admin" {
				continue // a module that runs a program: seen through
			}
			if s.Is {
				t.Errorf("%q is no gunicorn: %+v", c.argv, s)
			}
			continue
		case "?":
			if len(s.Problems) == 0 {
				t.Errorf("%q: no problem", c.argv)
			}
		default:
			if got := flat(s); got != c.want || len(s.Problems) > 0 {
				t.Errorf("%q:\n %s %v\nwant %s", c.argv, got, s.Problems, c.want)
			}
		}
		if !s.Is || s.App.String() != c.app {
			t.Errorf("%q: app %q", c.argv, s.App)
		}
	}
	if s := ParseArgs([]string{"/bin/sh", "-c", "cd /srv && gunicorn -w $N x"}, ""); s.Chdir != "/srv" || !s.Options["workers"][0].Variables {
		t.Errorf("%+v", s)
	}
	if s := ParseArgs([]string{"gunicorn: master [wsgi:app]"}, ""); !s.Is || s.Lost == "" || s.Role != "master" {
		t.Errorf("%+v", s)
	}
}

func TestConfFile(t *testing.T) {
	for in, want := range map[string]string{"": "./gunicorn.conf.py  false", "-c file:/etc/g.py": "/etc/g.py  true", "-c python:a.b": " a.b true", "--config=x.py": "x.py  true"} {
		f, m, given := ParseArgs(append([]string{"gunicorn"}, strings.Fields(in)...), "").ConfFile()
		if got := fmt.Sprint(f, " ", m, " ", given); got != want {
			t.Errorf("%s: %q", in, got)
		}
	}
}

func TestParseBind(t *testing.T) {
	for in, want := range map[string]string{
		"unix:/run/x.sock": "unix:/run/x.sock", "unix:///run/x.sock": "unix:/run/x.sock", "unix://run/x": "unix:run/x", "unix:x": "unix:x",
		"127.0.0.1:8000": "127.0.0.1:8000", ":80": ":80", "": "0.0.0.0:8000", "localhost": "localhost:8000", "[::1]:8001": "[::1]:8001", "[::]": "[::]:8000",
		"fd://3": "fd://3", "tcp://A:1": "a:1", "8000": "8000:8000 doubt", "/run/x.sock": "/run/x.sock:8000 doubt",
		"::1:80": ":0 problem", "a:b": "a:0 problem", "fd://x": ":0 problem", "a:99999": "a:0 problem",
	} {
		b := ParseBind(in)
		got := b.String()
		if b.Doubt != "" {
			got += " doubt"
		}
		if b.Problem != "" {
			got += " problem"
		}
		if got != want {
			t.Errorf("%q: %q %+v", in, got, b)
		}
	}
	for in, want := range map[string]bool{"unix:/x": true, "127.0.0.5:1": true, "[::1]:1": true, "localhost:1": true, ":1": false, "0.0.0.0:1": false, "fd://3": false} {
		if ParseBind(in).Loopback() != want {
			t.Error(in)
		}
	}
}

func TestDefault(t *testing.T) {
	env := func(n string) (string, bool) {
		v, ok := map[string]string{"PORT": "5000", "WEB_CONCURRENCY": "3"}[n]
		return v, ok
	}
	none := func(string) (string, bool) { return "", false }
	for _, c := range []struct {
		name, with, without string
	}{{"bind", "0.0.0.0:5000", "127.0.0.1:8000"}, {"workers", "3", "1"}, {"timeout", "30", "30"}} {
		a, _ := Default(c.name, env)
		b, _ := Default(c.name, none)
		if a != c.with || b != c.without {
			t.Error(c, a, b)
		}
	}
}

func TestResolve(t *testing.T) {
	conf := ReadConf("bind = ['a', 'b']\nworkers = 3\ntimeout = x()\npreload_app = True\naccesslog = None\n", "g.py")
	s := ParseArgs([]string{"gunicorn", "-w", "5", "--user", "$U", "m:a"}, "--threads 2")
	s.Options["user"][0].Variables = true
	for name, want := range map[string]string{
		"workers": "5 argv 2 2", "bind": "a,b conf 0 2", "timeout": " conf 0 0", "threads": "2 GUNICORN_CMD_ARGS 1 2", "preload_app": "True conf 0 2",
		"accesslog": " conf 0 2", "backlog": "  0 1", "user": "$U argv 4 0", "wsgi_app": "m:a argv 5 2",
	} {
		e := s.Resolve(name, &conf)
		if got := fmt.Sprintf("%s %s %d %d", strings.Join(e.Values, ","), e.Place.Kind, e.Place.Index, e.State); got != want {
			t.Errorf("%s: %q %+v", name, got, e)
		}
	}
	if e := ParseArgs([]string{"gunicorn: worker [x]"}, "").Resolve("bind", nil); e.State != Unknown || e.Why == "" {
		t.Errorf("%+v", e)
	}
}

func FuzzParseArgs(f *testing.F) {
	for _, s := range []string{"gunicorn -b :1 x:y", "sh -c 'gunicorn x", `python -m gunicorn "`, "env -S gunicorn", "gunicorn --bind= -b= -", "exec exec exec"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		s := ParseArgs(strings.Fields(line), line)
		for _, b := range s.Options["bind"] {
			_ = ParseBind(b.Text).String()
		}
		ParseBind(line)
		_ = s.App.String()
	})
}
