package host

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"assay/internal/tape"

	"golang.org/x/sys/unix"
)

// forked is a process that connects, sends, and forks, as gunicorn does when it
// loads an app that opens its database too early.
const forked = `
import os, socket, sys, time
tcp = socket.create_server(("127.0.0.1", 0))
far = socket.socket(socket.AF_UNIX); far.bind(sys.argv[1]); far.listen()
a = socket.create_connection(tcp.getsockname()); a.send(b"x")
b = socket.socket(socket.AF_UNIX); b.connect(sys.argv[1]); end = far.accept()
time.sleep(0.3)
if os.fork() == 0:
    time.sleep(60)
time.sleep(0.1)
print(flush=True)
time.sleep(60)`

func childOf(t *testing.T, pid int) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	must(t, err)
	child, err := strconv.Atoi(strings.Fields(string(b))[0])
	must(t, err)
	t.Cleanup(func() { _ = unix.Kill(child, unix.SIGKILL) })
	return child
}

func testConns(t *testing.T, attr *syscall.SysProcAttr) {
	sock := filepath.Join(t.TempDir(), "a b.sock")
	cmd := exec.Command("sh", "-c", `ip link set lo up 2>/dev/null; exec python3 -c "$0" "$1"`, forked, sock)
	cmd.SysProcAttr = attr
	pid := start(t, cmd)
	child := childOf(t, pid)
	got := seen[tape.Conns](t, Local(Options{}), tape.Ask{Kind: tape.KindConns, Name: fmt.Sprintf("%d,%d,4194305", pid, child)})
	if len(got.Holders) != 2 || got.Holders[0].Millis-got.Holders[1].Millis < 250 {
		t.Fatalf("%+v", got.Holders)
	}
	both := []int{pid, child}
	tcp := slices.IndexFunc(got.List, func(c tape.Conn) bool { return c.Proto == "tcp" })
	ux := slices.IndexFunc(got.List, func(c tape.Conn) bool { return c.Peer == sock })
	if tcp < 0 || ux < 0 || !slices.Equal(got.List[tcp].PIDs, both) || !slices.Equal(got.List[ux].PIDs, both) || got.List[ux].Idle != -1 {
		t.Fatalf("%+v", got.List)
	}
	c := got.List[tcp]
	if !strings.HasPrefix(c.Remote, "127.0.0.1:") || !strings.HasPrefix(c.Local, "127.0.0.1:") {
		t.Errorf("%+v", c)
	}
	// What was sent before the fork is older than the child.
	if c.Idle < got.Holders[1].Millis+150 || c.Idle > got.Holders[0].Millis {
		t.Errorf("idle for %d ms, the processes are %+v", c.Idle, got.Holders)
	}
}

func TestConns(t *testing.T) { testConns(t, nil) }

func TestConnsOfAnotherNamespace(t *testing.T) {
	needRoot(t)
	testConns(t, &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET})
}

func TestConnsOfNobody(t *testing.T) {
	r := Local(Options{})
	want(t, see(t, r, tape.Ask{Kind: tape.KindConns, Name: "4194305"}), tape.Absent, "")
	want(t, see(t, r, tape.Ask{Kind: tape.KindConns, Name: "1,self"}), tape.Unseen, "list the connections: not process ids: 1,self")
	if !r.(*local).root {
		want(t, see(t, r, tape.Ask{Kind: tape.KindConns, Name: "1"}), tape.Unseen, "list the connections of process 1: permission denied")
	}
}
