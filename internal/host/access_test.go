package host

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"assay/internal/tape"

	"golang.org/x/sys/unix"
)

func as(path, how string, uid, pid int, groups ...int) tape.Ask {
	id := tape.Identity{UID: uid, GID: uid, Groups: groups, PID: pid}
	return tape.Ask{Kind: tape.KindAccess, Name: path, Arg: how, As: id.String()}
}

func TestAccess(t *testing.T) {
	dir := rootDir(t)
	put(t, dir+"/home/deploy/app/static/logo.svg", "", 0, 0o644)
	must(t, os.Chmod(dir+"/home/deploy", 0o750))
	must(t, os.Chown(dir+"/home/deploy", daemonUser, daemonUser))
	put(t, dir+"/pub/page", "", wwwData, 0o640)
	must(t, os.Symlink("../home/deploy/app", dir+"/pub/link"))
	must(t, os.Symlink("/nowhere", dir+"/pub/dangling"))
	r := Local(Options{})
	for _, c := range []struct {
		ask  tape.Ask
		err  string
		last string // the last step
	}{
		{as(dir+"/home/deploy/app/static/logo.svg", "r", wwwData, 0), "permission denied", "/home/deploy"},
		{as(dir+"/home/deploy/app/static/logo.svg", "r", wwwData, 0, daemonUser), "", "/home/deploy/app/static/logo.svg"},
		{as(dir+"/home/deploy/app/static/logo.svg", "r", daemonUser, 0), "", "/home/deploy/app/static/logo.svg"},
		{as(dir+"/home/deploy/app/static/logo.svg", "w", daemonUser, 0), "permission denied", "/home/deploy/app/static/logo.svg"},
		{as(dir+"/home/deploy/app/static/logo.svg", "w", 0, 0), "", "/home/deploy/app/static/logo.svg"},
		{as(dir+"/pub/page", "r", wwwData, 0), "", "/pub/page"},
		{as(dir+"/pub/page", "x", 0, 0), "permission denied", "/pub/page"},
		{as(dir+"/pub/page", "r", daemonUser, 0), "permission denied", "/pub/page"},
		{as(dir+"/pub/link/static", "r", wwwData, 0), "permission denied", "/home/deploy"},
		{as(dir+"/pub/none", "r", wwwData, 0), "no such file or directory", "/pub/none"},
		{as(dir+"/pub/page/x", "r", wwwData, 0), "not a directory", "/pub/page"},
		{as(dir+"/pub", "x", daemonUser, 0), "", "/pub"},
	} {
		got := seen[tape.AccessReport](t, r, c.ask)
		end := got.Steps[len(got.Steps)-1]
		if got.Error != c.err || got.OK != (c.err == "") || end.Path != dir+c.last || end.OK != got.OK || end.Error != c.err {
			t.Errorf("%s: %+v", c.ask, got)
		}
		if got.Steps[0].Path != "/" {
			t.Errorf("%s: begins at %s", c.ask, got.Steps[0].Path)
		}
	}
	if got := seen[tape.AccessReport](t, r, as(dir+"/pub/dangling", "r", wwwData, 0)); got.Error != "no such file or directory" {
		t.Errorf("%+v", got)
	}
}

func TestAccessByACL(t *testing.T) {
	dir := rootDir(t)
	put(t, dir+"/d/f", "", 0, 0o640)
	must(t, os.Chmod(dir+"/d", 0o700))
	r := Local(Options{})
	if got := seen[tape.AccessReport](t, r, as(dir+"/d/f", "r", wwwData, 0)); got.OK {
		t.Fatalf("before: %+v", got)
	}
	tool(t, "setfacl", "-m", "u:www-data:x", dir+"/d")
	tool(t, "setfacl", "-m", "u:www-data:r", dir+"/d/f")
	got := seen[tape.AccessReport](t, r, as(dir+"/d/f", "r", wwwData, 0))
	n := len(got.Steps)
	if !got.OK || !got.Steps[n-1].ACL || !got.Steps[n-2].ACL || got.Steps[0].ACL {
		t.Errorf("after: %+v", got)
	}
	if got.Steps[n-1].Owner != "root" || got.Steps[n-1].Type != "file" {
		t.Errorf("%+v", got.Steps[n-1])
	}
}

func TestConnect(t *testing.T) {
	dir := rootDir(t)
	long := dir + "/" + strings.Repeat("n", 120) // beyond the 107 bytes of an address
	must(t, os.Mkdir(long, 0o755))
	at := listen(t, long+"/app.sock")
	must(t, os.Chmod(at, 0o660))
	must(t, os.Chown(at, daemonUser, daemonUser))
	dead, err := net.Listen("unix", dir+"/dead.sock")
	must(t, err)
	dead.(*net.UnixListener).SetUnlinkOnClose(false)
	dead.Close()
	must(t, os.Chmod(dir+"/dead.sock", 0o777))
	put(t, dir+"/file.sock", "", 0, 0o777)
	gram, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: dir + "/gram.sock", Net: "unixgram"})
	must(t, err)
	defer gram.Close()
	must(t, os.Chmod(dir+"/gram.sock", 0o777))
	r := Local(Options{})
	for _, c := range []struct {
		ask tape.Ask
		err string
	}{
		{as(at, "connect", daemonUser, 0), ""},
		{as(at, "connect", wwwData, 0, daemonUser), ""},
		{as(at, "connect", wwwData, 0), "permission denied"},
		{as(at, "connect", 0, 0), ""},
		{as(dir+"/dead.sock", "connect", wwwData, 0), "connection refused"},
		{as(dir+"/file.sock", "connect", wwwData, 0), "connection refused"},
		{as(dir+"/gram.sock", "connect", wwwData, 0), "protocol wrong type for socket"},
		{as(dir+"/none.sock", "connect", wwwData, 0), "no such file or directory"},
	} {
		if got := seen[tape.AccessReport](t, r, c.ask); got.Error != c.err || got.OK != (c.err == "") {
			t.Errorf("%s: %+v", c.ask, got)
		}
	}
}

// A server that does not accept fills its queue.
func TestConnectToFullQueue(t *testing.T) {
	dir := rootDir(t)
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	must(t, err)
	defer unix.Close(fd)
	must(t, unix.Bind(fd, &unix.SockaddrUnix{Name: dir + "/s"}))
	must(t, unix.Listen(fd, 0))
	for range 2 {
		c, err := net.Dial("unix", dir+"/s")
		if err != nil {
			break
		}
		defer c.Close()
		if n, _ := queued(dir + "/s"); n {
			break
		}
	}
	got := seen[tape.AccessReport](t, Local(Options{}), as(dir+"/s", "connect", 0, 0))
	if got.OK || got.Error != "resource temporarily unavailable" {
		t.Errorf("%+v", got)
	}
}

// queued says whether a further connection would wait.
func queued(path string) (bool, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return false, err
	}
	defer unix.Close(fd)
	err = unix.Connect(fd, &unix.SockaddrUnix{Name: path})
	return err == unix.EAGAIN, err
}

// listen serves connections until the test ends.
func listen(t *testing.T, path string) string {
	t.Helper()
	l := listenAt(t, path)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	return path
}

// listenAt listens on a path longer than an address takes.
func listenAt(t *testing.T, path string) net.Listener {
	t.Helper()
	tmp, err := os.MkdirTemp("/var/lib", "s")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(tmp) })
	l, err := net.Listen("unix", tmp+"/s")
	must(t, err)
	t.Cleanup(func() { l.Close() })
	must(t, os.Rename(tmp+"/s", path))
	return l
}

// A service with PrivateTmp sees another /tmp than we do.
func TestAccessInAnotherMountNamespace(t *testing.T) {
	dir := rootDir(t)
	put(t, dir+"/tmp/ours", "", 0, 0o644)
	cmd := exec.Command("sh", "-c", "mount -t tmpfs -o mode=755 t "+dir+"/tmp && echo > "+dir+"/tmp/theirs && echo ready && exec sleep 60")
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNS}
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	out.Read(make([]byte, 6))
	pid := cmd.Process.Pid
	r := Local(Options{})
	for _, c := range []struct {
		name string
		pid  int
		err  string
	}{
		{"ours", 0, ""}, {"theirs", 0, "no such file or directory"},
		{"theirs", pid, ""}, {"ours", pid, "no such file or directory"},
	} {
		if got := seen[tape.AccessReport](t, r, as(dir+"/tmp/"+c.name, "r", wwwData, c.pid)); got.Error != c.err {
			t.Errorf("%s as seen by %d: %+v", c.name, c.pid, got)
		}
	}
	v := see(t, r, as(dir, "r", wwwData, 1<<22+1))
	want(t, v, tape.Unseen, fmt.Sprintf("enter the mount namespace of process %d: no such file or directory", 1<<22+1))
}

// Many at once, with other users' rights and namespaces, leave the rest of the
// process as it was.
func TestAccessLeavesTheProcessAlone(t *testing.T) {
	dir := rootDir(t)
	put(t, dir+"/secret", "root's", 0, 0o600)
	put(t, dir+"/app/f", "app's", wwwData, 0o600)
	must(t, os.Chown(dir+"/app", wwwData, wwwData))
	var asks []tape.Ask
	for range 200 {
		asks = append(asks, as(dir+"/secret", "r", wwwData, os.Getpid()), file(dir+"/secret"), file(dir+"/app/f"),
			as("/etc/shadow", "r", daemonUser, 0))
	}
	cwd, err := os.Getwd()
	must(t, err)
	for i, v := range Local(Options{}).See(t.Context(), asks...) {
		switch i % 4 {
		case 0, 3:
			if v.Status != tape.Seen || !strings.Contains(v.Body, `"error":"permission denied"`) {
				t.Fatalf("%s: %+v", asks[i], v)
			}
		case 1:
			if v.Body != "root's" {
				t.Fatalf("%s: %+v", asks[i], v)
			}
		case 2:
			if v.Body != "app's" {
				t.Fatalf("%s: %+v", asks[i], v)
			}
		}
	}
	if _, err := os.ReadFile(dir + "/secret"); err != nil {
		t.Error(err)
	}
	if now, _ := os.Getwd(); now != cwd {
		t.Errorf("the working folder became %s", now)
	}
	threadsAreRoot(t)
}

func threadsAreRoot(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		bad := ""
		tasks, err := os.ReadDir("/proc/self/task")
		must(t, err)
		for _, d := range tasks {
			b, _ := os.ReadFile("/proc/self/task/" + d.Name() + "/status")
			if s := string(b); s != "" && (!strings.Contains(s, "Uid:\t0\t0\t0\t0\n") || !strings.Contains(s, "Gid:\t0\t0\t0\t0\n")) {
				bad = d.Name()
			}
		}
		if bad == "" {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("thread %s still has another user's rights", bad)
		}
	}
}

func TestAccessWantsSense(t *testing.T) {
	r := Local(Options{})
	want(t, see(t, r, tape.Ask{Kind: tape.KindAccess, Name: "/", Arg: "r"}), tape.Unseen, "judge access to /: no identity is given")
	want(t, see(t, r, as("/", "rw", 1, 0)), tape.Unseen, "judge access to / as 1:1:: want r, w, x or connect, not rw")
}
