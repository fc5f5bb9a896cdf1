package model

import (
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// Foreign are the origins that no site means to allow, by what is wrong where
// one of them is let in. spoof.invalid exists nowhere (RFC 6761).
type Foreign string

// The kinds, the widest first.
const (
	AnyOrigin    Foreign = "any"    // https://spoof.invalid
	BeginsLikeIt Foreign = "begins" // https://shop.example.spoof.invalid: a pattern without an end
	EndsLikeIt   Foreign = "ends"   // https://spoofshop.example: one without a beginning
	NullOrigin   Foreign = "null"   // a sandboxed frame, which any site can make
)

func (k Foreign) origin(host string) string {
	switch k {
	case BeginsLikeIt:
		return "https://" + host + ".spoof.invalid"
	case EndsLikeIt:
		return "https://spoof" + host
	case NullOrigin:
		return "null"
	}
	return "https://spoof.invalid"
}

// CrossSite is an app with what it tells pages of other sites.
type CrossSite struct {
	Name   string
	Asked  []*Crossing
	Server *AppServer // nil: none is known
}

// Subject is the app.
func (x *CrossSite) Subject() string { return x.Name }

// Node is the app's answers to other sites.
func (x *CrossSite) Node() Node { return Node("cross-site:" + x.Name) }

// Crossing is one request as a page of another site has its browser send it.
type Crossing struct {
	Surface *Surface
	Path    string
	Kind    Foreign
	Origin  string
	Ahead   bool // the OPTIONS that a browser sends before what no form could send
	Reply   fact.Of[tape.HTTPReply]
	App     fact.Of[tape.HTTPReply] // the app's own answer, asked where the site lets the origin in
}

// CrossSites is the app, if it is served anywhere.
func (d *Deployment) CrossSites() fact.Of[[]*CrossSite] {
	return of(d, func() fact.Of[[]*CrossSite] {
		if len(d.crossings) == 0 {
			return fact.Known[[]*CrossSite](nil)
		}
		return fact.Known([]*CrossSite{{d.Name, d.crossings, d.Server}})
	})
}

// URL is what the page asks for.
func (c *Crossing) URL() string { return c.Surface.URL() + c.Path }

// LetsIn says that a browser gives a page of the origin an answer that was made
// for the visitor: the origin by its name, once, and credentials (Fetch
// standard: "*" is not enough for a request with cookies).
func (c *Crossing) LetsIn(r tape.HTTPReply) bool {
	allowed := r.All("access-control-allow-origin")
	return len(allowed) == 1 && allowed[0] == c.Origin && r.Get("access-control-allow-credentials") == "true"
}

// Headers are the lines by which nginx says who may, in force where it answers.
func (c *Crossing) Headers() []fact.Source {
	if c.Surface.Site == nil {
		return nil
	}
	block := c.Surface.Site.Server
	if at := block.Match(c.Path); at.Location != nil {
		block = at.Location
	}
	var out []fact.Source
	for _, d := range syntax.Effective(block, "add_header") {
		if strings.HasPrefix(strings.ToLower(d.Arg(0)), "access-control-") {
			out = append(out, facts.DirectiveSource(d))
		}
	}
	for _, inner := range block.All("add_header") { // in an `if`, mostly for OPTIONS
		s := facts.DirectiveSource(inner)
		if strings.HasPrefix(strings.ToLower(inner.Arg(0)), "access-control-") && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// fronts are the places where visitors ask: the sites, or the app itself where
// none leads to it.
func (d *Deployment) fronts() []*Surface {
	var out []*Surface
	for _, s := range d.surfaces {
		if !s.Direct {
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		return d.surfaces
	}
	return out
}

const maxAskedPaths = 4

// apiPaths are where an app is asked as other sites would: its root, the
// folders of its API or the place that flask-cors is told of most, and nginx's
// own locations.
func (b *builder) apiPaths(d *Deployment, s *Surface) []string {
	out := []string{"/"}
	api := b.apiFolders(d)
	if len(api) == 0 {
		api = []string{"/api/"}
	}
	out = append(out, api[:min(len(api), maxAskedPaths-2)]...)
	if s.Site == nil {
		return out
	}
	for _, r := range s.Site.Routes {
		p := strings.TrimPrefix(strings.TrimPrefix(r.Path, "^~ "), "= ")
		if guarded(r.Pass) || b.lasts(d, p) {
			continue
		}
		if strings.HasPrefix(p, "/") && !strings.ContainsAny(p, " \"\\") && !slices.Contains(out, p) && len(out) < maxAskedPaths {
			out = append(out, p)
		}
	}
	return out
}

// lasts says that a path is a stream: who asks for it keeps a worker.
func (b *builder) lasts(d *Deployment, path string) bool {
	if d.Server == nil {
		return false
	}
	a, state := d.Server.Code.Look(&b.notes)
	if state == fact.IsUnknown {
		return b.f.Waiting() // it may be one: nobody asks before that is known
	}
	return a != nil && slices.ContainsFunc(a.Streams(), func(x Stream) bool { return x.URL == path })
}

func (b *builder) crossings(d *Deployment) {
	for _, s := range d.fronts() {
		for _, p := range b.apiPaths(d, s) {
			first := b.crossing(d, s, p, BeginsLikeIt, false)
			all := []*Crossing{first, b.crossing(d, s, p, EndsLikeIt, false), b.crossing(d, s, p, NullOrigin, false)}
			if r, _ := first.Reply.Look(&b.notes); first.LetsIn(r) {
				all = append(all, b.crossing(d, s, p, AnyOrigin, false))
			} else {
				all = append(all, b.crossing(d, s, p, AnyOrigin, true))
			}
			d.crossings = append(d.crossings, all...)
		}
		for i, p := range b.openedViews(d) {
			if i < maxAskedPaths {
				d.crossings = append(d.crossings, b.crossing(d, s, p, AnyOrigin, true))
			}
		}
	}
}

func (b *builder) crossing(d *Deployment, s *Surface, path string, k Foreign, ahead bool) *Crossing {
	c := &Crossing{Surface: s, Path: path, Kind: k, Origin: k.origin(s.Host), Ahead: ahead, App: fact.Absent[tape.HTTPReply]()}
	q := tape.Request{Method: "GET", Host: s.Host, Path: path, Header: []string{"Origin: " + c.Origin}}
	if ahead {
		q.Method = "OPTIONS"
		q.Header = append(q.Header, "Access-Control-Request-Method: PUT", "Access-Control-Request-Headers: content-type")
	}
	show := []string{"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"}
	c.Reply = b.f.Request(s.Endpoint, q, show...)
	r, _ := c.Reply.Look(&b.notes)
	if s.Direct || !c.LetsIn(r) && len(r.All("access-control-allow-origin")) < 2 {
		return c
	}
	for _, own := range d.surfaces {
		if own.Direct {
			c.App = b.f.Request(own.Endpoint, q, show...)
			break
		}
	}
	return c
}
