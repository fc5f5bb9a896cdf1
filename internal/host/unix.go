package host

import (
	"context"
	"errors"
	"net"
	"os"
	"strconv"

	"assay/internal/tape"

	"golang.org/x/sys/unix"
)

// dialUnix connects to a socket that was found by the rule of trust, with the
// rights that the rule left: a link in a user's folder cannot lead root to
// docker.sock. The inode that was judged is the one connected to, by its name
// under /proc/self/fd, which also spares the 107 bytes of an address.
func (l *local) dialUnix(ctx context.Context, path, deed string) (net.Conn, error) {
	var c net.Conn
	var err error
	v := l.read(ctx, func(r *reading) tape.Answer {
		c, err = r.dial(path)
		if err != nil && r.worn != nil && errors.Is(err, unix.EACCES) {
			return l.failedRead(r, deed, err)
		}
		return tape.Answer{Status: tape.Seen}
	})
	if v.Status == tape.Unseen {
		return nil, &notSeen{v}
	}
	return c, err
}

func (r *reading) dial(path string) (net.Conn, error) {
	s, err := r.walk(path, true)
	if err != nil {
		return nil, err
	}
	defer s.close()
	if s.kind() != unix.S_IFSOCK {
		return nil, unix.ECONNREFUSED // as the kernel says it
	}
	if err := r.settle(s); err != nil {
		return nil, err
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), path)
	defer f.Close()
	if err := connectUnix(r.ctx, fd, "/proc/self/fd/"+strconv.Itoa(s.fd)); err != nil {
		if errors.Is(err, unix.EAGAIN) {
			return nil, os.ErrDeadlineExceeded // its queue is full: nobody accepts
		}
		return nil, err
	}
	return net.FileConn(f)
}
