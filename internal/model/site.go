package model

import (
	"fmt"
	"net"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// Site is one server block of nginx.
type Site struct {
	Names   []string // that a visitor could type, as written
	Server  *syntax.Directive
	Listens []syntax.Listen
	Routes  []*Route
	Statics []*Static

	aliases    []*Alias
	glued      []*Glued
	splits     []*Split
	smuggled   *Smuggled
	doors      []*SideDoor
	cut        fact.Of[[]fact.Source]
	disclosure *Disclosure
	caches     []*Cached
	nginx      *Nginx
	index      int

	refused, refusedBehind fact.Of[[]Refused]
}

// Subject is the block's first name, or where it listens.
func (s *Site) Subject() string {
	if len(s.Names) > 0 {
		return s.Names[0]
	}
	if len(s.Listens) > 0 {
		return "server on " + ListenText(s.Listens[0])
	}
	return "server"
}

// Node is the block.
func (s *Site) Node() Node { return Node(fmt.Sprintf("site:%d:%s", s.index, s.Subject())) }

// Source is where the block begins.
func (s *Site) Source() fact.Source { return facts.DirectiveSource(s.Server) }

// URL is the site as a visitor types it.
func (s *Site) URL() string {
	end, host := s.Endpoint()
	if strings.HasPrefix(end, "tls:") {
		return "https://" + host + "/"
	}
	return "http://" + host + "/"
}

// Default says whether the block is the default server of one of its listens by word.
func (s *Site) Default() bool {
	return slices.ContainsFunc(s.Listens, func(l syntax.Listen) bool { return l.Default })
}

// ListenText is a listen as a person says it: "*:443 ssl".
func ListenText(l syntax.Listen) string {
	if l.Unix != "" {
		return "unix:" + l.Unix
	}
	out := net.JoinHostPort(l.Addr, strconv.Itoa(l.Port))
	if l.Addr == "*" {
		out = "*:" + strconv.Itoa(l.Port)
	}
	if l.TLS {
		out += " ssl"
	}
	return out
}

// Route is a location (or the server block itself) that hands requests to an
// upstream.
type Route struct {
	Path      string // "/" or what the location says
	Pass      *syntax.Directive
	Upstreams []*Upstream
	Opaque    string // the address, where what fills a variable in it is not all known
	site      *Site
}

// Subject is the site and the location.
func (r *Route) Subject() string { return r.site.Subject() + r.Path }

// Node is the location.
func (r *Route) Node() Node { return r.site.Node() + Node("/route"+r.Path) }

// Variable says that the address, or what stands behind it, holds a variable.
func (r *Route) Variable() bool { return strings.Contains(r.Pass.Arg(0), "$") }

// Site is the block that the route belongs to.
func (r *Route) Site() *Site { return r.site }

// Upstream is one server that a route may hand a request to.
type Upstream struct {
	Addr     string // "unix:/run/x.sock", "127.0.0.1:8000"
	Link     string // what the directive names, where that is a link to the socket
	Links    []Link // to sockets, in the folder that the directive names, where that is nothing
	Protocol string // http, https, uwsgi, fastcgi ...
	Backup   bool
	Down     bool
	Remote   bool // another machine
	Source   fact.Source
	Listener fact.Of[*Listener] // Absent: nobody listens
	Silent   []string           // addresses of the same name where nobody listens, while another does
	server   *AppServer         // that the address leads to
}

// Link is one that a new release of an app takes over, so that nginx's
// configuration stays as it is.
type Link struct{ File, Addr string }

// Node is the address.
func (u *Upstream) Node() Node { return Node("socket:" + u.Addr) }

func realNames(names []string) []string {
	var out []string
	for _, n := range names {
		if n == "" || n == "_" || strings.HasPrefix(n, "~") || strings.ContainsAny(n, "*$") {
			continue
		}
		n = strings.TrimPrefix(n, ".")
		if _, err := netip.ParseAddr(n); err == nil || n == "localhost" || slices.Contains(out, n) {
			continue
		}
		out = append(out, n)
	}
	return out
}

func (b *builder) site(n *Nginx, cfg facts.NginxConfig, server *syntax.Directive, i int) *Site {
	s := &Site{Names: realNames(server.Names()), Server: server, Listens: server.Listens(), nginx: n, index: i}
	for _, name := range passes {
		for _, d := range server.All(name) {
			s.Routes = append(s.Routes, b.route(s, cfg, d))
		}
	}
	s.Statics = b.statics(s)
	for _, r := range s.Routes {
		b.m.Needs[r.Node()] = append(b.m.Needs[r.Node()], NodeNginx)
		for _, u := range r.Upstreams {
			b.m.Needs[r.Node()] = append(b.m.Needs[r.Node()], u.Node())
		}
	}
	b.m.Needs[s.Node()] = []Node{NodeNginx}
	return s
}

// passes are the directives that hand a request on.
var passes = []string{"proxy_pass", "uwsgi_pass", "fastcgi_pass", "scgi_pass", "grpc_pass"}

func (b *builder) route(s *Site, cfg facts.NginxConfig, pass *syntax.Directive) *Route {
	r := &Route{Path: "/", Pass: pass, site: s}
	if loc, ok := syntax.ParseLocation(pass.In("location")); ok {
		r.Path = loc.Path
		if loc.Modifier != "" && loc.Modifier != "@" {
			r.Path = loc.Modifier + " " + loc.Path
		}
	}
	if !r.Variable() {
		r.Upstreams = b.upstreams(cfg, pass, pass.Arg(0))
		return r
	}
	values, all := cfg.Resolve(pass)
	for _, v := range values {
		_, addr, _, _ := syntax.ParseProxyPass(v)
		if _, named := cfg.Upstream(addr); named || ownForm(addr) {
			r.Upstreams = append(r.Upstreams, b.upstreams(cfg, pass, v)...)
		} else { // a name that nginx looks up for each request
			all = false
		}
	}
	r.Upstreams = slices.CompactFunc(r.Upstreams, func(x, y *Upstream) bool { return x.Addr == y.Addr && x.Backup == y.Backup })
	if !all {
		r.Opaque = pass.Arg(0)
	}
	return r
}

// ownForm says that an address needs no look-up.
func ownForm(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		host = addr
	}
	_, err = netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil || host == "localhost" || strings.HasPrefix(addr, "unix:")
}

// upstreams are the servers behind the argument of a pass.
func (b *builder) upstreams(cfg facts.NginxConfig, pass *syntax.Directive, arg string) []*Upstream {
	scheme, addr, _, _ := syntax.ParseProxyPass(arg)
	protocol := strings.TrimSuffix(pass.Name, "_pass")
	if pass.Name == "proxy_pass" {
		protocol = scheme
	}
	if up, ok := cfg.Upstream(addr); ok {
		var out []*Upstream
		for _, srv := range up.Servers {
			u := b.upstream(srv.Address, protocol, facts.DirectiveSource(srv.Directive))
			u.Backup, u.Down = srv.Backup, srv.Down
			out = append(out, u)
		}
		return out
	}
	port := "80"
	if scheme == "https" {
		port = "443"
	}
	return []*Upstream{b.upstream(syntax.WithPort(addr, port), protocol, facts.DirectiveSource(pass))}
}

func (b *builder) upstream(addr, protocol string, src fact.Source) *Upstream {
	u := &Upstream{Addr: addr, Protocol: protocol, Source: src}
	if strings.HasPrefix(addr, "unix:") {
		u.Listener = b.listenerAt(addr)
		return u
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		u.Remote = true
		return u
	}
	if host == "localhost" {
		b.localhost(u, port)
		return u
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || !b.ownAddress(ip) {
		u.Remote = true
		return u
	}
	u.Listener = b.listenerAt(net.JoinHostPort(ip.String(), port))
	return u
}

func (b *builder) followLinks() {
	n, _ := b.m.Nginx.Look(&b.notes)
	if n == nil {
		return
	}
	for _, s := range n.Sites {
		for _, r := range s.Routes {
			for _, u := range r.Upstreams {
				if strings.HasPrefix(u.Addr, "unix:") {
					b.follow(u)
				}
			}
		}
	}
}

// follow takes an upstream by a link to the socket that the link leads to: nginx
// does at each request, so that a new release can take the old one's place.
func (b *builder) follow(u *Upstream) {
	if _, state := u.Listener.Look(&b.notes); state != fact.IsAbsent {
		return
	}
	file := strings.TrimPrefix(u.Addr, "unix:")
	way := b.nginxAccess(file, "connect")
	r, state := way.Look(&b.notes)
	switch {
	case state == fact.IsUnknown:
		u.Listener = fact.Bind(way, func(tape.AccessReport) fact.Of[*Listener] { return u.Listener })
	case state == fact.IsKnown && slices.ContainsFunc(r.Steps, func(s tape.Step) bool { return s.Path == file && s.Type == "link" }):
		u.Link, u.Addr = file, "unix:"+r.Steps[len(r.Steps)-1].Path
		u.Listener = b.listenerAt(u.Addr)
	case state == fact.IsKnown && !r.OK:
		u.Links = b.socketLinks(path.Dir(file))
	}
}

const maxLinks = 8

// socketLinks are those of a folder that lead to sockets.
func (b *builder) socketLinks(folder string) (out []Link) {
	var aside fact.Notes
	names, _ := b.f.Glob(path.Join(folder, "*.sock*")).Look(&aside)
	for _, file := range names[:min(len(names), maxLinks)] {
		r, state := b.nginxAccess(file, "connect").Look(&aside)
		if state == fact.IsKnown && r.OK && slices.ContainsFunc(r.Steps, func(s tape.Step) bool { return s.Path == file && s.Type == "link" }) {
			out = append(out, Link{file, "unix:" + r.Steps[len(r.Steps)-1].Path})
		}
	}
	return out
}

// either is the first of two addresses on which somebody listens: nginx tries
// each address of a name in turn.
// localhost is every address that /etc/hosts gives it: nginx tries them by turns.
func (b *builder) localhost(u *Upstream, port string) {
	var addrs []string
	if hosts, state := b.f.Hosts().Look(&b.notes); state == fact.IsKnown {
		for _, e := range hosts.Lookup("localhost") {
			addrs = append(addrs, net.JoinHostPort(e.Addr.String(), port))
		}
	}
	if len(addrs) == 0 {
		addrs = []string{net.JoinHostPort("127.0.0.1", port), net.JoinHostPort("::1", port)}
	}
	u.Listener = b.either(addrs...)
	var n fact.Notes
	if _, state := u.Listener.Look(&n); state != fact.IsKnown {
		return
	}
	for _, a := range addrs {
		if _, state := b.listenerAt(a).Look(&n); state == fact.IsAbsent {
			u.Silent = append(u.Silent, a)
		}
	}
}

func (b *builder) either(addrs ...string) fact.Of[*Listener] {
	var out fact.Of[*Listener]
	for i, a := range addrs {
		var n fact.Notes
		l := b.listenerAt(a)
		if _, s := l.Look(&n); s != fact.IsAbsent {
			return l
		}
		if i == 0 {
			out = l
		}
	}
	return out
}
