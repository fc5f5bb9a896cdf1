package host

import (
	"context"
	"encoding/binary"
	"errors"
	"net/netip"
	"strings"
	"time"

	"assay/internal/tape"

	"golang.org/x/sys/unix"
)

// sock_diag(7): the kernel's own list of sockets, which says two things that
// /proc/net does not: the other end of a unix socket, and when data was last
// sent over a TCP one. All numbers are in the machine's byte order but for ports
// and addresses (linux/inet_diag.h, linux/unix_diag.h).
const (
	sockDiagByFamily = 20
	established      = 1 << 1 // TCP_ESTABLISHED, also of unix sockets
	diagInfo         = 2      // INET_DIAG_INFO
	unixDiagName     = 0
	unixDiagPeer     = 2
	unixShowName     = 1 << 0
	unixShowNamePeer = unixShowName | 1<<2
	unixListening    = 1 << 10 // TCP_LISTEN
	unixShowQueue    = 1 << 4
	unixDiagQueue    = 4
	lastDataSent     = 44 // in struct tcp_info
	maxDump          = 64 << 20
)

// diagnosed are the connections among the held sockets.
func diagnosed(ctx context.Context, held map[uint64][]int) ([]tape.Conn, error) {
	var out []tape.Conn
	for _, family := range []byte{unix.AF_INET, unix.AF_INET6} {
		req := make([]byte, 56) // struct inet_diag_req_v2
		req[0], req[1], req[2] = family, unix.IPPROTO_TCP, 1<<(diagInfo-1)
		binary.NativeEndian.PutUint32(req[4:], established)
		err := askKernel(ctx, req, func(b []byte) {
			if c, ok := inetConn(b, held); ok {
				out = append(out, c)
			}
		})
		if err != nil && !(family == unix.AF_INET6 && errors.Is(err, unix.ENOENT)) { // no IPv6
			return nil, err
		}
	}
	req := make([]byte, 24) // struct unix_diag_req
	req[0] = unix.AF_UNIX
	binary.NativeEndian.PutUint32(req[4:], established)
	binary.NativeEndian.PutUint32(req[12:], unixShowNamePeer)
	names, peers := map[uint64]string{}, map[uint64]uint64{}
	err := askKernel(ctx, req, func(b []byte) { unixConn(b, names, peers) })
	for inode, pids := range held {
		if peer, ok := peers[inode]; ok {
			out = append(out, tape.Conn{Proto: "unix", Local: names[inode], Peer: names[peer], Inode: inode, PIDs: pids, Idle: -1})
		}
	}
	return out, err
}

// inetConn reads a struct inet_diag_msg.
func inetConn(b []byte, held map[uint64][]int) (tape.Conn, bool) {
	if len(b) < 72 {
		return tape.Conn{}, false
	}
	inode := uint64(binary.NativeEndian.Uint32(b[68:]))
	pids, ok := held[inode]
	if !ok {
		return tape.Conn{}, false
	}
	c := tape.Conn{Proto: "tcp", Inode: inode, PIDs: pids, Idle: -1}
	size := 4
	if b[0] == unix.AF_INET6 {
		c.Proto, size = "tcp6", 16
	}
	end := func(addr, port []byte) string {
		ip, _ := netip.AddrFromSlice(addr[:size])
		return netip.AddrPortFrom(ip.Unmap(), binary.BigEndian.Uint16(port)).String()
	}
	c.Local, c.Remote = end(b[8:], b[4:]), end(b[24:], b[6:])
	attributes(b[72:], func(kind uint16, v []byte) {
		if kind == diagInfo && len(v) >= lastDataSent+4 {
			c.Idle = int64(binary.NativeEndian.Uint32(v[lastDataSent:]))
		}
	})
	return c, true
}

// unixConn reads a struct unix_diag_msg. A path ends in NUL when whoever bound
// it counted that in; an abstract name begins with one.
func unixConn(b []byte, names map[uint64]string, peers map[uint64]uint64) {
	if len(b) < 16 {
		return
	}
	inode := uint64(binary.NativeEndian.Uint32(b[4:]))
	attributes(b[16:], func(kind uint16, v []byte) {
		switch {
		case kind == unixDiagName && len(v) > 0:
			if v[0] == 0 {
				v[0] = '@'
			}
			names[inode] = strings.TrimRight(string(v), "\x00")
		case kind == unixDiagPeer && len(v) >= 4:
			peers[inode] = uint64(binary.NativeEndian.Uint32(v))
		}
	})
}

func attributes(b []byte, see func(kind uint16, v []byte)) {
	for len(b) >= 4 {
		n := int(binary.NativeEndian.Uint16(b))
		if n < 4 || n > len(b) {
			return
		}
		see(binary.NativeEndian.Uint16(b[2:])&^(unix.NLA_F_NESTED|unix.NLA_F_NET_BYTEORDER), b[4:n])
		b = b[min((n+3)&^3, len(b)):]
	}
}

// askKernel asks for a list and hands over each of its messages.
func askKernel(ctx context.Context, req []byte, see func([]byte)) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_INET_DIAG)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	wait := unix.NsecToTimeval((2 * time.Second).Nanoseconds())
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &wait); err != nil {
		return err
	}
	msg := make([]byte, unix.NLMSG_HDRLEN, unix.NLMSG_HDRLEN+len(req))
	binary.NativeEndian.PutUint32(msg, uint32(cap(msg)))
	binary.NativeEndian.PutUint16(msg[4:], sockDiagByFamily)
	binary.NativeEndian.PutUint16(msg[6:], unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	if err := unix.Sendto(fd, append(msg, req...), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	buf := make([]byte, 64<<10)
	for total := 0; total < maxDump; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, _, err := unix.Recvfrom(fd, buf, 0)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return err
		}
		total += n
		if done, err := messages(buf[:n], see); done || err != nil {
			return err
		}
	}
	return errors.New("there are too many sockets")
}

func messages(b []byte, see func([]byte)) (done bool, err error) {
	for len(b) >= unix.NLMSG_HDRLEN {
		n := int(binary.NativeEndian.Uint32(b))
		if n < unix.NLMSG_HDRLEN || n > len(b) {
			return true, errors.New("the kernel's answer is garbled")
		}
		body := b[unix.NLMSG_HDRLEN:n]
		switch binary.NativeEndian.Uint16(b[4:]) {
		case unix.NLMSG_DONE:
			return true, nil
		case unix.NLMSG_ERROR:
			if len(body) < 4 {
				return true, errors.New("the kernel's answer is garbled")
			}
			return true, unix.Errno(-int32(binary.NativeEndian.Uint32(body)))
		default:
			see(body)
		}
		b = b[min((n+3)&^3, len(b)):]
	}
	return false, nil
}

// queues fills in how many connections wait at the unix sockets of our own
// network namespace: /proc/net/unix does not say it.
func queues(ctx context.Context, all []tape.Socket) {
	at := map[uint64]int{}
	for i, s := range all {
		if s.Proto == "unix" {
			at[s.Inode] = i
		}
	}
	req := make([]byte, 24) // struct unix_diag_req
	req[0] = unix.AF_UNIX
	binary.NativeEndian.PutUint32(req[4:], unixListening)
	binary.NativeEndian.PutUint32(req[12:], unixShowQueue)
	_ = askKernel(ctx, req, func(b []byte) {
		if len(b) < 16 {
			return
		}
		i, ok := at[uint64(binary.NativeEndian.Uint32(b[4:]))]
		attributes(b[16:], func(kind uint16, v []byte) {
			if ok && kind == unixDiagQueue && len(v) >= 8 {
				all[i].Queue = int(binary.NativeEndian.Uint32(v))
			}
		})
	})
}
