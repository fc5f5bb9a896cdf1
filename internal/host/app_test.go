package host

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"assay/internal/tape"
)

// The sandbox is tried by apps that mean harm, each started by a service that
// lives beside it and must not notice. Root, Python and Flask are needed: these
// tests run in the booted hosts.

const (
	serviceUID = 23451
	standIn    = "ASSAY_TEST_STAND_IN"
)

// hostile is an app's folder with a live process that calls itself gunicorn.
type hostile struct {
	t    *testing.T
	dir  string
	live *exec.Cmd
	uid  int
	args []string
	env  []string
	was  string

	seconds int // that an import may take; a busy host needs some
}

// app makes a service whose wsgi.py is source.
func newApp(t *testing.T, source string, args ...string) *hostile {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can take another user's rights")
	}
	if out, err := exec.Command("python3", "-c", "import flask, gunicorn").CombinedOutput(); err != nil {
		t.Skipf("Flask and gunicorn are not installed: %s", out)
	}
	dir, err := os.MkdirTemp("/srv", "app") // not in /tmp, which is empty in there
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	h := &hostile{t: t, dir: dir, uid: serviceUID, args: append([]string{"/usr/bin/python3", "/usr/bin/gunicorn"}, args...)}
	if len(args) == 0 {
		h.args = append(h.args, "wsgi:app")
	}
	h.put("wsgi.py", source)
	return h
}

func (h *hostile) put(name, text string) string {
	h.t.Helper()
	p := filepath.Join(h.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o755), os.WriteFile(p, []byte(text), 0o644)); err != nil {
		h.t.Fatal(err)
	}
	return p
}

// own gives the whole folder to the service's user.
func (h *hostile) own() {
	_ = filepath.WalkDir(h.dir, func(p string, _ fs.DirEntry, _ error) error { return os.Lchown(p, h.uid, h.uid) })
}

// state is what the folder is: each path with mode, owner and content.
func (h *hostile) state() string {
	var b strings.Builder
	_ = filepath.WalkDir(h.dir, func(p string, d fs.DirEntry, err error) error {
		var st unix.Stat_t
		if err != nil || unix.Lstat(p, &st) != nil {
			return err
		}
		sum := ""
		if d.Type().IsRegular() {
			text, _ := os.ReadFile(p)
			sum = fmt.Sprintf("%x", sha256.Sum256(text))
		}
		fmt.Fprintln(&b, p, st.Mode, st.Uid, st.Gid, st.Size, st.Mtim, sum)
		return nil
	})
	return b.String()
}

// start starts the stand-in for the live gunicorn.
func (h *hostile) start() {
	h.t.Helper()
	h.own()
	h.was = h.state()
	h.live = exec.Command("/proc/self/exe")
	h.live.Args = h.args
	h.live.Dir = h.dir
	h.live.Env = append([]string{standIn + "=1", "PATH=/usr/bin:/bin"}, h.env...)
	h.live.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(h.uid), Gid: uint32(h.uid)}}
	if err := h.live.Start(); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = h.live.Process.Kill(); _ = h.live.Wait() })
	// Start comes back while the kernel still swaps the program: until then
	// /proc shows no command line.
	line := filepath.Join("/proc", strconv.Itoa(h.live.Process.Pid), "cmdline")
	for range 1000 {
		if b, err := os.ReadFile(line); err != nil || len(b) > 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
	h.t.Fatal("the live service never got its command line")
}

// load asks for the app, and looks whether anything was harmed.
func (h *hostile) load() tape.App {
	h.t.Helper()
	if h.live == nil {
		h.start()
	}
	l := Local(Options{AppSeconds: cmp.Or(h.seconds, 15)})
	id := tape.Identity{UID: h.uid, GID: h.uid}
	v := l.See(context.Background(), tape.Ask{Kind: tape.KindApp, Name: "pid " + strconv.Itoa(h.live.Process.Pid), As: id.String()})[0]
	if v.Status != tape.Seen {
		h.t.Fatalf("not seen: %s (%s)", v.Why, v.Hint)
	}
	a, err := tape.Decode[tape.App](v)
	if err != nil {
		h.t.Fatal(err)
	}
	if err := h.live.Process.Signal(syscall.Signal(0)); err != nil {
		h.t.Error("the live service is gone")
	}
	if now := h.state(); now != h.was {
		h.t.Errorf("the app's folder changed:\n%s\nwas\n%s", now, h.was)
	}
	if left := processesOf(h.uid, h.live.Process.Pid); len(left) > 0 {
		h.t.Errorf("processes are left: %v", left)
	}
	return a
}

func processesOf(uid, but int) []string {
	var out []string
	list, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range list {
		var st unix.Stat_t
		if unix.Stat(p, &st) == nil && int(st.Uid) == uid && filepath.Base(p) != strconv.Itoa(but) {
			out = append(out, p)
		}
	}
	return out
}

// said is a text that the test's app left under a key that may come out.
func said(a tape.App) string {
	for _, c := range a.Config {
		if c.Key == "SERVER_NAME" {
			return string(c.Value)
		}
	}
	return ""
}

const app = "from flask import Flask\napp = Flask(__name__)\n"

func TestHostileApps(t *testing.T) {
	ended := func(words string) func(*testing.T, tape.App) {
		return func(t *testing.T, a tape.App) {
			if !strings.Contains(a.Ended, words) {
				t.Errorf("ended %q, error %+v; want %q", a.Ended, a.Error, words)
			}
		}
	}
	well := func(t *testing.T, a tape.App) {
		if a.Ended != "" || a.Error != nil || a.App == nil {
			t.Errorf("ended %q, error %+v", a.Ended, a.Error)
		}
	}
	stopped := func(t *testing.T, a tape.App) {
		if a.Ended == "" && (a.Error == nil || a.Error.Refused != "limit") {
			t.Errorf("ended %q, error %+v", a.Ended, a.Error)
		}
	}
	for _, c := range []struct {
		name, source string
		want         func(*testing.T, tape.App)
	}{
		{"endless loop", "while True:\n  pass\n", ended("still busy after 4 seconds")},
		{"sleeps for ever", "import time\ntime.sleep(1e6)\n", ended("still busy after 4 seconds")},
		{"waits for a server", "import socket, time\nwhile True:\n  try:\n    socket.create_connection(('127.0.0.1', 5432))\n  except OSError:\n    time.sleep(1)\n", func(t *testing.T, a tape.App) {
			if len(a.Refused) == 0 || a.Ended == "" {
				t.Errorf("ended %q, refused %+v", a.Ended, a.Refused)
			}
		}},
		{"fork bomb", "import os\nwhile True:\n  os.fork()\n", stopped},
		{"thread bomb", "import threading, time\nwhile True:\n  threading.Thread(target=time.sleep, args=(1e6,), daemon=True).start()\n", stopped},
		{"memory", "x = []\nwhile True:\n  x.append(b'x' * (1 << 20))\n", stopped},
		{"memory in children", "import os\nfor i in range(8):\n  if not os.fork():\n    x = []\n    while True:\n      x.append(bytearray(1 << 20))\nos.wait()\nimport time\ntime.sleep(1e6)\n", stopped},
		{"memory on disk", "import time\nf = open('/tmp/a', 'wb')\ng = open('/dev/shm/a', 'wb')\nwhile True:\n  f.write(b'x' * 65536)\n  f.flush()\n", func(t *testing.T, a tape.App) {
			if a.Error == nil {
				t.Errorf("ended %q without an error", a.Ended)
			}
		}},
		{"os._exit", "import os\nos._exit(7)\n", ended("ended its own process with status 7")},
		{"a crash", "import ctypes\nctypes.string_at(0)\n", ended("SIGSEGV")},
		{"sys.exit", "import sys\nsys.exit('no config')\n", func(t *testing.T, a tape.App) {
			if a.Error == nil || !strings.Contains(a.Error.Text, "sys.exit(no config)") {
				t.Errorf("error %+v", a.Error)
			}
		}},
		{"kills all", app + "import os, subprocess\nsubprocess.Popen(['sleep', '1000'])\nos.kill(-1, 9)\n", well},
		{"kills its parent", app + "import os, signal\nfor p in (1, os.getppid()):\n  try:\n    os.kill(p, 9)\n  except OSError:\n    pass\n", well},
		{"100 MB of output", app + "import sys\nfor i in range(1600):\n  sys.stdout.write('x' * 65536)\n  if i % 100 == 0: sys.stderr.write('y' * 65536)\n", well},
		{"tells too much", "import os\nwhile True:\n  os.write(3, b'x' * 65536)\n", func(t *testing.T, a tape.App) {
			if a.Ended == "" {
				t.Error("it was believed")
			}
		}},
		{"tells of itself", "import os\nos.write(3, b'{\"result\": {\"python\": \"9.9\", \"config\": [{\"key\": \"SECRET_KEY\", \"raw\": \"planted-secret-value\"}]}}\\n')\nos._exit(0)\n", func(t *testing.T, a tape.App) {
			if a.Python != "9.9" || len(a.Config) != 1 || a.Config[0].Raw != "" || a.Config[0].Secret != "planted-secret-value" {
				t.Errorf("%+v", a)
			}
		}},
		{"leaves a child", app + "import subprocess\nsubprocess.Popen(['sleep', '1000'])\nsubprocess.Popen(['sh', '-c', 'setsid sleep 1000 &'])\n", well},
		{"deletes", app + "import os, shutil\nshutil.rmtree(os.getcwd(), ignore_errors=True)\nfor f in ('wsgi.py', '/etc/passwd', '/srv'):\n  for do in (os.remove, os.rmdir, lambda p: os.chmod(p, 0), lambda p: os.utime(p), lambda p: os.rename(p, p + 'x'), lambda p: os.truncate(p, 0)):\n    try:\n      do(f)\n    except OSError:\n      pass\n", well},
		{"becomes root", app + "import os\nbad = ''\nfor do in (lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.setgroups([0]), lambda: os.chroot('/')):\n  try:\n    do()\n    bad += 'x'\n  except OSError:\n    pass\napp.config['SERVER_NAME'] = '%s%d' % (bad, os.getuid())\n", func(t *testing.T, a tape.App) {
			if said(a) != fmt.Sprintf("%q", strconv.Itoa(serviceUID)) {
				t.Errorf("%s: %+v", said(a), a.Error)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newApp(t, c.source)
			if c.name != "memory on disk" && (strings.Contains(c.source, "while") || strings.Contains(c.source, "1e6")) {
				h.seconds = 4
			}
			c.want(t, h.load())
		})
	}
}

// Every way to a socket that Python and C have, tried from inside.
const sockets = `
import ctypes, os, socket
out = []
def attempt(name, fn):
    try:
        fn()
        out.append(name)
    except OSError:
        pass
for f in ("AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET", "AF_VSOCK", "AF_ALG", "AF_BLUETOOTH"):
    if hasattr(socket, f):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
            attempt(f, lambda: socket.socket(getattr(socket, f), kind))
attempt("pair", lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM))
attempt("pair", lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET))
a, b = socket.socketpair()
for path in PATHS:
    attempt(path, lambda: a.connect(path))
    attempt(path, lambda: open(path, "r+b", buffering=0))
libc = ctypes.CDLL(None, use_errno=True)
for number in NUMBERS:
    if libc.syscall(number, 1, 1, 0, 0, 0, 0) >= 0:
        out.append("syscall %d" % number)
if libc.unshare(0x10000000) == 0 or libc.unshare(0x20000) == 0:
    out.append("unshare")
if libc.ptrace(16, 1, 0, 0) == 0:
    out.append("ptrace")
app.config["SERVER_NAME"] = " ".join(sorted(set(out)))
`

func TestNoSocketLeadsOut(t *testing.T) {
	h := newApp(t, "")
	var paths []string
	reached := make(chan string, 16)
	listen := func(p string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("unix", p)
		if err != nil {
			t.Fatal(err)
		}
		_ = os.Chmod(p, 0o777)
		t.Cleanup(func() { _ = l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				reached <- p
				_ = c.Close()
			}
		}()
		paths = append(paths, p)
	}
	listen(filepath.Join(h.dir, "docker.sock"))
	listen(filepath.Join(h.dir, ".s.PGSQL.5432")) // outside /run, so that only the filter is in the way
	if _, err := os.Stat("/run/docker.sock"); err != nil {
		listen("/run/docker.sock")
	}
	paths = append(paths, "/run/dbus/system_bus_socket", "/run/systemd/private", "/run/systemd/journal/stdout", "/var/run/docker.sock", "/proc/1/root/run/docker.sock")
	quoted := make([]string, len(paths))
	for i, p := range paths {
		quoted[i] = strconv.Quote(p)
	}
	numbers := fmt.Sprintf("%d, %d, %d", unix.SYS_SOCKET, unix.SYS_IO_URING_SETUP, unix.SYS_BPF)
	h.put("wsgi.py", app+"PATHS = ["+strings.Join(quoted, ", ")+"]\nNUMBERS = ["+numbers+"]\n"+sockets)
	a := h.load()
	if a.Error != nil || said(a) != `""` {
		t.Errorf("got through: %s (error %+v, ended %q) %s", said(a), a.Error, a.Ended, a.Stderr)
	}
	select {
	case p := <-reached:
		t.Errorf("%s was connected to", p)
	default:
	}
	if len(a.Refused) == 0 {
		t.Error("nothing is said of what was refused")
	}
}

// The live service takes locks and reads its pipes undisturbed.
func TestTheServiceIsNotDisturbed(t *testing.T) {
	h := newApp(t, app+`
import fcntl, os, time
f = open("lock")
fcntl.flock(f, fcntl.LOCK_EX)
fcntl.lockf(open("lock"), fcntl.LOCK_SH)
try:
    os.write(os.open("pipe", os.O_WRONLY | os.O_NONBLOCK), b"x")
except OSError:
    pass
time.sleep(1e6)
`)
	h.seconds = 4
	lock := h.put("lock", "")
	pipe := filepath.Join(h.dir, "pipe")
	if err := unix.Mkfifo(pipe, 0o666); err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Open(pipe, unix.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	f, err := os.Open(lock)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	done := make(chan struct{})
	h.start()
	go func() { defer close(done); h.load() }()
	for busy := true; busy; { // all the while
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
			t.Errorf("the lock is taken: %v", err)
			busy = false
		}
		_ = unix.Flock(int(f.Fd()), unix.LOCK_UN)
		select {
		case <-done:
			busy = false
		default:
		}
	}
	var b [16]byte
	n, err := unix.Read(fd, b[:])
	if n > 0 {
		var attr unix.LandlockRulesetAttr
		if _, _, no := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION); no != 0 {
			t.Skipf("this kernel has no Landlock (%v): a named pipe of the app's own can be written to", no)
		}
		t.Errorf("the pipe was written to: %q %v %v", b[:n], err, attr)
	}
}

// What an app's folder leads to is read with the service's rights.
func TestForeignFilesStayShut(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("TOP = 'the-secret-of-root'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Run("gunicorn.conf.py is a link", func(t *testing.T) {
		h := newApp(t, app)
		keep := "/srv/assay-secret"
		if err := os.WriteFile(keep, []byte("TOP = 'the-secret-of-root'\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Remove(keep) })
		if err := os.Symlink(keep, filepath.Join(h.dir, "gunicorn.conf.py")); err != nil {
			t.Fatal(err)
		}
		a := h.load()
		if strings.Contains(tape.Encode(a).Body, "the-secret-of-root") {
			t.Error("the secret came out")
		}
		if a.Error == nil && a.Ended == "" {
			t.Errorf("it was loaded: %+v", a.Gunicorn)
		}
	})
	t.Run("gunicorn.conf.py is a pipe", func(t *testing.T) {
		h := newApp(t, app)
		if err := unix.Mkfifo(filepath.Join(h.dir, "gunicorn.conf.py"), 0o666); err != nil {
			t.Fatal(err)
		}
		h.seconds = 4
		if a := h.load(); !strings.Contains(a.Ended, "still busy") {
			t.Errorf("ended %q, error %+v", a.Ended, a.Error)
		}
	})
	t.Run("another user's gunicorn", func(t *testing.T) {
		h := newApp(t, app+"import os\napp.config['SERVER_NAME'] = str(os.getuid())\n")
		h.uid = 34567
		if a := h.load(); said(a) != `"34567"` {
			t.Errorf("ran as %s", said(a))
		}
	})
	t.Run("root's app is nobody's", func(t *testing.T) {
		h := newApp(t, app+"import os\napp.config['SERVER_NAME'] = str(os.getuid())\n")
		h.uid = 0
		if err := os.Chmod(h.dir, 0o755); err != nil {
			t.Fatal(err)
		}
		h.start()
		l := Local(Options{AppSeconds: 15})
		v := l.See(context.Background(), tape.Ask{Kind: tape.KindApp, Name: "pid " + strconv.Itoa(h.live.Process.Pid), As: "0:0:"})[0]
		a, _ := tape.Decode[tape.App](v)
		if said(a) != fmt.Sprintf("%q", strconv.Itoa(nobodyID)) || !a.Nobody {
			t.Errorf("ran as %s: %s %+v", said(a), v.Why, a.Error)
		}
	})
}

func TestAppsAsTheyAreStarted(t *testing.T) {
	factory := "from flask import Flask\ndef create_app(name='x'):\n  a = Flask(__name__)\n  a.config['SERVER_NAME'] = name\n  return a\n"
	python, gunicorn := "/usr/bin/python3", "/usr/bin/gunicorn"
	named := app + "app.config['SERVER_NAME'] = 'x'\napplication = app\n"
	for _, c := range []struct {
		name string
		args []string
		env  []string
		put  [2]string
		want string
	}{
		{name: "module and name", args: []string{python, gunicorn, "wsgi:app"}, put: [2]string{"wsgi.py", named}},
		{name: "application by default", args: []string{python, gunicorn, "wsgi"}, put: [2]string{"wsgi.py", named}},
		{name: "factory", args: []string{python, gunicorn, "wsgi:create_app()"}, put: [2]string{"wsgi.py", factory}},
		{name: "factory with words", args: []string{python, gunicorn, "wsgi:create_app('y')"}, put: [2]string{"wsgi.py", factory}, want: "y"},
		{name: "package", args: []string{python, gunicorn, "shop.web:app"}, put: [2]string{"shop/web.py", named}},
		{name: "--chdir", args: []string{python, gunicorn, "--chdir", "sub", "inner:app"}, put: [2]string{"sub/inner.py", named}},
		{name: "--pythonpath", args: []string{python, gunicorn, "--pythonpath", "lib", "inner:app"}, put: [2]string{"lib/inner.py", named}},
		{name: "python -m gunicorn", args: []string{python, "-m", "gunicorn", "-w", "2", "wsgi:app"}, put: [2]string{"wsgi.py", named}},
		{name: "the script itself", args: []string{gunicorn, "wsgi:app"}, put: [2]string{"wsgi.py", named}},
		{name: "a wrapper", args: []string{"/usr/bin/env", "A=b", python, "-u", gunicorn, "wsgi:app"}, put: [2]string{"wsgi.py", named}},
		{name: "wsgi_app of the file", args: []string{python, gunicorn}, put: [2]string{"gunicorn.conf.py", "wsgi_app = 'wsgi:app'\nimport sys\nsys.path.insert(0, '.')\n"}},
		{name: "GUNICORN_CMD_ARGS", args: []string{python, gunicorn, "inner:app"}, env: []string{"GUNICORN_CMD_ARGS=--chdir=sub --workers=7"}, put: [2]string{"sub/inner.py", named}},
		{name: "raw_env", args: []string{python, gunicorn, "-e", "NAME=y", "wsgi:app"}, put: [2]string{"wsgi.py", app + "import os\napp.config['SERVER_NAME'] = os.environ['NAME']\n"}, want: "y"},
		{name: "flask run", args: []string{python, "/usr/bin/flask", "--app", "wsgi", "run"}, put: [2]string{"wsgi.py", named}},
		{name: "flask run by FLASK_APP", args: []string{python, "/usr/bin/flask", "run"}, env: []string{"FLASK_APP=wsgi.py"}, put: [2]string{"wsgi.py", named}},
		{name: "python -m flask", args: []string{python, "-m", "flask", "run"}, env: []string{"FLASK_APP=wsgi:create_app"}, put: [2]string{"wsgi.py", factory}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newApp(t, named)
			h.args, h.env = c.args, c.env
			h.put(c.put[0], c.put[1])
			a := h.load()
			if want := fmt.Sprintf("%q", max(c.want, "x")); said(a) != want {
				t.Errorf("said %s, want %s; ended %q, error %+v\n%s", said(a), want, a.Ended, a.Error, a.Stderr)
			}
		})
	}
}

// What an import writes goes to memory, and a disk that it may not write to
// refuses it as it would its service.
func TestWritesAtImport(t *testing.T) {
	for _, c := range []struct {
		name, source, fails, refused string
		wrote                        int
	}{
		{"a log", "import logging.handlers, os\nos.makedirs('logs/deep', exist_ok=True)\n" +
			"app.logger.addHandler(logging.handlers.RotatingFileHandler('logs/deep/app.log'))\napp.logger.warning('hello')\n", "", "", 3},
		{"a file that is there", "open('old.txt', 'w').write('x')\nassert open('old.txt').read() == 'old'\n", "", "", 1},
		{"another's folder", "open('/etc/assay-test', 'w')\n", "PermissionError", "", 0},
		{"no such folder", "open('nowhere/x', 'w')\n", "FileNotFoundError", "", 0},
		{"a database", "import sqlite3\nsqlite3.connect('x.db').execute('create table t (a)')\n", "OperationalError", "disk", 0},
		{"what lies in /run", "open('/run/shop/token')\n", "FileNotFoundError", "hidden", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newApp(t, app+c.source)
			h.put("old.txt", "old")
			a := h.load()
			fails, refused := "", ""
			if a.Error != nil {
				fails, refused = a.Error.Type, a.Error.Refused
			}
			if fails != c.fails || refused != c.refused || len(a.Wrote) != c.wrote {
				t.Errorf("error %+v, wrote %+v", a.Error, a.Wrote)
			}
		})
	}
}

// A password comes out as a token alone, however badly its URL is quoted.
func TestPasswordsInURLs(t *testing.T) {
	for _, u := range []string{
		"postgresql://shop:planted-one@h.invalid:5432/shop", "postgresql://shop:p@planted-one@h.invalid/shop", "postgresql://shop:p/planted-one@h.invalid/shop",
		"postgresql://shop:p?planted-one@h.invalid/shop", "postgresql://shop:p#planted-one@h.invalid/shop", "postgresql://h.invalid/shop?user=a@b&password=x@planted-one",
	} {
		h := newApp(t, app+"app.config['SQLALCHEMY_DATABASE_URI'] = app.config['SERVER_URL'] = "+strconv.Quote(u)+
			"\ntry:\n  from flask_sqlalchemy import SQLAlchemy\n  db = SQLAlchemy(app)\nexcept ImportError:\n  pass\n")
		a := h.load()
		for i := range a.Config {
			a.Config[i].Secret = ""
		}
		for i := range a.Engines {
			a.Engines[i].Secret = ""
		}
		a.Stderr, a.Error, a.Trouble = "", nil, nil
		if strings.Contains(tape.Encode(a).Body, "planted-one") {
			t.Errorf("%s: the password came out: %+v %+v", u, a.Engines, a.Config)
		}
		_ = h.live.Process.Kill()
		_ = h.live.Wait()
	}
}
