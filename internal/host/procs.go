package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"assay/internal/tape"

	"golang.org/x/sys/unix"
)

// Bounds of one look at the processes.
const (
	maxProcs    = 32768
	maxArgs     = 256
	maxArgBytes = 64 << 10
	procReaders = 4
	// A process's arguments lie in its own memory, which it may have mapped so
	// that reading it never ends (FUSE, userfaultfd).
	argsWait = time.Second
	maxStuck = 8
)

// ticks is USER_HZ, in which /proc/PID/stat counts; 100 on every Linux that Go runs on.
const ticks = 100

const kernelThread = 0x00200000 // PF_KTHREAD

type procReader struct {
	boot  time.Time
	ns    map[string]string // of PID 1
	stuck atomic.Int32
}

func (l *local) procs(ctx context.Context, a tape.Ask) tape.Answer {
	if why := l.hiddenProcs(); why != "" {
		return hinted(unseen("list the processes", why), sudo)
	}
	pids, err := listPIDs()
	if err != nil {
		return l.failed("list /proc", err)
	}
	boot, err := bootTime()
	if err != nil {
		return unseen("read /proc/stat", cause(err))
	}
	r := &procReader{boot: boot, ns: firstNamespaces()}
	cut := len(pids) > maxProcs
	pids = pids[:min(len(pids), maxProcs)]
	var mu sync.Mutex
	out := []tape.Proc{}
	var wg sync.WaitGroup
	for k := range procReaders {
		wg.Go(func() {
			for i := k; i < len(pids) && ctx.Err() == nil; i += procReaders {
				if p, ok := r.proc(pids[i]); ok {
					mu.Lock()
					out = append(out, p)
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return stopped(ctx, a)
	}
	slices.SortFunc(out, func(a, b tape.Proc) int { return a.PID - b.PID })
	v := tape.Encode(out)
	v.Truncated = cut
	return v
}

// hiddenProcs says why /proc shows us only our own processes (hidepid=).
func (l *local) hiddenProcs() string {
	if _, err := os.Stat("/proc/1"); err != nil && !l.root {
		return "/proc hides the processes of others (hidepid)"
	}
	return ""
}

func listPIDs() ([]int, error) {
	f, err := os.Open("/proc")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	var out []int
	for _, n := range names {
		if pid, err := strconv.Atoi(n); err == nil {
			out = append(out, pid)
		}
	}
	slices.Sort(out)
	return out, err
}

// firstNamespaces are PID 1's, or ours where PID 1's may not be seen: without
// root we run among the host's processes.
func firstNamespaces() map[string]string {
	ns := map[string]string{}
	for _, k := range []string{"pid", "mnt", "net"} {
		t, err := os.Readlink("/proc/1/ns/" + k)
		if err != nil {
			t, _ = os.Readlink("/proc/self/ns/" + k)
		}
		ns[k] = t
	}
	return ns
}

func bootTime() (time.Time, error) {
	b, err := readProc("/proc/stat", 4<<20)
	if err != nil {
		return time.Time{}, err
	}
	_, after, ok := strings.Cut(string(b), "\nbtime ")
	line, _, _ := strings.Cut(after, "\n")
	sec, err := strconv.ParseInt(line, 10, 64)
	if !ok || err != nil {
		return time.Time{}, errors.New("no boot time in it")
	}
	return time.Unix(sec, 0), nil
}

// proc reads one process; not ok for kernel threads and for what has ended.
func (r *procReader) proc(pid int) (tape.Proc, bool) {
	dir := "/proc/" + strconv.Itoa(pid)
	p := tape.Proc{PID: pid}
	if !r.readStat(dir, &p) || !readStatus(dir, &p) {
		return p, false
	}
	r.readArgs(dir, &p)
	p.Exe = readDoor(dir+"/exe", "exe", &p)
	p.Cwd = readDoor(dir+"/cwd", "cwd", &p)
	if b, err := readProc(dir+"/cgroup", 64<<10); err == nil {
		p.Cgroup = cgroupPath(string(b))
	}
	for k, field := range map[string]*string{"pid": &p.PIDNS, "mnt": &p.MntNS, "net": &p.NetNS} {
		if t := readDoor(dir+"/ns/"+k, "ns", &p); t != r.ns[k] {
			*field = t
		}
	}
	return p, true
}

// readStat: the name stands in parentheses and may hold any byte, so the
// fields are counted from the last one.
func (r *procReader) readStat(dir string, p *tape.Proc) bool {
	b, err := readProc(dir+"/stat", 4096)
	s := string(b)
	open, end := strings.IndexByte(s, '('), strings.LastIndexByte(s, ')')
	if err != nil || open < 0 || end < open {
		return false
	}
	f := strings.Fields(s[end+1:])
	if len(f) < 20 {
		return false
	}
	flags, _ := strconv.ParseUint(f[6], 10, 64)
	since, _ := strconv.ParseInt(f[19], 10, 64)
	p.Comm, p.State = s[open+1:end], f[0]
	p.PPID, _ = strconv.Atoi(f[1])
	p.Start = r.boot.Add(time.Duration(since) * time.Second / ticks).UTC()
	return flags&kernelThread == 0
}

func readStatus(dir string, p *tape.Proc) bool {
	b, err := readProc(dir+"/status", 2<<20)
	if err != nil {
		return false
	}
	for line := range strings.SplitSeq(string(b), "\n") {
		key, rest, _ := strings.Cut(line, ":")
		f := strings.Fields(rest)
		switch {
		case key == "Uid" && len(f) == 4:
			p.UID, _ = strconv.Atoi(f[1])
		case key == "Gid" && len(f) == 4:
			p.GID, _ = strconv.Atoi(f[1])
		case key == "Groups":
			for _, g := range f {
				if n, err := strconv.Atoi(g); err == nil {
					p.Groups = append(p.Groups, n)
				}
			}
		}
	}
	return true
}

func (r *procReader) readArgs(dir string, p *tape.Proc) {
	if r.stuck.Load() >= maxStuck {
		p.Hidden = append(p.Hidden, "args")
		return
	}
	type read struct {
		b   []byte
		err error
	}
	done := make(chan read, 1)
	go func() {
		b, err := readProc(dir+"/cmdline", maxArgBytes)
		done <- read{b, err}
	}()
	select {
	case got := <-done:
		if got.err != nil && !errors.Is(got.err, unix.ENOENT) && !errors.Is(got.err, unix.ESRCH) {
			p.Hidden = append(p.Hidden, "args")
		}
		p.Args = splitArgs(got.b)
	case <-time.After(argsWait):
		r.stuck.Add(1)
		p.Hidden = append(p.Hidden, "args")
	}
}

// splitArgs: a process that writes a title over its arguments (gunicorn with
// setproctitle) leaves a tail of NULs, which are no arguments.
func splitArgs(b []byte) []string {
	s := strings.TrimRight(string(b), "\x00")
	if s == "" {
		return nil
	}
	args := strings.Split(s, "\x00")
	return args[:min(len(args), maxArgs)]
}

// readDoor reads a link that only root and the process's user may see.
func readDoor(path, name string, p *tape.Proc) string {
	t, err := os.Readlink(path)
	if err != nil {
		denied := errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM)
		if denied && !slices.Contains(p.Hidden, name) {
			p.Hidden = append(p.Hidden, name)
		}
		return ""
	}
	return t
}

// cgroupPath prefers the v2 hierarchy, and takes systemd's own of v1 where v2
// is absent or, as on a hybrid host, all in its root.
func cgroupPath(s string) string {
	path := ""
	for line := range strings.SplitSeq(s, "\n") {
		if p, ok := strings.CutPrefix(line, "0::"); ok && (p != "/" || path == "") {
			path = p
		}
		if _, p, ok := strings.Cut(line, ":name=systemd:"); ok && (path == "" || path == "/") {
			path = p
		}
	}
	return path
}

// readProc reads at most so many bytes of a file of /proc.
func readProc(path string, most int) ([]byte, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	var out []byte
	buf := make([]byte, min(most, 16<<10))
	for len(out) < most {
		n, err := unix.Read(fd, buf[:min(len(buf), most-len(out))])
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return out, err
		}
		if n == 0 {
			break
		}
		out = append(out, buf[:n]...)
	}
	return out, nil
}

// environ reads the environment that a process was started with.
func (l *local) environ(ctx context.Context, a tape.Ask) tape.Answer {
	deed := "read the environment of process " + short(a.Name)
	pid, err := strconv.Atoi(a.Name)
	if err != nil || pid <= 0 || strconv.Itoa(pid) != a.Name {
		return unseen(deed, "not a process id")
	}
	b, err := readProc(fmt.Sprintf("/proc/%d/environ", pid), tape.MaxFile+1)
	if err != nil {
		return l.failed(deed, err)
	}
	more := len(b) > tape.MaxFile
	out, ok := splitEnviron(string(b[:min(len(b), tape.MaxFile)]))
	if !ok {
		return unseen(deed, "the process has written its title over it")
	}
	v := tape.Encode(out)
	v.Truncated = more
	return v
}

// splitEnviron: nginx, and gunicorn with setproctitle, use the place of the
// environment for their title; what is left there begins with no NAME=, and
// would read as an environment without variables.
func splitEnviron(s string) ([]string, bool) {
	out := []string{}
	for _, row := range strings.Split(strings.TrimRight(s, "\x00"), "\x00") {
		if strings.IndexByte(row, '=') > 0 {
			out = append(out, row)
		} else if len(out) == 0 && s != "" {
			return nil, false
		}
	}
	return out, true
}
