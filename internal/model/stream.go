package model

import (
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/regex"
	syntax "assay/internal/syntax/nginx"
)

// Stream is a page of the app that is none: a stream of events or a websocket,
// and the location of nginx that hands it on.
type Stream struct {
	*Route
	URL     string // as the app's rule says it
	Block   *syntax.Directive
	Place   fact.Source // in the app's code
	Events  bool        // else a websocket
	Told    bool        // the app tells nginx not to hold it back
	Falls   bool        // the visitor's side goes on by other means
	Headers []*syntax.Directive
}

// Subject is the site and the path.
func (s *Stream) Subject() string { return s.site.Subject() + s.URL }

// Node is the page, which stands on its route.
func (s *Stream) Node() Node { return s.site.Node() + Node("/stream"+s.URL) }

// Source is the location, or the block, that hands it on.
func (s *Stream) Source() fact.Source { return facts.DirectiveSource(s.Pass) }

// EventStreams are the pages of a deployment that are streams of events.
func (d *Deployment) EventStreams() fact.Of[[]*Stream] { return d.streamsThat(true) }

// Websockets are the pages of a deployment that are websockets.
func (d *Deployment) Websockets() fact.Of[[]*Stream] { return d.streamsThat(false) }

func (d *Deployment) streamsThat(events bool) fact.Of[[]*Stream] {
	if d.Server == nil {
		return fact.Known[[]*Stream](nil)
	}
	return of(d, func() fact.Of[[]*Stream] {
		return fact.Then(d.streams, func(list []*Stream) []*Stream {
			return slices.DeleteFunc(slices.Clone(list), func(s *Stream) bool { return s.Events != events })
		})
	})
}

// streams finds them in what the app became when it was loaded. They stand on
// their routes.
func (b *builder) streams(d *Deployment) {
	if why, some := d.unseenConfig(); some { // what is in force may stand there
		d.streams = fact.Unknown[[]*Stream](why)
		return
	}
	d.streams = fact.Bind(d.Sites, func(sites []*Site) fact.Of[[]*Stream] {
		if !slices.ContainsFunc(sites, func(s *Site) bool { return len(s.Routes) > 0 }) {
			return fact.Known[[]*Stream](nil)
		}
		code := d.Server.Code
		var n fact.Notes
		if _, state := code.Look(&n); state == fact.IsAbsent {
			return fact.Known[[]*Stream](nil)
		}
		return fact.Then(code, func(a *App) []*Stream { return d.streamsOf(a, sites) })
	})
	list, _ := d.streams.Look(&b.notes)
	for _, s := range list {
		b.m.Needs[s.Node()] = []Node{s.Route.Node()}
	}
}

func (d *Deployment) streamsOf(a *App, sites []*Site) []*Stream {
	var out []*Stream
	for _, x := range a.Streams() {
		for _, s := range sites {
			if o := s.handing(x); o != nil {
				out = append(out, o)
			}
		}
	}
	return out
}

// Streams are the pages of the app that last as long as their visitor stays; no
// site hands them on yet.
func (a *App) Streams() []Stream {
	var out []Stream
	quiet := slices.Contains(a.After, "unbuffered")
	for _, r := range a.Rules {
		v := a.Views[r.Endpoint]
		x := Stream{URL: r.Rule, Place: a.Place(v)}
		switch {
		case r.Websocket || slices.Contains(v.Speaks, "websocket"):
			out = append(out, x)
		case slices.Contains(v.Speaks, "events"):
			x.Events, x.Told = true, quiet || slices.Contains(v.Speaks, "unbuffered")
			out = append(out, x)
		}
	}
	for _, e := range a.Extensions {
		if e.Name == "socketio" { // Flask-SocketIO 4 to 5: its client polls where it gets no websocket
			out = append(out, Stream{URL: "/socket.io/", Falls: true, Place: a.Source})
		}
	}
	return out
}

var variablePart = regex.New(`<[^>]*>`)

// handing is the stream where a site hands it on over HTTP; nil where it does not.
func (s *Site) handing(x Stream) *Stream {
	m := s.Server.Match(variablePart.ReplaceAllString(x.URL, "1"))
	if m.CannotTell != "" || m.Redirect != "" {
		return nil
	}
	if x.Block = m.Location; x.Block == nil {
		x.Block = s.Server
	}
	for _, r := range s.Routes {
		if r.Pass.Parent == x.Block && r.Pass.Name == "proxy_pass" {
			x.Route = r
			x.Headers = syntax.Effective(x.Block, "proxy_set_header")
			return &x
		}
	}
	return nil
}

// Sets is the header that nginx sends to the app for the stream, nil for none.
func (s *Stream) Sets(name string) *syntax.Directive {
	var out *syntax.Directive
	for _, d := range s.Headers {
		if strings.EqualFold(d.Arg(0), name) && d.Arg(1) != "" {
			out = d
		}
	}
	return out
}

// Value is a directive in force where the stream is handed on.
func (s *Stream) Value(name string) (string, fact.Source) {
	v, d := syntax.Value(s.Block, name)
	if d == nil {
		return "", fact.Source{}
	}
	return v, facts.DirectiveSource(d)
}

// Held says that nginx waits for a bufferful before it passes anything on.
func (s *Stream) Held() bool {
	if v, _ := s.Value("proxy_buffering"); v == "off" {
		return false
	}
	for _, d := range syntax.Effective(s.Block, "proxy_ignore_headers") {
		if slices.ContainsFunc(d.Args, func(a string) bool { return strings.EqualFold(a, "X-Accel-Buffering") }) {
			return true
		}
	}
	return !s.Told
}
