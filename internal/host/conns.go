package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"assay/internal/tape"

	"golang.org/x/sys/unix"
)

// maxHolders bounds the processes of one ask: an app server with its workers.
const maxHolders = 256

// conns tells which connections some processes hold, those of one network
// namespace: what a worker has from its parent has the parent's inode.
func (l *local) conns(ctx context.Context, a tape.Ask) tape.Answer {
	pids, ok := pidList(a.Name)
	if !ok {
		return unseen("list the connections", "not process ids: "+short(a.Name))
	}
	held := map[uint64][]int{}
	out := tape.Conns{Holders: []tape.Holder{}, List: []tape.Conn{}}
	for _, pid := range pids {
		if ctx.Err() != nil {
			return stopped(ctx, a)
		}
		inodes, err := socketsOf(pid)
		age, err2 := ageOf(pid)
		if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ESRCH) || err == nil && err2 != nil {
			continue // it has ended
		}
		if err != nil {
			return l.failed(fmt.Sprintf("list the connections of process %d", pid), err)
		}
		out.Holders = append(out.Holders, tape.Holder{PID: pid, Millis: age.Milliseconds()})
		for _, inode := range slices.Compact(slices.Sorted(slices.Values(inodes))) {
			held[inode] = append(held[inode], pid)
		}
	}
	if len(out.Holders) == 0 {
		return absent()
	}
	if len(held) == 0 {
		return tape.Encode(out)
	}
	all, err := connsIn(ctx, out.Holders[0].PID, held)
	if ctx.Err() != nil {
		return stopped(ctx, a)
	}
	if err != nil {
		return l.failed("ask the kernel for the connections", err)
	}
	out.List = append(out.List, all...)
	slices.SortFunc(out.List, func(a, b tape.Conn) int {
		return cmp.Or(strings.Compare(a.Proto, b.Proto), cmp.Compare(a.Inode, b.Inode))
	})
	return tape.Encode(out)
}

func pidList(s string) ([]int, bool) {
	words := strings.Split(s, ",")
	if len(words) > maxHolders {
		return nil, false
	}
	out := map[int]bool{}
	for _, w := range words {
		pid, err := strconv.Atoi(w)
		if err != nil || pid <= 0 || strconv.Itoa(pid) != w {
			return nil, false
		}
		out[pid] = true
	}
	return slices.Sorted(maps.Keys(out)), true
}

// ageOf is how long a process has run, by the clock that its start was noted by.
func ageOf(pid int) (time.Duration, error) {
	b, err := readProc("/proc/"+strconv.Itoa(pid)+"/stat", 4096)
	if err != nil {
		return 0, err
	}
	s := string(b)
	f := strings.Fields(s[strings.LastIndexByte(s, ')')+1:])
	if len(f) < 20 {
		return 0, unix.ESRCH
	}
	since, err := strconv.ParseInt(f[19], 10, 64)
	if err != nil {
		return 0, err
	}
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		return 0, err
	}
	return time.Duration(now.Nano()) - time.Duration(since)*time.Second/ticks, nil
}

// connsIn asks within the network namespace of a process.
func connsIn(ctx context.Context, pid int, held map[uint64][]int) (out []tape.Conn, err error) {
	its := "/proc/" + strconv.Itoa(pid) + "/ns/net"
	a, err1 := os.Readlink(its)
	b, err2 := os.Readlink("/proc/self/ns/net")
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	thread(func() bool {
		if a != b {
			var fd int
			if fd, err = unix.Open(its, unix.O_RDONLY|unix.O_CLOEXEC, 0); err != nil {
				return false
			}
			defer unix.Close(fd)
			if err = unix.Setns(fd, unix.CLONE_NEWNET); err != nil {
				return false
			}
		}
		out, err = diagnosed(ctx, held)
		return a != b
	})
	return out, err
}
