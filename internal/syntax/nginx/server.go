package nginx

import (
	"net/netip"
	"strings"
)

// Names are the server names of a server, in order and in lower case, over all
// its server_name directives. A server without any has the empty name.
func (d *Directive) Names() []string {
	var out []string
	for _, s := range d.Find("server_name") {
		for _, n := range s.Args {
			if !strings.HasPrefix(n, "~") {
				n = strings.ToLower(n)
			}
			out = append(out, n)
		}
	}
	if len(out) == 0 {
		out = []string{""}
	}
	return out
}

// Selection is the server that answers a request, and why.
type Selection struct {
	Server     *Directive // nil: nothing listens there, or CannotTell
	Listen     Listen     // the listen of that server that caught the connection
	By         string     // "exact", "leading wildcard", "trailing wildcard", "regex", "default_server", "first"
	Name       string     // the server_name that matched
	TLS        bool       // the socket speaks TLS (one `ssl` on address:port is enough)
	Mismatch   bool       // TLS is not what the client speaks: nginx answers 400, or the handshake fails
	CannotTell string     // why the text does not say
}

// SelectServer finds the server block for a connection to a local address and
// the name asked for (Host, which for TLS is taken to equal the SNI name), as
// nginx does: first the listens with exactly that address, else the wildcard
// ones; among those the name; else the default server.
//
// addr is an IP address, or "" for one that no listen names; or "unix:/path"
// with port 0. host may carry a port and a final dot; case does not matter.
func SelectServer(servers []*Directive, addr string, port int, host string, tls bool) Selection {
	on := listening(servers, addr, port)
	if len(on) == 0 {
		for _, l := range allListens(servers) {
			if _, err := netip.ParseAddr(l.Addr); err != nil && l.Addr != "*" && l.Unix == "" && l.covers(port) {
				return Selection{CannotTell: "the address of " + l.Addr + " is not in the configuration"}
			}
		}
		return Selection{}
	}
	s := byName(on, cleanHost(host))
	for _, c := range on {
		s.TLS = s.TLS || c.listen.TLS && !c.listen.QUIC
	}
	s.Mismatch = s.TLS != tls
	return s
}

type candidate struct {
	server *Directive
	listen Listen
}

func (l Listen) covers(port int) bool { return l.Unix == "" && l.Port <= port && port <= l.PortEnd }

func allListens(servers []*Directive) []Listen {
	var out []Listen
	for _, s := range servers {
		out = append(out, s.Listens()...)
	}
	return out
}

// listening are the servers of the one socket address that takes the
// connection; nginx looks at no others.
func listening(servers []*Directive, addr string, port int) []candidate {
	v6only := true // a matter of the socket: any server may say it
	var exact, wild4, wild6 []candidate
	ip, err := netip.ParseAddr(strings.Trim(addr, "[]"))
	want := addr
	if err == nil {
		want = ip.Unmap().WithZone("").String()
	}
	for _, s := range servers {
		for _, l := range s.Listens() {
			c := candidate{s, l}
			switch {
			case l.Unix != "":
				if addr == "unix:"+l.Unix {
					exact = append(exact, c)
				}
			case !l.covers(port) || l.QUIC || strings.HasPrefix(addr, "unix:"):
			case l.Addr == want || l.Addr == "localhost" && (want == "127.0.0.1" || want == "::1"):
				if !l.Wildcard() {
					exact = append(exact, c)
				}
			case l.Addr == "*":
				wild4 = append(wild4, c)
			case l.Addr == "::":
				wild6 = append(wild6, c)
				v6only = v6only && l.V6Only
			}
			if l.Wildcard() && l.Addr == want && l.covers(port) && !l.QUIC { // asked for the wildcard itself
				if l.Addr == "*" {
					wild4 = append(wild4, c)
				} else {
					wild6 = append(wild6, c)
				}
			}
		}
	}
	is6 := err == nil && ip.Is6() && !ip.Is4In6()
	switch {
	case len(exact) > 0:
		return exact
	case is6:
		return wild6
	case len(wild4) > 0:
		return wild4
	case !v6only || addr == "":
		return wild6
	}
	return nil
}

// cleanHost does what ngx_http_validate_host does: lower case, no port, no
// final dot.
func cleanHost(h string) string {
	h = strings.ToLower(h)
	if strings.HasPrefix(h, "[") {
		if i := strings.IndexByte(h, ']'); i > 0 {
			return h[:i+1]
		}
		return h
	}
	h, _, _ = strings.Cut(h, ":")
	return strings.TrimSuffix(h, ".")
}

// byName picks among the servers of one socket (ngx_http_find_virtual_server).
// For a name given twice the first server has it; nginx warns of the other.
func byName(on []candidate, host string) Selection {
	var best Selection
	bestLen := -1
	rank := map[string]int{"exact": 3, "leading wildcard": 2, "trailing wildcard": 1, "": 0}
	for _, c := range on {
		for _, n := range c.server.Names() {
			by := matchName(n, host)
			if by == "" || rank[by] < rank[best.By] || rank[by] == rank[best.By] && len(strings.TrimPrefix(n, "*")) <= bestLen {
				continue
			}
			best, bestLen = Selection{Server: c.server, Listen: c.listen, By: by, Name: n}, len(strings.TrimPrefix(n, "*"))
		}
	}
	if best.Server != nil {
		return best
	}
	if host != "" {
		for _, c := range on {
			for _, n := range c.server.Names() {
				if !strings.HasPrefix(n, "~") {
					continue
				}
				re, err := compile(n[1:], n != strings.ToLower(n))
				if err != nil {
					return Selection{CannotTell: "cannot run the pattern " + n}
				}
				if re.MatchString(host) {
					return Selection{Server: c.server, Listen: c.listen, By: "regex", Name: n}
				}
			}
		}
	}
	for _, c := range on {
		if c.listen.Default {
			return Selection{Server: c.server, Listen: c.listen, By: "default_server"}
		}
	}
	return Selection{Server: on[0].server, Listen: on[0].listen, By: "first"}
}

// matchName: ".example.com" stands for "example.com" and "*.example.com"; a star
// stands for one or more labels. "_" is a name like any other, which no host has.
func matchName(name, host string) string {
	switch {
	case strings.HasPrefix(name, "~"):
	case strings.HasPrefix(name, "."):
		if host == name[1:] {
			return "exact"
		}
		if strings.HasSuffix(host, name) && len(host) > len(name) {
			return "leading wildcard"
		}
	case strings.HasPrefix(name, "*."):
		if strings.HasSuffix(host, name[1:]) && len(host) > len(name)-1 {
			return "leading wildcard"
		}
	case strings.HasSuffix(name, ".*"):
		if strings.HasPrefix(host, name[:len(name)-1]) && len(host) > len(name)-1 {
			return "trailing wildcard"
		}
	case name == host:
		return "exact"
	}
	return ""
}
