package model

import (
	"slices"
	"strings"

	"assay/internal/fact"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// Cached is a route whose answers nginx stores.
type Cached struct {
	*Route
	Zone    string
	Source  fact.Source         // the line that turns it on
	Ignored []*syntax.Directive // what of the app's answer is ignored
	Headers []string            // in lower case: set-cookie, cache-control, vary ...
	Keeps   bool                // a time to store is given; else only what the app dates is stored
	Assets  bool                // only files that are the same for everybody
	// What tells visitors apart:
	Keyed      bool // the key looks at the cookie
	Unstored   bool // an answer to a request with a cookie is not stored
	Stripped   bool // cookies are taken out of what is stored
	Cookieless bool // an answer with a cookie is not stored
	// First and Second are two visits of strangers, one after the other, and
	// App the same of the app itself.
	First, Second, App fact.Of[tape.HTTPReply]
}

// Node is the route's store.
func (c *Cached) Node() Node { return c.Route.Node() + "/cache" }

// Caches are the routes of a deployment whose answers nginx stores.
func (d *Deployment) Caches() fact.Of[[]*Cached] {
	return fromSites(d, func(s *Site) []*Cached { return s.caches })
}

func (b *builder) caches(s *Site, d *Deployment) []*Cached {
	var out []*Cached
	cfg, state := s.nginx.Config.Look(&b.notes)
	if state != fact.IsKnown {
		return nil
	}
	for _, r := range s.Routes {
		kind, _ := strings.CutSuffix(r.Pass.Name, "_pass")
		zone, by := syntax.Value(r.Pass, kind+"_cache")
		if by == nil || zone == "off" {
			continue
		}
		c := &Cached{Route: r, Zone: zone, Source: directiveSource(by), Ignored: syntax.Effective(r.Pass, kind+"_ignore_headers"), Assets: assetsOnly(r.Pass)}
		for _, d := range c.Ignored {
			for _, h := range d.Args {
				c.Headers = append(c.Headers, strings.ToLower(h))
			}
		}
		depends := func(name string, on ...string) bool {
			for _, x := range syntax.Effective(r.Pass, kind+name) {
				for _, v := range cfg.Depends(r.Pass, strings.Join(x.Args, " ")) {
					if slices.ContainsFunc(on, func(o string) bool { return strings.HasPrefix(v, o) }) {
						return true
					}
				}
			}
			return false
		}
		c.Keeps = len(syntax.Effective(r.Pass, kind+"_cache_valid")) > 0
		c.Keyed = depends("_cache_key", "$cookie_", "$http_cookie", "$http_authorization")
		c.Unstored = depends("_no_cache", "$cookie_", "$http_cookie", "$http_authorization")
		c.Cookieless = depends("_no_cache", "$upstream_http_set_cookie", "$sent_http_set_cookie", "$upstream_cookie_")
		for _, x := range syntax.Effective(r.Pass, kind+"_hide_header") {
			c.Stripped = c.Stripped || strings.EqualFold(x.Arg(0), "Set-Cookie")
		}
		b.m.Needs[c.Node()] = []Node{NodeNginx}
		b.visits(c, d)
		out = append(out, c)
	}
	return out
}

// Ignores says that a header of the app's answer is not looked at.
func (c *Cached) Ignores(header string) bool { return slices.Contains(c.Headers, header) }

// SharesCookies says that a cookie of one visitor is stored for the next.
func (c *Cached) SharesCookies() bool {
	return c.Keeps && c.Ignores("set-cookie") && !c.Stripped && !c.Cookieless
}

// visits asks twice as a stranger, where cookies may be stored: the second time
// once the first has been answered, and at the app's own socket.
func (b *builder) visits(c *Cached, d *Deployment) {
	none := fact.Absent[tape.HTTPReply]()
	c.First, c.Second, c.App = none, none, none
	if !c.SharesCookies() || c.Assets || d == nil {
		return
	}
	paths := []string{"/", "/login"} // the page that most often begins a session
	if l, ok := syntax.ParseLocation(c.Pass.In("location")); ok && l.Modifier == "" && l.Path != "/" {
		paths = []string{l.Path}
	}
	for _, at := range paths {
		b.visit(c, d, at)
		r, state := c.First.Look(&b.notes)
		if state != fact.IsKnown || r.Get("set-cookie") != "" {
			return
		}
	}
}

func (b *builder) visit(c *Cached, d *Deployment, at string) {
	end, host := c.site.Endpoint()
	c.First = b.f.HTTP(end, host, at)
	c.Second = c.First
	r, state := c.First.Look(&b.notes)
	if state != fact.IsKnown || r.Get("set-cookie") == "" {
		return
	}
	c.Second = b.f.Request(end, tape.Request{Method: "GET", Host: host, Path: at, Header: []string{"X-Visit: 2"}}, "Set-Cookie", "X-Cache-Status")
	for _, sf := range d.surfaces {
		if sf.Direct {
			c.App = b.f.HTTP(sf.Endpoint, host, at)
			return
		}
	}
}

// assetsOnly says that a location holds only files that are the same for all.
func assetsOnly(pass *syntax.Directive) bool {
	l, ok := syntax.ParseLocation(pass.In("location"))
	if !ok {
		return false
	}
	if !l.IsRegex() {
		return hasPrefix(strings.TrimLeft(l.Path, "/"), "static", "assets", "favicon", "robots.txt")
	}
	server := &syntax.Directive{Name: "server", Block: []*syntax.Directive{l.Directive}}
	return !slices.ContainsFunc([]string{"/", "/account", "/login", "/basket/1", "/api/me"}, func(p string) bool { return server.Match(p).Location != nil })
}

func hasPrefix(s string, of ...string) bool {
	return slices.ContainsFunc(of, func(x string) bool { return strings.HasPrefix(s, x) })
}
