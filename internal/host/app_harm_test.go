package host

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"assay/internal/tape"
)

// What the kernel counts for the whole host, for root, or for nobody is not to
// be had in there, and what would make the host busy only seems to be done.
func TestNothingIsTakenFromOthers(t *testing.T) {
	h := newApp(t, app+`
import ctypes, os, resource
libc = ctypes.CDLL(None, use_errno=True)
got = []
pair = (ctypes.c_int * 2)()
for family in range(2, 46):
    if libc.socketpair(family, 1, 0, pair) == 0 or ctypes.get_errno() != 97:
        got.append("pair %d" % family)
ctx = ctypes.c_long(0)
for name, fn in (("inotify", lambda: libc.inotify_init1(0)), ("shm", lambda: libc.shmget(0, 1 << 20, 0o1600)), ("msg", lambda: libc.msgget(0, 0o1600)),
                 ("sem", lambda: libc.semget(0, 1, 0o1600)), ("memfd", lambda: libc.memfd_create(b"x", 0)),
                 ("aio", lambda: libc.syscall(AIO, 128, ctypes.byref(ctx)))):
    if fn() >= 0:
        got.append(name)
sid = os.getsid(0)
for n in range(2):
    if not os.fork():
        os.setsid()
        os._exit(os.getsid(0) != sid)
    if os.wait()[1]:
        got.append("session")
os.fsync(os.open("wsgi.py", os.O_RDONLY))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
if resource.getrlimit(resource.RLIMIT_CORE) != (1, 1) or resource.prlimit(0, resource.RLIMIT_CORE) != (1, 1):
    got.append("core")
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
if resource.getrlimit(resource.RLIMIT_NOFILE) != (100, 100):
    got.append("no other limit")
app.config["SERVER_NAME"] = " ".join(got)
`)
	h.put("wsgi.py", strings.ReplaceAll(string(mustRead(t, h.dir+"/wsgi.py")), "AIO", strconv.Itoa(unix.SYS_IO_SETUP)))
	if a := h.load(); said(a) != `""` {
		t.Errorf("got %s (error %+v, ended %q) %s", said(a), a.Error, a.Ended, a.Stderr)
	}
}

func mustRead(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A shell, a cron job or a daemon that starts us may have left something open.
func TestDescriptorsOfOthersStayOut(t *testing.T) {
	h := newApp(t, app+"import os\napp.config['SERVER_NAME'] = ' '.join(os.path.basename(os.readlink('/proc/self/fd/' + f)) for f in os.listdir('/proc/self/fd') if os.path.lexists('/proc/self/fd/' + f))\n")
	kept := "/srv/assay-left-open"
	if err := os.WriteFile(kept, []byte("the-secret-of-root"), 0o600); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(kept)
	fd, err := unix.Open(kept, unix.O_RDONLY, 0) // not closed on exec
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if a := h.load(); strings.Contains(said(a), "left-open") || !strings.Contains(said(a), "pipe:") {
		t.Errorf("it has %s: %+v", said(a), a.Error)
	}
}

func TestSharedMemoryCounts(t *testing.T) {
	h := newApp(t, "import mmap, time\nx = mmap.mmap(-1, 1 << 30)\nfor _ in range(1 << 10):\n  x.write(b'x' * (1 << 20))\ntime.sleep(1e6)\n")
	if a := h.load(); !strings.Contains(a.Ended, "memory") {
		t.Errorf("ended %q", a.Ended)
	}
}

func TestProcessOfAnother(t *testing.T) {
	h := newApp(t, app)
	h.start()
	l := Local(Options{AppSeconds: 15})
	id := tape.Identity{UID: h.uid + 1, GID: h.uid}
	v := l.See(context.Background(), tape.Ask{Kind: tape.KindApp, Name: "pid " + strconv.Itoa(h.live.Process.Pid), As: id.String()})[0]
	if v.Status != tape.Unseen || !strings.Contains(v.Why, "now runs as user "+strconv.Itoa(h.uid)) {
		t.Errorf("%+v", v)
	}
}

// Thousands of secrets, each looked for everywhere, would be the audit's end.
func TestEnvironmentWithoutEnd(t *testing.T) {
	cmd := exec.Command("sleep", "1000")
	for i := range maxVariables + 1 {
		cmd.Env = append(cmd.Env, fmt.Sprintf("A%d_SECRET=%d", i, i))
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	v := Local(Options{}).See(context.Background(), tape.Ask{Kind: tape.KindEnviron, Name: strconv.Itoa(cmd.Process.Pid)})[0]
	if v.Status != tape.Unseen || !strings.Contains(v.Why, "variables") {
		t.Errorf("%s %s", v.Status, v.Why)
	}
}

// Why there was no last step is said in its own words.
func TestInterpreterThatIsHidden(t *testing.T) {
	h := newApp(t, app)
	h.args[0] = "/tmp/nowhere/bin/python3"
	h.start()
	l := Local(Options{AppSeconds: 15})
	id := tape.Identity{UID: h.uid, GID: h.uid}
	v := l.See(context.Background(), tape.Ask{Kind: tape.KindApp, Name: "pid " + strconv.Itoa(h.live.Process.Pid), As: id.String()})[0]
	if v.Status != tape.Unseen || !strings.Contains(v.Why, `run "/tmp/nowhere/bin/python3": no such file`) {
		t.Errorf("%+v", v)
	}
}

// A healthy app may hold what is hard to tell: it is told without it.
func TestHealthyAndOdd(t *testing.T) {
	for name, source := range map[string]string{
		"numbers": "app.config.update(A_LIMIT=float('inf'), B_LIMIT=float('nan'), C_LIMIT=10**5000, D={1: {2.5: float('-inf')}})\n",
		"comparison": "class Odd:\n  def __eq__(self, o): raise ValueError('ambiguous')\n  __hash__ = None\n" +
			"app.config['PREFERRED_URL_SCHEME'] = Odd()\n",
		"attributes": "class Odd:\n  def __getattr__(self, name): raise RuntimeError('working outside of a context')\napp.config['ODD'] = Odd()\n",
		"exit":       "import sys\nclass Odd(Flask):\n  @property\n  def jinja_env(self): sys.exit(3)\napp = Odd(__name__)\n",
		"surrogates": "app.config['A_NAME'] = 'x\\udcff\\x00\\x1b[31m'\napp.config['B_TOKEN'] = b'\\xff\\x00' * 9\n",
		"names":      "app.config[('a', 1)] = 2\napp.config[None] = 3\napp.add_url_rule('/\\x1b]0;x\\x07', 'end\\npoint', lambda: '')\n",
	} {
		t.Run(name, func(t *testing.T) {
			h := newApp(t, app+source+"app.config['SERVER_NAME'] = 'shop.example'\n")
			if a := h.load(); a.Error != nil || a.Ended != "" || a.App == nil || said(a) != `"shop.example"` {
				t.Errorf("error %+v, ended %q, kind %q, trouble %q, said %s", a.Error, a.Ended, a.Kind, a.Trouble, said(a))
			}
		})
	}
}

// The app has a hand in what the probe tells.
func TestWhatAnAppMayTell(t *testing.T) {
	told := func(lines ...string) tape.App {
		var p prisoner
		for _, l := range lines {
			p.lines = append(p.lines, json.RawMessage(l))
		}
		return result(p)
	}
	t.Run("bombs", func(t *testing.T) {
		for name, list := range map[string]string{
			"config": strings.Repeat("{},", 1<<21) + "{}", "opened": strings.Repeat(`"",`, 1<<21) + `""`,
		} {
			if a := told(`{"result":{"` + name + `":[` + list + `]}}`); a.Ended != "it told more than is read" || len(a.Config)+len(a.Opened) > 0 {
				t.Errorf("%s: ended %q, %d settings, %d files", name, a.Ended, len(a.Config), len(a.Opened))
			}
		}
		if a := told(`{"result":{"gunicorn":{"x":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}}}`); a.Ended == "" {
			t.Error("what is too deep was believed")
		}
	})
	t.Run("odd types", func(t *testing.T) {
		a := told(`{"result":{"python":"3.11.2","engines":[{"bind":"default","pre_ping":1,"size":5.5,"port":99999999999999999999}],"app":{"name":"shop"}}}`)
		if a.Ended != "" || a.Python != "3.11.2" || a.App == nil || a.App.Name != "shop" || len(a.Trouble) != 1 {
			t.Errorf("%+v", a)
		}
	})
	t.Run("what is ours to say", func(t *testing.T) {
		a := told(`{"at":"app","target":"wsgi"}`, `{"result":{"ended":"it is well","again":"same","nobody":true,"stderr":"x","stage":"y"}}`)
		if a.Ended != "" || a.Again != "" || a.Nobody || a.Stderr != "" || a.Stage != "done" {
			t.Errorf("%+v", a)
		}
	})
	t.Run("secrets without end", func(t *testing.T) {
		var r tape.App
		for i := range 1000 {
			r.Config = append(r.Config, tape.AppSetting{Key: "KEY_SECRET", Raw: strconv.Itoa(i) + strings.Repeat("s", 4096)})
		}
		(&local{}).keep("pid 2", r)
		sum := 0
		for _, c := range r.Config {
			sum += len(c.Secret)
			if c.Raw != "" {
				t.Fatal("a raw secret is left")
			}
		}
		if sum == 0 || sum > appSecrets {
			t.Errorf("%d bytes of secrets are looked for", sum)
		}
	})
}
