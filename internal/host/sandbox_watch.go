package host

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// watch waits for the end, and makes one when a limit is passed. That process 1
// goes is the end of all others.
func (c cell) watch(done <-chan fate) fate {
	late := time.After(time.Duration(c.Seconds) * time.Second)
	look := time.NewTicker(25 * time.Millisecond)
	floor := c.floor(available())
	for {
		select {
		case f := <-done:
			return f
		case <-late:
			return fate{Ended: fmt.Sprintf("it was still busy after %d seconds", c.Seconds)}
		case <-look.C:
			if used := memoryOfAll(); used > c.Memory {
				return fate{Ended: fmt.Sprintf("it took more than %d MiB of memory", c.Memory>>20)}
			}
			if left := available(); left < floor {
				return fate{Ended: fmt.Sprintf("the host had less than %d MiB of memory to give meanwhile", floor>>20)}
			}
			reap()
		}
	}
}

// floor is what the host keeps to give in any case. Memory of the kernel's own
// (buffers of pipes and sockets, tables of pages) and shared memory that is
// mapped and not in use are in no process's account, but they are missing here.
func (c cell) floor(free uint64) uint64 {
	return max(free/4, free-min(free, 2*c.Memory))
}

// available is what the kernel could give without swapping.
func available() uint64 {
	b, _ := os.ReadFile("/proc/meminfo")
	return kibibytes(b, "MemAvailable:")
}

// kibibytes adds up the lines of a file of /proc that begin with one of names.
func kibibytes(b []byte, names ...string) uint64 {
	var sum uint64
	for l := range strings.Lines(string(b)) {
		for _, name := range names {
			if rest, ok := strings.CutPrefix(l, name); ok {
				n, _ := strconv.ParseUint(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
				sum += n << 10
			}
		}
	}
	return sum
}

// memoryOfAll is what the processes of the sandbox have in memory or in swap,
// and what lies on its memory disks.
func memoryOfAll() uint64 {
	var sum uint64
	list, _ := filepath.Glob("/proc/[0-9]*/status")
	for _, p := range list {
		if strings.HasPrefix(p, "/proc/1/") {
			continue
		}
		b, err := os.ReadFile(p)
		if err != nil {
			continue
		}
		sum += kibibytes(b, "RssAnon:", "RssShmem:", "VmSwap:", "VmPTE:")
	}
	for _, d := range covered {
		var st unix.Statfs_t
		if unix.Statfs(d, &st) == nil && st.Type == unix.TMPFS_MAGIC {
			sum += (st.Blocks - st.Bfree) * uint64(st.Bsize)
		}
	}
	return sum
}

// firstPID is the second step and then the app's first process.
var firstPID int

// reap takes away what the app left behind; its own first process is waited for
// by its number, and is no orphan.
func reap() {
	orphans, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, o := range orphans[:min(len(orphans), 512)] {
		b, err := os.ReadFile(o)
		if err != nil {
			continue
		}
		_, rest, ok := strings.Cut(string(b), ") ")
		f := strings.Fields(rest)
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(o)))
		if ok && len(f) > 1 && f[0] == "Z" && f[1] == "1" && pid > firstPID {
			_, _ = unix.Wait4(pid, nil, unix.WNOHANG, nil)
		}
	}
}
