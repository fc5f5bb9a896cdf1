package host

import (
	"context"
	"encoding/hex"
	"errors"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"

	"assay/internal/tape"

	"golang.org/x/sys/unix"
)

// maxTable bounds one file of /proc/net: some 100,000 sockets.
const maxTable = 32 << 20

// sockets reads the tables of one network namespace: ours, or that of the
// process in Arg.
func (l *local) sockets(ctx context.Context, a tape.Ask) tape.Answer {
	dir := "/proc/self/net"
	if a.Arg != "" {
		pid, err := strconv.Atoi(a.Arg)
		if err != nil || pid <= 0 || strconv.Itoa(pid) != a.Arg {
			return unseen("list the sockets", "not a process id: "+short(a.Arg))
		}
		dir = "/proc/" + a.Arg + "/net"
	}
	out := []tape.Socket{}
	for _, proto := range []string{"tcp", "tcp6", "udp", "udp6", "unix"} {
		b, err := readProc(dir+"/"+proto, maxTable)
		if errors.Is(err, unix.ENOENT) && strings.HasSuffix(proto, "6") {
			continue // the kernel runs without IPv6
		}
		if err != nil {
			return l.failed("read "+dir+"/"+proto, err)
		}
		if proto == "unix" {
			out = append(out, unixTable(string(b))...)
		} else {
			out = append(out, inetTable(proto, string(b))...)
		}
	}
	if a.Arg == "" {
		queues(ctx, out)
	}
	if !l.hold(ctx, out) {
		return stopped(ctx, a)
	}
	slices.SortFunc(out, func(a, b tape.Socket) int {
		if c := strings.Compare(a.Proto, b.Proto); c != 0 {
			return c
		}
		return int(int64(a.Inode) - int64(b.Inode))
	})
	return tape.Encode(out)
}

// inetTable reads /proc/net/tcp and its like: sl, local, remote, state, ...
func inetTable(proto, s string) []tape.Socket {
	const listening, unconnected = "0A", "07"
	want := listening
	if strings.HasPrefix(proto, "udp") {
		want = unconnected
	}
	var out []tape.Socket
	for line := range strings.SplitSeq(s, "\n") {
		f := strings.Fields(line)
		if len(f) < 10 || f[3] != want {
			continue
		}
		addr, port, ok := strings.Cut(f[1], ":")
		ip, ok2 := hexIP(addr)
		n, err := strconv.ParseUint(port, 16, 16)
		inode, err2 := strconv.ParseUint(f[9], 10, 64)
		uid, err3 := strconv.Atoi(f[7])
		if !ok || !ok2 || errors.Join(err, err2, err3) != nil {
			continue
		}
		sock := tape.Socket{Proto: proto, IP: ip.String(), Port: int(n), Inode: inode, UID: uid}
		if _, rx, _ := strings.Cut(f[4], ":"); want == listening {
			waits, _ := strconv.ParseUint(rx, 16, 31)
			sock.Queue = int(waits)
		}
		out = append(out, sock)
	}
	return out
}

// hexIP reads an address as the kernel prints it: words of 32 bits, each in
// the machine's own byte order (little-endian on amd64 and arm64).
func hexIP(s string) (netip.Addr, bool) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b)%4 != 0 {
		return netip.Addr{}, false
	}
	for i := 0; i < len(b); i += 4 {
		slices.Reverse(b[i : i+4])
	}
	return netip.AddrFromSlice(b)
}

// unixTable reads /proc/net/unix: Num RefCount Protocol Flags Type St Inode
// Path. The path is what its owner called it and may hold spaces; one with a
// line break can forge a row (the kernel prints it raw), so a row proves that
// somebody says he listens, and access with "connect" is what proves it.
func unixTable(s string) []tape.Socket {
	const accepting = 0x10000 // __SO_ACCEPTCON
	var out []tape.Socket
	for line := range strings.SplitSeq(s, "\n") {
		f := strings.Fields(line)
		if len(f) < 7 {
			continue
		}
		flags, err := strconv.ParseUint(f[3], 16, 64)
		inode, err2 := strconv.ParseUint(f[6], 10, 64)
		if errors.Join(err, err2) != nil || flags&accepting == 0 {
			continue
		}
		sock := tape.Socket{Proto: "unix", Inode: inode, UID: -1}
		if at := strings.Index(line, " "+f[6]+" "); at >= 0 {
			sock.Path = line[at+len(f[6])+2:]
		}
		out = append(out, sock)
	}
	return out
}

// hold finds out who holds the sockets, by the descriptors of all processes.
// The table of unix sockets names no user: theirs is that of the first holder.
func (l *local) hold(ctx context.Context, all []tape.Socket) bool {
	at := make(map[uint64]int, len(all))
	for i, s := range all {
		at[s.Inode] = i
	}
	pids, err := listPIDs()
	hidden := err != nil || l.hiddenProcs() != ""
	for _, pid := range pids {
		if ctx.Err() != nil {
			return false
		}
		inodes, err := socketsOf(pid)
		if errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) {
			hidden = true
		}
		for _, inode := range inodes {
			i, ok := at[inode]
			if !ok || slices.Contains(all[i].PIDs, pid) {
				continue
			}
			all[i].PIDs = append(all[i].PIDs, pid)
			if all[i].UID < 0 {
				all[i].UID = ownerOf(pid)
			}
		}
	}
	for i := range all {
		all[i].Hidden = hidden && len(all[i].PIDs) == 0
	}
	return true
}

func socketsOf(pid int) ([]uint64, error) {
	d, err := os.Open("/proc/" + strconv.Itoa(pid) + "/fd")
	if err != nil {
		return nil, err
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	var out []uint64
	buf := make([]byte, 64)
	for _, n := range names {
		k, err := unix.Readlinkat(int(d.Fd()), n, buf)
		if err != nil {
			continue
		}
		t, ok := strings.CutPrefix(string(buf[:k]), "socket:[")
		if !ok {
			continue
		}
		if inode, err := strconv.ParseUint(strings.TrimSuffix(t, "]"), 10, 64); err == nil {
			out = append(out, inode)
		}
	}
	return out, err
}

func ownerOf(pid int) int {
	var p tape.Proc
	if !readStatus("/proc/"+strconv.Itoa(pid), &p) {
		return -1
	}
	return p.UID
}
