package model

import (
	"net/url"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// Showing is an app's pages as browsers get them, with the headers of whoever
// sets them: the app, nginx, or both.
type Showing struct {
	Name   string
	Pages  []*Page
	Away   []string      // of the names, those that lead to other machines, which may add headers
	Server *AppServer    // nil: none is known
	HTTPS  fact.Of[bool] // the app takes a request over TLS for one
}

// Subject is the app.
func (x *Showing) Subject() string { return x.Name }

// Node is what comes with the app's pages.
func (x *Showing) Node() Node { return Node("pages:" + x.Name) }

// Showings is the app, if some site leads to it.
func (d *Deployment) Showings() fact.Of[[]*Showing] {
	return of(d, func() fact.Of[[]*Showing] {
		here := fact.Bind(d.Sites, func([]*Site) fact.Of[[]Address] { return d.model.Machine.Addresses }) // a page of another machine is none
		return fact.Then(here, func([]Address) []*Showing {
			x := &Showing{Name: d.Name, Server: d.Server, HTTPS: d.knowsHTTPS()}
			for _, p := range append(slices.Clone(d.pages), d.arrivals()...) {
				if p.Surface.Site == nil {
					continue
				}
				i := slices.IndexFunc(d.points, func(o *Points) bool { return o.Name.Name == p.Surface.Host })
				if i >= 0 && len(d.points[i].away()) > 0 {
					x.Away = append(x.Away, p.Surface.Host)
					continue
				}
				x.Pages = append(x.Pages, p)
			}
			if len(x.Pages)+len(x.Away) == 0 {
				return nil
			}
			return []*Showing{x}
		})
	})
}

// arrivals are the pages on which a visitor ends who types a name of the site,
// and is sent on from its first page.
func (d *Deployment) arrivals() []*Page {
	var out []*Page
	for _, n := range d.names {
		for _, j := range n.journeys {
			last := j.Steps[len(j.Steps)-1]
			u, err := url.Parse(last.From)
			if j.End != JourneyArrives || err != nil || u.Path == "/" {
				continue
			}
			for _, s := range d.fronts() {
				known := slices.ContainsFunc(append(out, d.pages...), func(p *Page) bool { return p.Surface == s && p.Path == u.RequestURI() })
				if s.Host == u.Hostname() && !known && strings.HasPrefix(s.Endpoint, "tls:") == (u.Scheme == "https") {
					out = append(out, &Page{Surface: s, Path: u.RequestURI(), Reply: last.Reply})
				}
			}
		}
	}
	return out
}

// knowsHTTPS says that nginx tells the app of TLS, and that the app or its server
// takes its word.
func (d *Deployment) knowsHTTPS() fact.Of[bool] {
	if d.Server == nil || d.forwarded == nil {
		return fact.Known(false)
	}
	if why, some := d.unseenConfig(); some {
		return fact.Unknown[bool](why)
	}
	if !slices.ContainsFunc(d.forwarded.Ways, func(w *Approach) bool { return slices.Contains(w.Gets("X-Forwarded-Proto").Entries, Fixed) }) {
		return fact.Known(false)
	}
	believes := fact.Bind(d.Server.Code, (*App).Believes)
	return fact.Bind(believes, func(trusts []tape.Trust) fact.Of[bool] {
		switch {
		case slices.ContainsFunc(trusts, func(t tape.Trust) bool { return t.Into == "scheme" }):
			return fact.Known(true)
		case !d.Server.Gunicorn():
			return fact.Known(false)
		case len(d.uses) > 0: // gunicorn trusts whoever comes to a unix socket (20.1 to 25)
			return fact.Known(true)
		}
		return fact.Bind(d.Peerings(), func(all []*Peering) fact.Of[bool] {
			for _, x := range all {
				return fact.Then(x.Allow, func(list []string) bool { return slices.Contains(list, "*") || slices.Contains(list, x.Peer) })
			}
			return fact.Known(false)
		})
	})
}

// Internal says that the page's name is not in the public DNS by design.
func (p *Page) Internal() bool { return internalName(p.Surface.Host) }

// Adds are the lines by which nginx adds a header to the page. lost are those
// that stand further out, and that the add_header lines of an inner block put
// out of force.
func (p *Page) Adds(header string) (lines, lost []fact.Source) {
	if p.Surface.Site == nil {
		return nil, nil
	}
	block := p.Surface.Site.Server
	if at := block.Match(strings.SplitN(p.Path, "?", 2)[0]); at.Location != nil {
		block = at.Location
	}
	force := syntax.Effective(block, "add_header")
	for b := block; b != nil; b = b.Parent {
		for _, d := range b.Find("add_header") {
			switch {
			case !strings.EqualFold(d.Arg(0), header):
			case slices.Contains(force, d):
				lines = append(lines, facts.DirectiveSource(d))
			default:
				lost = append(lost, facts.DirectiveSource(d))
			}
		}
	}
	return lines, lost
}

// Extended says that an extension of a class is set up in the app.
func (a *App) Extended(class string) bool {
	return slices.ContainsFunc(a.Extensions, func(e tape.Extension) bool { return e.Class == class })
}

// Changes is a route by which the app's forms change something.
func (a *App) Changes() (tape.AppRule, bool) {
	for _, r := range a.Rules {
		for _, m := range []string{"POST", "PUT", "PATCH", "DELETE"} {
			if slices.Contains(r.Methods, m) {
				return r, true
			}
		}
	}
	return tape.AppRule{}, false
}
