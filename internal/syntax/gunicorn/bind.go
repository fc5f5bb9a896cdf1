package gunicorn

import (
	"net/netip"
	"strconv"
	"strings"

	"assay/internal/regex"
)

// Bind is an address to listen on, as gunicorn understands it.
type Bind struct {
	Unix string // path of a unix socket, may be relative
	FD   int    // of fd://N, else -1
	Host string // lower case, no brackets; "" listens everywhere, as "0.0.0.0" does
	Port int
	// Doubt says why this is hardly what was meant, though gunicorn takes it:
	// "/run/x" and "8000" are host names to it.
	Doubt string
	// Problem says why gunicorn refuses to start.
	Problem string
}

var unixPrefix = regex.New(`unix:(//)?`)

// ParseBind follows gunicorn/util.py, parse_address, word for word: "unix:" with
// or without "//" before the path, fd://N, tcp:// is dropped, [v6]:port, host:port,
// host (port 8000), "" (0.0.0.0:8000).
func ParseBind(s string) Bind {
	b := Bind{FD: -1}
	if strings.HasPrefix(s, "unix:") {
		all := unixPrefix.FindAllStringIndex(s, -1)
		b.Unix = s[all[len(all)-1][1]:]
		return b
	}
	if n, ok := strings.CutPrefix(s, "fd://"); ok {
		fd, err := strconv.Atoi(n)
		if err != nil {
			b.Problem = n + " is not a file descriptor"
			return b
		}
		b.FD = fd
		return b
	}
	s = strings.TrimPrefix(s, "tcp://")
	host, port := s, "8000"
	switch {
	case strings.Contains(s, "[") && strings.Contains(s, "]"):
		host, _, _ = strings.Cut(s, "]")
		host = strings.TrimPrefix(host, "[")
		if _, p, ok := strings.Cut(s, "]:"); ok {
			port = p
		}
	case strings.Contains(s, ":"):
		parts := strings.Split(s, ":")
		host, port = parts[0], parts[1]
	case s == "":
		host = "0.0.0.0"
	}
	b.Host = strings.ToLower(host)
	n, err := strconv.Atoi(strings.TrimSpace(port))
	if err != nil || n < 0 || n > 65535 {
		b.Problem = port + " is not a port"
		return b
	}
	b.Port = n
	_, number := strconv.Atoi(host)
	switch {
	case strings.Contains(host, "/"):
		b.Doubt = "a path without unix: in front is taken for a host name"
	case number == nil:
		b.Doubt = "a number alone is taken for a host, not for a port"
	}
	return b
}

// Loopback is true if only this host can connect: a unix socket, 127.0.0.0/8,
// ::1, localhost. A descriptor is not known: false.
func (b Bind) Loopback() bool {
	if b.Unix != "" || b.Host == "localhost" {
		return b.FD < 0
	}
	a, err := netip.ParseAddr(b.Host)
	return err == nil && a.IsLoopback()
}

// String is the address in the form that nginx's proxy_pass has.
func (b Bind) String() string {
	switch {
	case b.Unix != "":
		return "unix:" + b.Unix
	case b.FD >= 0:
		return "fd://" + strconv.Itoa(b.FD)
	case strings.Contains(b.Host, ":"):
		return "[" + b.Host + "]:" + strconv.Itoa(b.Port)
	}
	return b.Host + ":" + strconv.Itoa(b.Port)
}
