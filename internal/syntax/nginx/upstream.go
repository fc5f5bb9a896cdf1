package nginx

import (
	"strconv"
	"strings"
)

// Upstream is an `upstream NAME {}` of http.
type Upstream struct {
	Name      string
	Servers   []UpstreamServer
	Directive *Directive
}

// UpstreamServer is one `server` in it. MaxFails and Weight are 1 unless given,
// FailTimeout is as written ("" for the default of 10s).
type UpstreamServer struct {
	Address     string // "unix:/run/a.sock", "127.0.0.1:8000", "[::1]:8000"; port 80 if none is given
	Weight      int
	MaxFails    int
	FailTimeout string
	Backup      bool
	Down        bool
	Directive   *Directive
}

// Upstreams are the upstream blocks of http, in order.
func (c *Config) Upstreams() []Upstream {
	var out []Upstream
	for _, d := range c.Root.All("upstream") {
		if !d.isBlock || d.In("stream") != nil {
			continue
		}
		u := Upstream{Name: d.Arg(0), Directive: d}
		for _, s := range d.Find("server") {
			if len(s.Args) > 0 && !s.isBlock {
				u.Servers = append(u.Servers, upstreamServer(s))
			}
		}
		out = append(out, u)
	}
	return out
}

// Upstream finds one by its name; names are compared without case, as hosts are.
func (c *Config) Upstream(name string) (Upstream, bool) {
	for _, u := range c.Upstreams() {
		if strings.EqualFold(u.Name, name) {
			return u, true
		}
	}
	return Upstream{}, false
}

func upstreamServer(d *Directive) UpstreamServer {
	s := UpstreamServer{Address: WithPort(socketPath(d.Arg(0)), "80"), Weight: 1, MaxFails: 1, Directive: d}
	for _, o := range d.Args[1:] {
		k, v, _ := strings.Cut(o, "=")
		n, err := strconv.Atoi(v)
		switch {
		case k == "backup":
			s.Backup = true
		case k == "down":
			s.Down = true
		case k == "fail_timeout":
			s.FailTimeout = v
		case k == "max_fails" && err == nil:
			s.MaxFails = n
		case k == "weight" && err == nil:
			s.Weight = n
		}
	}
	return s
}

// WithPort adds a port to an address that has none; unix sockets stay.
func WithPort(address, port string) string {
	if strings.HasPrefix(address, "unix:") || address == "" {
		return address
	}
	if i := strings.LastIndexByte(address, ':'); i >= 0 && i > strings.LastIndexByte(address, ']') {
		return address
	}
	return address + ":" + port
}

// ParseProxyPass takes the argument of proxy_pass, uwsgi_pass, fastcgi_pass,
// scgi_pass, grpc_pass apart.
//
//	http://unix:/run/x.sock:/app/  "http"  "unix:/run/x.sock"  "/app/"
//	http://127.0.0.1:8000          "http"  "127.0.0.1:8000"    ""
//	backend                        ""      "backend"           ""    (name of an upstream, or a host)
//	http://$up/                    "http"  "$up"               "/"   variable
//
// uri is "" when there is none, which is not the same as "/": with one nginx
// puts it in place of the location's prefix.
func ParseProxyPass(arg string) (scheme, address, uri string, variable bool) {
	variable = strings.Contains(arg, "$")
	address = arg
	if i := strings.Index(arg, "://"); i >= 0 && !strings.HasPrefix(arg, "unix:") && !strings.ContainsAny(arg[:i], "$/") {
		scheme, address = strings.ToLower(arg[:i]), arg[i+3:]
	}
	if strings.HasPrefix(address, "unix:") {
		if i := strings.IndexByte(address[5:], ':'); i >= 0 {
			address, uri = address[:5+i], address[5+i+1:]
		}
		return scheme, socketPath(address), uri, variable
	}
	if i := strings.IndexByte(address, '/'); i >= 0 {
		address, uri = address[:i], address[i:]
	}
	return scheme, address, uri, variable
}

// socketPath gives `unix:///run/x` the form `unix:/run/x`: the same file.
func socketPath(a string) string {
	if rest, ok := strings.CutPrefix(a, "unix:"); ok && strings.HasPrefix(rest, "//") {
		return "unix:/" + strings.TrimLeft(rest, "/")
	}
	return a
}
