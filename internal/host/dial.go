package host

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"assay/internal/tape"

	"golang.org/x/sys/unix"
)

const dialWait = 2 * time.Second

func (l *local) dial(ctx context.Context, a tape.Ask) tape.Answer {
	addr, err := netip.ParseAddrPort(a.Name)
	if err != nil {
		return unseen("dial "+short(a.Name), "not an address and port")
	}
	c, err := dialTCP(ctx, addr)
	if err != nil {
		class, text := trouble(err)
		return tape.Encode(tape.DialReply{Error: text, Class: class})
	}
	c.Close()
	return tape.Encode(tape.DialReply{OK: true})
}

// dialTCP takes an address and never a name: which resolver answered would be
// nobody's knowledge.
func dialTCP(ctx context.Context, addr netip.AddrPort) (net.Conn, error) {
	d := net.Dialer{Timeout: dialWait, KeepAlive: -1}
	return d.DialContext(ctx, "tcp", addr.String())
}

// trouble sorts what went wrong on a connection into a class that checks can
// compare, and words that hold no port or address of ours.
func trouble(err error) (class, text string) {
	var no unix.Errno
	var e net.Error
	isErrno := errors.As(err, &no)
	switch {
	case isErrno && no == unix.ECONNREFUSED:
		return "refused", no.Error()
	case isErrno && (no == unix.EACCES || no == unix.EPERM):
		return "denied", no.Error()
	case isErrno && (no == unix.ENOENT || no == unix.ENOTDIR):
		return "absent", no.Error()
	case isErrno && no == unix.ETIMEDOUT,
		errors.As(err, &e) && e.Timeout(),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return "timeout", "no answer in time"
	case isErrno && (no == unix.ENETUNREACH || no == unix.EHOSTUNREACH || no == unix.EADDRNOTAVAIL || no == unix.ENETDOWN):
		return "unreachable", no.Error()
	case isErrno && (no == unix.ECONNRESET || no == unix.EPIPE || no == unix.ECONNABORTED):
		return "reset", no.Error()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), strings.HasSuffix(err.Error(), "EOF"):
		return "reset", "the server closed the connection"
	case isErrno:
		return "unreachable", no.Error()
	}
	return "", err.Error()
}
