package host

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"assay/internal/tape"

	"golang.org/x/sys/unix"
)

// start runs a program until the test ends, and waits for its first line.
func start(t *testing.T, cmd *exec.Cmd) int {
	t.Helper()
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("%v said %q: %v", cmd.Args, line, err)
	}
	return cmd.Process.Pid
}

func procByPID(t *testing.T, r Reader, pid int) tape.Proc {
	t.Helper()
	for _, p := range seen[[]tape.Proc](t, r, tape.Ask{Kind: tape.KindProcs}) {
		if p.PID == pid {
			return p
		}
	}
	t.Fatalf("no process %d", pid)
	return tape.Proc{}
}

func TestProcs(t *testing.T) {
	dir := t.TempDir()
	// A name that looks like the rest of /proc/PID/stat, and arguments that are
	// empty, hold line breaks, and are no text.
	odd := filepath.Join(dir, ") R 1 (")
	must(t, exec.Command("cp", "/bin/sh", odd).Run())
	cmd := exec.Command(odd, "-c", "echo; read x", "", "a\nb", "\xff", "tail")
	cmd.Dir = dir
	_, err := cmd.StdinPipe()
	must(t, err)
	began := time.Now()
	pid := start(t, cmd)
	r := Local(Options{})
	p := procByPID(t, r, pid)
	if !slices.Equal(p.Args[1:], []string{"-c", "echo; read x", "", "a\nb", "\uFFFD", "tail"}) {
		t.Errorf("args %q", p.Args)
	}
	if p.Comm != ") R 1 (" || p.PPID != os.Getpid() || !strings.Contains("RS", p.State) || p.UID != os.Geteuid() || p.Exe != odd || p.Cwd != dir {
		t.Errorf("%+v", p)
	}
	if d := p.Start.Sub(began).Abs(); d > 30*time.Second {
		t.Errorf("started %v from the truth", d)
	}
	if p.Cgroup == "" || len(p.Hidden) > 0 || p.MntNS != "" || p.PIDNS != "" {
		t.Errorf("%+v", p)
	}
	must(t, os.Remove(odd))
	if p := procByPID(t, r, pid); p.Exe != odd+" (deleted)" {
		t.Errorf("exe %q", p.Exe)
	}
}

func TestProcsOfAnotherUserAndNamespace(t *testing.T) {
	needRoot(t)
	cmd := exec.Command("sh", "-c", "echo; exec sleep 60")
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Credential: &syscall.Credential{Uid: wwwData, Gid: wwwData, Groups: []uint32{4}},
		Cloneflags: unix.CLONE_NEWNET,
	}
	pid := start(t, cmd)
	p := procByPID(t, Local(Options{}), pid)
	if p.UID != wwwData || p.GID != wwwData || !slices.Equal(p.Groups, []int{4}) || p.NetNS == "" || p.MntNS != "" {
		t.Errorf("%+v", p)
	}
	if p := procByPID(t, Local(Options{}), os.Getpid()); p.NetNS != "" {
		t.Errorf("%+v", p)
	}
}

func TestArgsAreBounded(t *testing.T) {
	args := slices.Repeat([]string{strings.Repeat("x", 1000)}, 1000)
	pid := start(t, exec.Command("sh", append([]string{"-c", "echo; sleep 60; :"}, args...)...))
	p := procByPID(t, Local(Options{}), pid)
	if n := len(strings.Join(p.Args, "\x00")); len(p.Args) > maxArgs || n > maxArgBytes || n < maxArgBytes/2 {
		t.Errorf("%d arguments, %d bytes", len(p.Args), n)
	}
	if got := splitArgs([]byte("gunicorn: master [x]\x00\x00\x00\x00")); !slices.Equal(got, []string{"gunicorn: master [x]"}) {
		t.Errorf("%q", got)
	}
}

func TestCgroupPath(t *testing.T) {
	for in, want := range map[string]string{
		"0::/system.slice/shop.service\n":                          "/system.slice/shop.service",
		"5:cpu:/x\n1:name=systemd:/system.slice/a.service\n0::/\n": "/system.slice/a.service",
		"0::/\n":                     "/",
		"1:name=systemd:/a\n0::/b\n": "/b",
		"2:cpu:/\n1:name=systemd:/docker/c0ffee/system.slice/x.service": "/docker/c0ffee/system.slice/x.service",
	} {
		if got := cgroupPath(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func TestEnviron(t *testing.T) {
	cmd := exec.Command("sh", "-c", "echo; sleep 60; :")
	cmd.Env = []string{"SECRET_KEY=dev", "EMPTY=", "LINES=a\nb"}
	pid := start(t, cmd)
	r := Local(Options{})
	env := seen[[]string](t, r, tape.Ask{Kind: tape.KindEnviron, Name: fmt.Sprint(pid)})
	if !slices.Equal(env, cmd.Env) {
		t.Errorf("%q", env)
	}
	want(t, see(t, r, tape.Ask{Kind: tape.KindEnviron, Name: "4194305"}), tape.Absent, "")
	want(t, see(t, r, tape.Ask{Kind: tape.KindEnviron, Name: "1/../2"}), tape.Unseen, "read the environment of process 1/../2: not a process id")
}

// Start gives way as soon as the kernel has begun with the program: for a moment
// the process has no environment yet.
func TestEnvironOfAProgramThatStarts(t *testing.T) {
	r := Local(Options{})
	for range 300 {
		cmd := exec.Command("sleep", "60")
		cmd.Env = []string{"A=1"}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		v := see(t, r, tape.Ask{Kind: tape.KindEnviron, Name: fmt.Sprint(cmd.Process.Pid)})
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if string(v.Body) != `["A=1"]` {
			t.Fatalf("%+v", v)
		}
	}
}

func TestSplitEnviron(t *testing.T) {
	for in, want := range map[string]string{"": "[]", "A=1\x00B=\x00": "[A=1 B=]", "A=1\x00junk\x00B=2": "[A=1 B=2]"} {
		if got, ok := splitEnviron(in); !ok || fmt.Sprint(got) != want {
			t.Errorf("%q: %v %v", in, got, ok)
		}
	}
	for _, in := range []string{"\x00\x00\x00", "n; master_process on;\x00A=1\x00", "=x"} {
		if got, ok := splitEnviron(in); ok {
			t.Errorf("%q: %v", in, got)
		}
	}
}

func TestSockets(t *testing.T) {
	dir := t.TempDir()
	tcp, err := net.Listen("tcp4", "127.0.0.1:0")
	must(t, err)
	defer tcp.Close()
	tcp6, err := net.Listen("tcp6", "[::1]:0")
	must(t, err)
	defer tcp6.Close()
	udp, err := net.ListenPacket("udp4", "127.0.0.1:0")
	must(t, err)
	defer udp.Close()
	ux, err := net.Listen("unix", dir+"/a b.sock")
	must(t, err)
	defer ux.Close()
	abstract, err := net.Listen("unix", "@assay-test")
	must(t, err)
	defer abstract.Close()
	client, err := net.Dial("tcp", tcp.Addr().String())
	must(t, err)
	defer client.Close()
	got := map[string]tape.Socket{}
	for _, s := range seen[[]tape.Socket](t, Local(Options{}), tape.Ask{Kind: tape.KindSockets}) {
		if slices.Contains(s.PIDs, os.Getpid()) {
			got[fmt.Sprintf("%s %s:%d%s", s.Proto, s.IP, s.Port, s.Path)] = s
		}
	}
	for _, k := range []string{
		fmt.Sprintf("tcp 127.0.0.1:%d", tcp.Addr().(*net.TCPAddr).Port),
		fmt.Sprintf("tcp6 ::1:%d", tcp6.Addr().(*net.TCPAddr).Port),
		fmt.Sprintf("udp 127.0.0.1:%d", udp.LocalAddr().(*net.UDPAddr).Port),
		"unix :0" + dir + "/a b.sock",
		"unix :0@assay-test",
	} {
		s, ok := got[k]
		if !ok || s.UID != os.Geteuid() || s.Inode == 0 || s.Hidden {
			t.Errorf("%s: %+v", k, s)
		}
		delete(got, k)
	}
	if len(got) > 0 {
		t.Errorf("more than listens: %+v", got)
	}
}

func TestSocketsOfAnotherNamespace(t *testing.T) {
	needRoot(t)
	cmd := exec.Command("python3", "-c", `
import socket,time
s=socket.socket(); s.bind(("0.0.0.0",8765)); s.listen(); print(flush=True); time.sleep(60)`)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET}
	pid := start(t, cmd)
	all := seen[[]tape.Socket](t, Local(Options{}), tape.Ask{Kind: tape.KindSockets, Arg: fmt.Sprint(pid)})
	at := slices.IndexFunc(all, func(s tape.Socket) bool { return s.Port == 8765 })
	if at < 0 || all[at].IP != "0.0.0.0" || !slices.Equal(all[at].PIDs, []int{pid}) {
		t.Errorf("%+v", all)
	}
	want(t, see(t, Local(Options{}), tape.Ask{Kind: tape.KindSockets, Arg: "4194305"}), tape.Absent, "")
	want(t, see(t, Local(Options{}), tape.Ask{Kind: tape.KindSockets, Arg: "self"}), tape.Unseen, "list the sockets: not a process id: self")
}

func TestManySockets(t *testing.T) {
	dir := t.TempDir()
	for i := range 900 {
		l, err := net.Listen("unix", fmt.Sprintf("%s/%d", dir, i))
		must(t, err)
		defer l.Close()
	}
	v := see(t, Local(Options{}), tape.Ask{Kind: tape.KindSockets})
	if v.Status != tape.Seen || v.Millis > 10000 {
		t.Errorf("%s after %d ms", v.Status, v.Millis)
	}
}

func TestSelfAndAddrs(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	r := Local(Options{Version: "1.2", Now: func() time.Time { return now }})
	v := seen[tape.Visit](t, r, tape.Ask{Kind: tape.KindSelf})
	if !v.Now.Equal(now) || v.Version != "1.2" || v.UID != os.Geteuid() || v.CPUs == 0 || v.Hostname == "" || v.Boot.Year() < 2020 {
		t.Errorf("%+v", v)
	}
	all := seen[[]tape.Addr](t, r, tape.Ask{Kind: tape.KindAddrs})
	if !slices.Contains(all, tape.Addr{Iface: "lo", CIDR: "127.0.0.1/8"}) {
		t.Errorf("%+v", all)
	}
}
