package model

import (
	"net"
	"slices"
	"strconv"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// Handed is what a way makes of a request before the app gets it.
type Handed struct {
	*Way
	Host    string // that the app gets in place of the visitor's, "" when it gets that
	HostAt  fact.Source
	Prefix  string // of the location, "/" for the whole site
	Strips  bool   // the app gets the path without the prefix
	Told    bool   // the app is told the prefix
	MaxBody int64  // that nginx takes; 0 is no limit
	BodyAt  fact.Source
	Code    fact.Of[*App]
	// Header is the longest line of a request's head that nginx takes.
	Header   int64
	HeaderAt fact.Source
	// Refused are bodies below SmallBody that nginx refused, Behind those that the
	// app refused; known where the limit is below SmallBody, or TinyBody.
	Refused fact.Of[[]Refused]
	Behind  fact.Of[[]Refused]
}

// Node is the route.
func (x *Handed) Node() Node { return x.Route.Node() }

// Bodied is a way as one that bodies of requests take: a node of its own, since
// nginx measures them whatever lies behind it, and a page is had without one.
type Bodied struct{ *Handed }

// Node is the room for bodies.
func (x Bodied) Node() Node { return x.Handed.Node() + "/body" }

// Bodies are the ways of HTTP to a deployment's app, for bodies.
func (d *Deployment) Bodies() fact.Of[[]Bodied] {
	return fact.Then(d.HandedOn(), func(list []*Handed) []Bodied {
		out := make([]Bodied, len(list))
		for i, x := range list {
			out[i] = Bodied{x}
		}
		return out
	})
}

// HandedOn are the ways of HTTP to a deployment's app.
func (d *Deployment) HandedOn() fact.Of[[]*Handed] {
	if d.Server == nil {
		return fact.Known[[]*Handed](nil)
	}
	return fromWhole(d, func(s *Site) []*Handed {
		var out []*Handed
		for _, r := range s.Routes {
			if r.Pass.Name == "proxy_pass" && r.Opaque == "" && slices.ContainsFunc(r.Upstreams, func(u *Upstream) bool { return !u.Remote && d.holds(u) }) {
				out = append(out, handed(&Way{Route: r, Server: d.Server, Plain: d.plain()}))
			}
		}
		return out
	})
}

// unseenConfig says why a part of nginx's configuration could not be read.
func (d *Deployment) unseenConfig() (fact.Why, bool) {
	var n fact.Notes
	x, state := d.model.Nginx.Look(&n)
	if state != fact.IsKnown {
		return fact.Why{}, false
	}
	cfg, _ := x.Config.Look(&n)
	if len(cfg.Unseen) == 0 {
		return fact.Why{}, false
	}
	return cfg.Unseen[0], true
}

// holds says that an address is the app server's.
func (d *Deployment) holds(u *Upstream) bool {
	var n fact.Notes
	own, _ := d.Server.Listens.Look(&n)
	binds, _ := d.Server.Binds.Look(&n)
	return slices.ContainsFunc(own, func(l *Listener) bool { return SameAddr(l.Addr, u.Addr) }) ||
		slices.ContainsFunc(binds, func(x Bind) bool { return SameAddr(x.Addr, u.Addr) })
}

func handed(w *Way) *Handed {
	x := &Handed{Way: w, MaxBody: 1 << 20, Code: w.Server.Code, Refused: w.site.refused, Behind: w.site.refusedBehind}
	at := w.Pass.Parent
	if v, d := syntax.Value(at, "client_max_body_size"); d != nil {
		x.MaxBody, x.BodyAt = Size(v), facts.DirectiveSource(d)
	}
	x.Header, x.HeaderAt = headerRoom(w.site.Server)
	_, addr, uri, _ := syntax.ParseProxyPass(w.Pass.Arg(0))
	x.Prefix = "/"
	if l, ok := syntax.ParseLocation(w.Pass.In("location")); ok && !l.IsRegex() && l.Modifier != "@" && l.Modifier != "=" {
		x.Prefix, x.Strips = l.Path, uri == "/" && l.Path != "/"
	}
	x.Host, x.HostAt = addr, facts.DirectiveSource(w.Pass)
	if strings.HasPrefix(addr, "unix:") {
		x.Host = "localhost"
	}
	for _, d := range syntax.Effective(at, "proxy_set_header") {
		switch name := strings.ToLower(d.Arg(0)); {
		case name == "host":
			x.Host, x.HostAt = d.Arg(1), facts.DirectiveSource(d)
		case name == "x-forwarded-prefix", name == "x-script-name", name == "script_name", name == "x-forwarded-path":
			x.Told = true
		}
	}
	// A name of the site's own, or one that a variable fills, is meant.
	if strings.Contains(x.Host, "$") && !strings.Contains(x.Host, "$proxy_host") || slices.Contains(w.site.Names, x.Host) {
		x.Host = ""
	}
	return x
}

// headerRoom is the longest line that fits: into the first buffer, or into one
// of the large ones (ngx_http_alloc_large_header_buffer). -1: that is not known.
func headerRoom(server *syntax.Directive) (int64, fact.Source) {
	first, large, at := int64(1<<10), int64(8<<10), fact.Source{}
	if v, d := syntax.Value(server, "client_header_buffer_size"); d != nil {
		first = Size(v)
	}
	if set := syntax.Effective(server, "large_client_header_buffers"); len(set) > 0 {
		d := set[len(set)-1]
		large, at = Size(d.Arg(1)), facts.DirectiveSource(d)
	}
	if first < 0 || large < 0 {
		return -1, at
	}
	return max(first, large), at
}

// Size reads nginx's 8m or 512k, -1 where it is neither.
func Size(s string) int64 {
	unit := int64(1)
	switch {
	case s == "":
		return -1
	case strings.ContainsAny(s[len(s)-1:], "kK"):
		unit = 1 << 10
	case strings.ContainsAny(s[len(s)-1:], "mM"):
		unit = 1 << 20
	case strings.ContainsAny(s[len(s)-1:], "gG"):
		unit = 1 << 30
	}
	n, err := strconv.ParseInt(strings.TrimRight(s, "kKmMgG"), 10, 64)
	if err != nil {
		return -1
	}
	return n * unit
}

// Under says whether the app has routes under a prefix. One that a variable part
// begins does not count.
func (a *App) Under(prefix string) (tape.AppRule, bool) {
	prefix = strings.TrimSuffix(prefix, "/")
	for _, r := range a.Rules {
		if r.Rule == prefix || strings.HasPrefix(r.Rule, prefix+"/") {
			return r, true
		}
	}
	return tape.AppRule{}, false
}

// Routed says that one of the app's rules takes a path; a rule's variable parts
// take whatever their converter could (werkzeug/routing/converters.py).
func (a *App) Routed(path string) bool {
	return slices.ContainsFunc(a.Rules, func(r tape.AppRule) bool { return takes(r.Rule, path) })
}

func takes(rule, path string) bool {
	before, rest, is := strings.Cut(rule, "<")
	if !is {
		return path == rule || path+"/" == rule
	}
	variable, after, _ := strings.Cut(rest, ">")
	left, is := strings.CutPrefix(path, before)
	if !is || left == "" {
		return false
	}
	for i := 1; i <= len(left); i++ {
		if left[i-1] == '/' && !strings.HasPrefix(variable, "path") {
			return false
		}
		if takes(after, left[i:]) {
			return true
		}
	}
	return false
}

// Unlisted is a name of a certificate that leads here, and that no block has.
type Unlisted struct {
	Name    string
	Cert    string
	Listed  *Site // a block that has another name of the certificate
	Answers fact.Source
	Addr    string
	Lines   []*syntax.Directive // server_name of each block with the listed names
	of      *Deployment
}

// Missing are all names that should stand in the same blocks.
func (u *Unlisted) Missing() []string {
	var out []string
	for _, o := range u.of.unlisted {
		if o.Listed == u.Listed {
			out = append(out, o.Name)
		}
	}
	return out
}

// Subject is the name.
func (u *Unlisted) Subject() string { return u.Name }

// Node is the block that should have it.
func (u *Unlisted) Node() Node { return u.Listed.Node() + Node("/name:"+u.Name) }

// Unlisteds are the names that the certificates of a deployment have, that DNS
// leads to this host, and that no server_name holds.
func (d *Deployment) Unlisteds() fact.Of[[]*Unlisted] {
	return of(d, func() fact.Of[[]*Unlisted] {
		return fact.Bind(d.Sites, func([]*Site) fact.Of[[]*Unlisted] {
			if why, some := d.unseenConfig(); some { // the block may stand there
				return fact.Unknown[[]*Unlisted](why)
			}
			if len(d.unlisted) == 0 && d.unasked.Blind() { // no name is to be told of, as far as was seen
				return fact.Unknown[[]*Unlisted](d.unasked.Why())
			}
			return fact.Known(d.unlisted)
		})
	})
}

func (b *builder) unlisted(d *Deployment) {
	n, state := b.m.Nginx.Look(&b.notes)
	if state != fact.IsKnown {
		return
	}
	var all []*syntax.Directive
	for _, s := range n.Sites {
		all = append(all, s.Server)
	}
	_, _ = b.m.Machine.Addresses.Look(&d.unasked)
	for _, name := range d.names {
		_, _ = name.Addresses().Look(&d.unasked)
		ends, _ := name.TLS.Look(&d.unasked)
		for _, e := range ends {
			if shake, _ := e.Shake.Look(&d.unasked); e.Own && len(name.Sites) > 0 {
				for _, c := range Chain(shake)[:min(1, len(shake.Chain))] {
					b.unlistedOf(d, e, name.Sites[0], c.DNSNames, all)
				}
			}
		}
	}
}

func (b *builder) unlistedOf(d *Deployment, e *Endpoint, s *Site, names []string, all []*syntax.Directive) {
	own, _ := d.Sites.Look(&b.notes)
	for k, n := range names {
		if k == maxOthers || strings.HasPrefix(n, "*.") || internalName(n) || slices.ContainsFunc(d.names, func(o *Name) bool { return o.Name == n }) ||
			slices.ContainsFunc(d.unlisted, func(u *Unlisted) bool { return u.Name == n }) {
			continue
		}
		a, state := b.f.DNS(n, "A").Look(&d.unasked)
		if state != fact.IsKnown {
			continue
		}
		for _, addr := range a.Addrs {
			host, _, _ := net.SplitHostPort(e.Addr)
			if addr != host {
				continue
			}
			at := syntax.SelectServer(all, addr, 443, n, true)
			if at.Server == nil || at.CannotTell != "" || at.By != "default_server" && at.By != "first" || slices.ContainsFunc(own, func(o *Site) bool { return o.Server == at.Server }) {
				continue
			}
			u := &Unlisted{Name: n, Cert: e.Name, Listed: s, Answers: facts.DirectiveSource(at.Server), Addr: addr, of: d}
			for _, o := range own {
				if lines := o.Server.Find("server_name"); len(lines) == 1 && slices.Equal(lines[0].Args, s.Server.Names()) {
					u.Lines = append(u.Lines, lines[0])
				}
			}
			b.m.Needs[u.Node()] = []Node{NodeNginx}
			d.unlisted = append(d.unlisted, u)
		}
	}
}

// Twin says that the site's own location asks for the same host.
func (x *Handed) Twin() bool {
	return slices.ContainsFunc(x.site.Routes, func(r *Route) bool {
		return r != x.Route && r.Path == "/" && r.Pass.Name == "proxy_pass" && handed(&Way{Route: r, Server: x.Server}).Host == x.Host
	})
}

// Beside says that another location of the site hands its root to the same app.
func (x *Handed) Beside() bool {
	return slices.ContainsFunc(x.site.Routes, func(r *Route) bool { return r != x.Route && r.Path == "/" })
}
