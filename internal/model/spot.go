package model

import (
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/regex"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// Spot is one page of the app that machines ask for: /health, /metrics; on its
// way through nginx, and at the app itself.
type Spot struct {
	*AppServer
	Path  string
	Rule  tape.AppRule
	View  tape.AppView
	At    fact.Source // the rule, with its view
	Front *Front      // the site through which it is asked for; nil: none leads to the app
	Outer string      // where the site is asked: by an address of this host that is not loopback, where there is one
	Own   *Surface    // the app itself; nil: it is not seen where it listens
	// Kept is the line by which nginx lets not everybody come; Self the one by
	// which it answers by itself, and the app is not asked.
	Kept, Self fact.Source
	// Depends are lines that decide by who asks: what we are answered is not what
	// others are.
	Depends fact.Source
}

// URL is the address that a monitor is given.
func (s *Spot) URL() string {
	if s.Front != nil {
		return s.Front.Surface.URL() + s.Path
	}
	return s.Path
}

// Curl asks for it.
func (s *Spot) Curl() string {
	switch {
	case s.Front != nil:
		return s.Front.Curl(s.Path)
	case s.Own != nil:
		return s.Own.Curl(s.Path)
	}
	return "curl -s http://localhost" + s.Path
}

// spot finds the way to a page of the app.
func (b *builder) spot(d *Deployment, a *App, r tape.AppRule) *Spot {
	s := &Spot{AppServer: d.Server, Path: r.Rule, Rule: r, View: a.Views[r.Endpoint]}
	s.At = a.Source
	if s.View.File != "" {
		s.At.Where, s.At.Line = s.View.File, s.View.Line
	}
	s.At.Text = r.Rule + " leads to " + r.Endpoint
	for _, f := range d.met {
		if f.Page || s.Front != nil && (s.Front.Site.Secure() || !f.Site.Secure()) {
			continue
		}
		if m := f.Site.Server.Match(s.Path); m.CannotTell == "" && m.Redirect == "" {
			s.Front = f
			b.through(s, f.Site, m.Location)
		}
	}
	for _, sf := range d.surfaces {
		if sf.Direct && s.Own == nil {
			s.Own = sf
		}
	}
	return s
}

func (b *builder) through(s *Spot, site *Site, loc *syntax.Directive) {
	s.Kept, s.Self, s.Depends = fact.Source{}, fact.Source{}, fact.Source{}
	s.Outer = b.byOwnAddress(s.Front.Endpoint)
	if loc == nil {
		loc = site.Server
	}
	for _, name := range []string{"deny", "auth_basic", "auth_request", "auth_jwt", "internal"} {
		if v, d := syntax.Value(loc, name); d != nil && v != "off" {
			s.Kept = SourceOf(d)
		}
	}
	if ret := loc.Find("return"); len(ret) > 0 {
		s.Self = SourceOf(ret[0])
		if strings.HasPrefix(ret[0].Arg(0), "4") {
			s.Kept = s.Self
		}
	}
	for d := loc; d != nil && d.Name != "http"; d = d.Parent {
		for _, c := range d.Find("if") {
			if byWhom(strings.Join(c.Args, " ")) {
				s.Depends = SourceOf(c)
			}
		}
	}
}

// plainVariables say what is asked for, and not by whom.
var plainVariables = []string{"host", "http_host", "scheme", "https", "request_method", "server_port", "request_uri", "uri", "args", "query_string", "is_args", "server_name",
	"request_filename", "document_root", "http_user_agent", "http_upgrade", "http_accept", "http_accept_encoding", "content_type"}

var variables = regex.New(`\$\{?([a-z0-9_]+)`)

// byWhom says that a condition asks for something else than these.
func byWhom(condition string) bool {
	return slices.ContainsFunc(variables.FindAllStringSubmatch(strings.ToLower(condition), -1), func(m []string) bool {
		return !slices.Contains(plainVariables, m[1]) && !strings.HasPrefix(m[1], "arg_")
	})
}

// byOwnAddress is an endpoint on loopback by another address of this host: a
// rule for 127.0.0.1 does not hold there.
func (b *builder) byOwnAddress(endpoint string) string {
	i := strings.Index(endpoint, ":127.0.0.1:")
	all, state := b.m.Machine.Addresses.Look(&b.notes)
	if i < 0 || state != fact.IsKnown {
		return endpoint
	}
	for _, a := range all {
		if !a.Local && !strings.Contains(a.IP, ":") {
			return endpoint[:i+1] + a.IP + strings.TrimPrefix(endpoint[i+1:], "127.0.0.1")
		}
	}
	return endpoint
}

// asMet is a list that hangs on how the sites hand requests on: a line of nginx's
// that was not seen may change that.
func asMet[T any](d *Deployment, list func() fact.Of[[]T]) fact.Of[[]T] {
	if why, some := d.unseenConfig(); some {
		return fact.Unknown[[]T](why)
	}
	return fact.Bind(d.Apps(), func([]*AppServer) fact.Of[[]T] {
		return fact.Bind(d.Sites, func([]*Site) fact.Of[[]T] { return list() })
	})
}

// dark says that a site's first page fails; unknown where one was not seen.
func (d *Deployment) dark() fact.Of[bool] {
	var n fact.Notes
	for _, f := range d.met {
		if f.Fails() {
			return fact.Known(true)
		}
		_, _ = f.Reply.Look(&n)
	}
	if n.Blind() {
		return fact.Unknown[bool](n.Why())
	}
	return fact.Known(false)
}
