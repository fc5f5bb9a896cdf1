package nginx

import (
	"net/netip"
	"strconv"
	"strings"
)

// Listen is one `listen` of a server, taken apart.
type Listen struct {
	Addr     string // "*", "::", an IP address without brackets, a name, or "" for a unix socket
	Port     int    // 80 if none is given; 0 for a unix socket
	PortEnd  int    // last port of a range (nginx 1.15.10), else equal to Port
	Unix     string // path of a unix socket
	Default  bool   // default_server, or its old name default
	TLS      bool   // ssl
	HTTP2    bool
	QUIC     bool
	Proxy    bool // proxy_protocol
	V6Only   bool // for IPv6: true unless ipv6only=off (the default since nginx 1.3.4)
	Options  []string
	Implicit bool // the server has no listen: nginx, started by root, takes *:80
	// Directive is the listen, or the server block if Implicit.
	Directive *Directive
}

// Wildcard is true for `80`, `*:80`, `0.0.0.0:80` and `[::]:80`.
func (l Listen) Wildcard() bool { return l.Addr == "*" || l.Addr == "::" }

// V6 is true for a bracketed address.
func (l Listen) V6() bool { return strings.Contains(l.Addr, ":") }

// ParseListen takes the arguments of a listen apart. ok is false if they make no
// sense or hold a variable.
func ParseListen(d *Directive) (l Listen, ok bool) {
	if d == nil || len(d.Args) == 0 {
		return Listen{}, false
	}
	l = Listen{V6Only: true, Options: d.Args[1:], Directive: d}
	if !l.address(d.Args[0]) {
		return Listen{}, false
	}
	for _, o := range l.Options {
		switch o {
		case "default_server", "default":
			l.Default = true
		case "ssl":
			l.TLS = true
		case "http2":
			l.HTTP2 = true
		case "quic":
			l.QUIC, l.TLS = true, true
		case "proxy_protocol":
			l.Proxy = true
		case "ipv6only=off":
			l.V6Only = false
		}
	}
	// nginx 1.25.1: `http2 on;` stands beside the listen
	if on, _ := Value(d.Parent, "http2"); on == "on" && l.TLS {
		l.HTTP2 = true
	}
	return l, true
}

// address follows ngx_parse_url: a number alone is a port, a name alone an
// address on port 80.
func (l *Listen) address(s string) bool {
	if p, ok := strings.CutPrefix(s, "unix:"); ok {
		l.Unix = p
		return p != ""
	}
	host, port := s, ""
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return false
		}
		a, err := netip.ParseAddr(s[1:end])
		if err != nil {
			return false
		}
		host = a.WithZone("").String()
		if rest := s[end+1:]; rest != "" && rest[0] != ':' {
			return false
		}
		port = strings.TrimPrefix(s[end+1:], ":")
	} else if h, p, found := strings.Cut(s, ":"); found {
		host, port = h, p
	} else if s != "" && s[0] >= '0' && s[0] <= '9' && !strings.Contains(s, ".") {
		host, port = "*", s
	}
	if host == "0.0.0.0" || host == "" {
		host = "*"
	}
	l.Addr, l.Port, l.PortEnd = host, 80, 80
	if port == "" {
		return !strings.Contains(s, "$")
	}
	from, to, isRange := strings.Cut(port, "-")
	var err, err2 error
	l.Port, err = strconv.Atoi(from)
	l.PortEnd = l.Port
	if isRange {
		l.PortEnd, err2 = strconv.Atoi(to)
	}
	return err == nil && err2 == nil && l.Port > 0 && l.PortEnd >= l.Port && l.PortEnd < 65536
}

// Listens are the listens of a server, in order; a server without any has the
// implicit *:80. Those that cannot be read are left out.
func (d *Directive) Listens() []Listen {
	var out []Listen
	for _, c := range d.Find("listen") {
		if l, ok := ParseListen(c); ok {
			out = append(out, l)
		}
	}
	if len(d.Find("listen")) == 0 {
		out = []Listen{{Addr: "*", Port: 80, PortEnd: 80, V6Only: true, Implicit: true, Directive: d}}
	}
	return out
}
