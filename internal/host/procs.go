package host

import (
	"context"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"assay/internal/tape"
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
