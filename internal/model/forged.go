package model

import (
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/regex"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// Forged is one request with forged headers, through nginx.
type Forged struct {
	URL      string
	Curl     string
	Endpoint string
	Reply    fact.Of[tape.HTTPReply]
}

// The forged values exist nowhere (RFC 6761, RFC 5737).
const (
	forgedHost   = "spoof.invalid"
	forgedPrefix = "/spoof"
)

// Shows is where an answer repeats what was forged for "host" or "root": a line
// of it, "" where it does not.
func Shows(r tape.HTTPReply, into string) string {
	has := func(s string) bool {
		if into == "host" {
			return strings.Contains(s, forgedHost)
		}
		s = strings.ReplaceAll(s, "//"+forgedHost, "//x")
		return strings.Contains(s, forgedPrefix+"/")
	}
	for _, name := range []string{"location", "refresh", "link", "set-cookie"} {
		for _, v := range r.All(name) {
			if has(v) {
				return "its " + map[string]string{"location": "Location", "refresh": "Refresh", "link": "Link", "set-cookie": "Set-Cookie"}[name]
			}
		}
	}
	if has(r.Body) {
		return "its text"
	}
	return ""
}

// forwarded finds the ways to the app, and tries those on which a visitor's own
// word comes to an app that believes it.
func (b *builder) forwarded(d *Deployment) {
	sites, _ := d.Sites.Look(&b.notes)
	n, state := b.m.Nginx.Look(&b.notes)
	if state != fact.IsKnown || d.Server == nil {
		return
	}
	cfg, _ := n.Config.Look(&b.notes)
	d.forwarded = &Forwarded{Name: d.Name, Server: d.Server, Unseen: cfg.Unseen}
	for _, s := range sites {
		for _, r := range s.Routes {
			if inner(r.Pass) || !slices.ContainsFunc(r.Upstreams, func(u *Upstream) bool { return !u.Down && b.leadsTo(u, d.Server) }) {
				continue
			}
			for _, hops := range b.chains(n, r, 0) {
				w := &Approach{Hops: hops, cfg: cfg.Config, Kept: kept(hops[0].Pass)}
				b.ahead(w, d)
				d.forwarded.Ways = append(d.forwarded.Ways, w)
			}
		}
	}
	b.forge(d)
}

const maxHops = 3

// chains are the ways to a location: through each block of nginx that hands
// requests to its own, and straight where visitors reach it.
func (b *builder) chains(n *Nginx, r *Route, depth int) [][]*Route {
	var out [][]*Route
	if depth < maxHops {
		for _, s := range n.Sites {
			for _, f := range s.Routes {
				if s != r.site && slices.ContainsFunc(f.Upstreams, func(u *Upstream) bool { return !u.Remote && u.Protocol == "http" && r.site.listensAt(u.Addr) }) {
					for _, c := range b.chains(n, f, depth+1) {
						out = append(out, append(c, r))
					}
				}
			}
		}
	}
	if len(out) == 0 || !r.site.loopbackOnly() {
		out = append(out, []*Route{r})
	}
	return out
}

func (s *Site) listensAt(addr string) bool {
	return slices.ContainsFunc(s.Listens, func(l syntax.Listen) bool {
		own := strings.TrimSuffix(ListenText(l), " ssl")
		return SameAddr(strings.Replace(own, "*:", "0.0.0.0:", 1), addr)
	})
}

func (s *Site) loopbackOnly() bool {
	return !slices.ContainsFunc(s.Listens, func(l syntax.Listen) bool {
		return l.Unix == "" && l.Addr != "localhost" && l.Addr != "::1" && !strings.HasPrefix(l.Addr, "127.")
	})
}

// ahead says what is known of the way before nginx.
func (b *builder) ahead(w *Approach, d *Deployment) {
	first := w.Hops[0]
	if from := syntax.Effective(first.Pass.Parent, "set_real_ip_from"); len(from) > 0 {
		w.Front = source(from[0])
	} else if first.site.loopbackOnly() {
		s := first.site.Source()
		w.Front = &s
	}
	if n, state := d.Declared.Proxies.Look(&b.notes); state == fact.IsKnown {
		w.ahead = n
		var said fact.Notes
		_, _ = d.Declared.Proxies.Look(&said)
		if w.Front == nil && n > 0 {
			w.Front = &said.Sources[0]
		}
	}
	for _, f := range []string{"access_by_lua", "rewrite_by_lua", "js_access"} {
		for at := first.Pass.Parent; at != nil; at = at.Parent {
			if slices.ContainsFunc(at.Block, func(c *syntax.Directive) bool { return strings.HasPrefix(c.Name, f) }) {
				w.doubt = f + " may set headers"
			}
		}
	}
	if d.Server.Kind == "waitress" {
		w.doubt = "waitress drops forwarded headers of proxies that it is not told of"
	}
	own, _ := b.m.Machine.Addresses.Look(&b.notes)
	public := slices.ContainsFunc(own, func(a Address) bool { return a.Public })
	w.Here = fact.Unknown[bool](fact.Why{Text: "see whether visitors come to nginx itself: the block has no name to look up"})
	if public && len(first.site.Names) == 0 {
		w.Here = fact.Known(true)
	}
	if n, state := d.Declared.Proxies.Look(&b.notes); state == fact.IsKnown {
		w.Here = fact.Known(n == 0)
		return
	}
	named := false
	for _, name := range d.names {
		if !slices.Contains(name.Sites, first.site) {
			continue
		}
		here := fact.Then(name.Addresses(), func(addrs []string) bool {
			return slices.ContainsFunc(addrs, func(ip string) bool { return slices.ContainsFunc(own, func(a Address) bool { return a.IP == ip }) })
		})
		var notes fact.Notes
		if yes, _ := here.Look(&notes); yes || !named {
			w.Here, named = here, true
			if yes {
				return
			}
		}
	}
}

const maxForged = 3

// forge asks where a visitor's own host or prefix comes to an app that believes
// it. It asks for what the app answers before any of its views: a path that
// lacks its last slash or has one twice, a page behind the login. So no view
// runs with a forged name, and nothing is kept in a cache under another's.
func (b *builder) forge(d *Deployment) {
	app, state := d.Server.Code.Look(&b.notes)
	if state != fact.IsKnown {
		return
	}
	trusts, _ := app.Believes().Look(&b.notes)
	asked := len(d.forwarded.Unseen) * maxForged
	for _, w := range d.forwarded.Ways {
		var header []string
		for _, t := range trusts {
			if (t.Into == "host" || t.Into == "root") && w.Gets(t.Header).From(t.Position) == ByVisitor {
				header = append(header, t.Header+": "+lure(t.Header))
			}
		}
		if _, cached := syntax.Value(w.Last().Pass.Parent, "proxy_cache"); len(header) == 0 || len(header) > 6 || cached != nil || asked >= maxForged {
			continue
		}
		asked++
		header = append(header, "X-Forwarded-For: 203.0.113.77")
		end, host := w.Hops[0].site.Endpoint()
		s := &Surface{Endpoint: end, Host: host, of: d.Name}
		for _, p := range app.unviewed(w) {
			q := tape.Request{Method: "GET", Host: host, Path: p, Header: slices.Compact(header)}
			curl := strings.Replace(s.Curl(p), "curl -s", "curl -si", 1)
			for _, l := range header {
				curl += " -H '" + l + "'"
			}
			w.Forged = append(w.Forged, Forged{URL: s.URL() + p, Curl: curl, Endpoint: end, Reply: b.f.Request(end, q, "Location")})
		}
	}
}

// unviewed are paths that the app answers before a view of its own runs.
func (a *App) unviewed(w *Approach) []string {
	var slash, twice, login string
	for _, r := range a.Rules {
		p, ok := fill(r.Rule)
		if !ok || r.Host != "" || r.Subdomain != "" || !slices.Contains(r.Methods, "GET") {
			continue
		}
		v := a.Views[r.Endpoint]
		if q := strings.TrimSuffix(p, "/"); slash == "" && q != p && q != "" && v.Cached == nil {
			slash = w.outside(q)
		}
		if i := strings.LastIndex(strings.TrimSuffix(p, "/"), "/"); twice == "" && i > 0 {
			twice = w.outside(p[:i] + "/" + p[i:])
		}
		if login == "" && v.Cached == nil && len(v.Wraps) > 0 && strings.HasPrefix(v.Wraps[0].Module, "flask_login") {
			login = w.outside(p)
		}
	}
	for _, p := range []string{slash, twice, login} { // the login last: it may begin a session
		if p != "" {
			return []string{p + "?assay=forged"}
		}
	}
	return nil
}

var converter = regex.New(`<(?:([a-z]+)(?:\([^)]*\))?:)?[A-Za-z_]\w*>`)

// fill gives a rule's converters values.
func fill(rule string) (string, bool) {
	ok := true
	p := converter.ReplaceAllStringFunc(rule, func(c string) string {
		switch kind := converter.FindStringSubmatch(c)[1]; kind {
		case "int":
			return "1"
		case "float":
			return "1.0"
		case "uuid":
			return "00000000-0000-0000-0000-000000000000"
		case "", "string", "path":
			return "x"
		}
		ok = false
		return ""
	})
	return p, ok && !strings.ContainsAny(p, "<>|() ") && strings.HasPrefix(p, "/") && !strings.HasPrefix(p, "//")
}

// outside is the path under which a visitor asks for one of the app's, "" where
// the way does not lead there.
func (w *Approach) outside(p string) string {
	for _, r := range slices.Backward(w.Hops) {
		loc, _ := syntax.ParseLocation(r.Pass.In("location"))
		if _, _, uri, _ := syntax.ParseProxyPass(r.Pass.Arg(0)); uri != "" && r.Pass.Name == "proxy_pass" {
			rest, ok := strings.CutPrefix(p, uri)
			if !ok || loc.Modifier != "" && loc.Modifier != "^~" || strings.Contains(p, "//") { // such a path is merged on its way
				return ""
			}
			p = loc.Path + rest
		}
		clean := path.Clean(p)
		if strings.HasSuffix(p, "/") && clean != "/" {
			clean += "/"
		}
		m := r.site.Server.Match(clean)
		if m.Redirect != "" || m.CannotTell != "" || m.Location != r.Pass.In("location") {
			return ""
		}
	}
	return p
}
