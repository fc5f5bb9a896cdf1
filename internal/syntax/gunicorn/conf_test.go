package gunicorn

import (
	"fmt"
	"testing"
)

func TestReadConf(t *testing.T) {
	for in, want := range map[string]string{
		"bind = 'a'":                                        "2 a 1",
		"bind = \"a\" 'b' \\\n r'\\c'":                      `2 ab\c 1`,
		"bind = ('a'\n  'b' # c\n)":                         "2 ab 1",
		"bind = '''a\nb'''":                                 "2 a\nb 1",
		"bind = ['a', \"b\",]":                              "2 [a b] 1",
		"bind = 'a', 'b'":                                   "2 [a b] 1",
		"bind = -1_000":                                     "2 -1000 1",
		"bind = 0o17":                                       "2 15 1",
		"bind = 1.5e3":                                      "2 1500 1",
		"bind = None":                                       "2 <nil> 1",
		"bind = {'a': 1, 'b': [True]}":                      "2 [{a 1} {b [true]}] 1",
		"bind = ()":                                         "2 [] 1",
		"bind: str = 'a'":                                   "2 a 1",
		"x = bind = 'a'":                                    "2 a 1",
		"\n\n# c\nbind = 'a'; workers = 2":                  "2 a 4",
		"bind = '\\x41\\u00e9\\101\\q\\n'":                  "2 AéA\\q\n 1",
		"import os\nbind = 'a'":                             "2 a 2",
		"if x:\n  bind = 'b'\nbind = 'a'":                   "2 a 3",
		"def f():\n  bind = 'b'\nbind='a'":                  "2 a 3",
		"bind = 'a'\ndef f():\n  bind = 1":                  "2 a 1",
		"class A:\n  bind = 1\nbind = 2":                    "2 2 3",
		"exec('x')\nbind = 'a'":                             "2 a 2",
		"bind = 'a'\r\n":                                    "2 a 1",
		"\ufeffbind = 'a'":                                  "2 a 1",
		"bind = 'a'\nprint(bind == 'a')":                    "2 a 1",
		"try:\n  x = 1\nexcept E as e:\n  pass\nbind = 'a'": "2 a 5",

		"workers = 1":            "1 <nil> 0",
		"def bindx(): pass":      "1 <nil> 0",
		"# bind = 'a'":           "1 <nil> 0",
		"x = '''\nbind = 1\n'''": "1 <nil> 0",
		"foo(bind='a')":          "1 <nil> 0",
		"def f():\n  bind = 'a'": "1 <nil> 0",

		"bind = os.environ['X']":                            "0 <nil> 1 X",
		"bind = os.environ.get('X')":                        "0 <nil> 1 X",
		"bind = os.getenv('X', ':80')":                      "0 <nil> 1 X=:80",
		"bind = int(os.environ.get('X', '4'))":              "0 <nil> 1 X=4",
		"bind = os.getenv('X') or 'a'":                      "0 <nil> 1",
		"bind = f'{x}:80'":                                  "0 <nil> 1",
		"bind = '0.0.0.0:' + str(p)":                        "0 <nil> 1",
		"bind = 2 * 3 + 1":                                  "0 <nil> 1",
		"bind = b'a'":                                       "0 <nil> 1",
		"bind = 'a' if x else 'b'":                          "0 <nil> 1",
		"bind = '\\N{DASH}'":                                "0 <nil> 1",
		"bind = 'a'\nif x:\n  bind = 'b'":                   "0 <nil> 3",
		"bind = 'a'\nif x: bind = 'b'\ny = 1":               "0 <nil> 2",
		"bind = ['a']\nbind.append('b')":                    "0 <nil> 2",
		"bind = ['a']\nbind += ['b']":                       "0 <nil> 2",
		"bind = ['a']\nf(bind)":                             "0 <nil> 2",
		"bind = 'a'\nbind += 'b'":                           "0 <nil> 2",
		"bind = x = ['a']":                                  "0 <nil> 1",
		"bind = ['a']\nx = bind\nx.append(1)":               "0 <nil> 2",
		"def f(): bind.append(1)\nbind = ['a']\nf()":        "0 <nil> 1",
		"bind, x = 'a', 'b'":                                "0 <nil> 1",
		"for bind in x: pass":                               "0 <nil> 1",
		"with x as bind: pass":                              "0 <nil> 1",
		"def f():\n  global bind\n  bind = 'b'\nbind = 'a'": "0 <nil> 2",
		"def bind(): pass":                                  "0 <nil> 1",
		"from x import bind":                                "0 <nil> 1",
		"from x import *":                                   "0 <nil> 1",
		"bind = 'a'\nfrom x import *":                       "0 <nil> 2",
		"bind = 'a'\nexec(open('x').read())":                "0 <nil> 2",
		"globals()['bi' + 'nd'] = 'b'\nbind='a'":            "0 <nil> 1",
		"def f():\n  exec('x')\nbind = 'a'":                 "0 <nil> 2",
		"import a as bind":                                  "0 <nil> 1",
		"bind = 'a'\ndel bind":                              "0 <nil> 2",
		"if (bind := 'a'): pass":                            "0 <nil> 1",
		"match x:\n  case bind:\n    pass":                  "0 <nil> 2",
		"bind = 'a\nworkers = 1":                            "0 <nil> 0",
		"bind = (1":                                         "0 <nil> 0",
		"bind = lambda x=1: x":                              "0 <nil> 1",
	} {
		v := ReadConf(in, "f").Get("bind")
		got := fmt.Sprintf("%d %v %d", v.State, v.Value, v.Line)
		if v.Env != "" {
			got += " " + v.Env
			if v.HasFallback {
				got += fmt.Sprintf("=%v", v.Fallback)
			}
		}
		if got != want {
			t.Errorf("%q: %q, want %q (%s)", in, got, want, v.Why)
		}
		if v.State == Unknown && v.Why == "" {
			t.Errorf("%q: no reason", in)
		}
	}
}

const real = `# Gunicorn configuration
import multiprocessing
import os

bind = "unix:/run/app/app.sock"
workers = multiprocessing.cpu_count() * 2 + 1
worker_class = 'gthread'
threads = 4
timeout = 120
accesslog = "-"
access_log_format = '%(h)s "%(r)s" %(s)s'
forwarded_allow_ips = "*"
raw_env = [
    "FLASK_ENV=production",
    'SECRET=x',
]
loglevel = os.environ.get("LOG_LEVEL", "info")

def post_fork(server, worker):
    server.log.info("Worker spawned (pid: %s)", worker.pid)

if os.environ.get("DEBUG"):
    reload = True
`

func TestRealConf(t *testing.T) {
	c := ReadConf(real, "gunicorn.conf.py")
	for name, want := range map[string]string{
		"bind": "2 5", "workers": "0 6", "threads": "2 8", "raw_env": "2 13", "loglevel": "0 17", "post_fork": "0 19", "reload": "0 23", "pidfile": "1 0", "multiprocessing": "0 2",
	} {
		v := c.Get(name)
		if got := fmt.Sprintf("%d %d", v.State, v.Line); got != want {
			t.Errorf("%s: %s %+v", name, got, v)
		}
	}
	if s, ok := c.Get("raw_env").Strings(); !ok || len(s) != 2 || s[1] != "SECRET=x" {
		t.Error(s)
	}
	if v := c.Get("workers"); v.Text != "multiprocessing.cpu_count() * 2 + 1" {
		t.Error(v.Text)
	}
}

func FuzzReadConf(f *testing.F) {
	for _, s := range []string{real, "a = ((", "a = {1:", "a='\\x", "if", "if:", "def", "a=", "=a", "\\", "from x import *", "a = -", "a = 1 2", "x: ", "a[", "for", "lambda:", "''' ", "f'{a}'", "int()", "a = os.getenv(", "a = os.environ['x'", "global", "del", "a=int()", "async", "class:"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c := ReadConf(text, "f")
		for _, n := range append(c.Names(), "bind") {
			v := c.Get(n)
			v.Strings()
			Texts(v.Value)
			if v.State == Unknown && v.Why == "" {
				t.Fatal(n)
			}
		}
	})
}

func TestFunction(t *testing.T) {
	c := ReadConf("import os\n\ndef post_fork(server, worker):\n    # dispose\n    from shop import db\n\n    if db:\n        db.engine.dispose()\n\ndef when_ready(s): s.log.info('dispose')\nx = 1\ny = dispose\n", "x")
	for _, w := range []struct {
		name, word string
		line       int
	}{{"post_fork", "dispose", 3}, {"when_ready", "", 10}, {"post_worker_init", "", 0}} {
		if line, word := c.Function(w.name, "dispose"); line != w.line || word != w.word {
			t.Errorf("%s: line %d, %q", w.name, line, word)
		}
	}
}
