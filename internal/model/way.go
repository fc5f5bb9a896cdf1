package model

import (
	"slices"
	"strconv"
	"strings"

	"assay/internal/fact"
	"assay/internal/tape"
)

// Way is the routes of one site that end in the same place, together with the
// app server that this should be.
type Way struct {
	*Route            // the one for /, else the first
	Also   []*Route   // other locations with the same address
	Server *AppServer // nil: none is known
	Plain  fact.Of[tape.HTTPReply]
}

// Where is the way in the words of a visitor: shop.example, or with a path
// where the site's root is not part of it.
func (w *Way) Where() string {
	if w.Path == "/" {
		return w.site.Subject()
	}
	return w.site.Subject() + " " + w.Path
}

// ProxiedRoutes are the ways that requests are handed on.
func (d *Deployment) ProxiedRoutes() fact.Of[[]*Way] {
	seen := map[string]bool{} // a site's blocks for port 80 and 443 may say the same
	return fromSites(d, func(s *Site) []*Way {
		var out []*Way
		for _, r := range s.Routes {
			i := slices.IndexFunc(out, func(w *Way) bool { return w.Pass.Name == r.Pass.Name && w.Pass.Arg(0) == r.Pass.Arg(0) })
			switch {
			case i < 0:
				out = append(out, &Way{Route: r, Server: d.Server, Plain: d.plain()})
			case r.Path == "/":
				out[i].Also, out[i].Route = append(out[i].Also, out[i].Route), r
			default:
				out[i].Also = append(out[i].Also, r)
			}
		}
		return slices.DeleteFunc(out, func(w *Way) bool {
			key := w.Where() + " " + w.Pass.Name + w.Pass.Arg(0)
			twin := seen[key]
			seen[key] = true
			return twin
		})
	})
}

// plain is what the app itself answers to HTTP.
func (d *Deployment) plain() fact.Of[tape.HTTPReply] {
	for _, sf := range d.surfaces {
		if sf.Direct {
			return sf.Reply
		}
	}
	return fact.Of[tape.HTTPReply]{}
}

// Beside says that another location of the same site leads to the app: this one
// is then meant for the program that holds its address.
func (w *Way) Beside(addr string) bool {
	var n fact.Notes
	binds, _ := w.Server.Binds.Look(&n)
	return slices.ContainsFunc(w.site.Routes, func(r *Route) bool {
		return slices.ContainsFunc(r.Upstreams, func(u *Upstream) bool {
			if u.Addr == addr {
				return false
			}
			l, _ := u.Listener.Look(&n)
			if l == nil {
				return slices.ContainsFunc(binds, func(b Bind) bool { return SameAddr(b.Addr, u.Addr) })
			}
			held, _ := l.Holders.Look(&n)
			return slices.ContainsFunc(held, w.Server.Has)
		})
	})
}

// PlainToTLS is the listen of nginx's own that takes TLS alone, where a way
// speaks http to it.
func (w *Way) PlainToTLS(u *Upstream) fact.Source {
	if u.Protocol != "http" {
		return fact.Source{}
	}
	return w.SpeaksTLS(u)
}

// SpeaksTLS is the block of this nginx that speaks TLS where a way leads;
// Where is "" for none.
func (w *Way) SpeaksTLS(u *Upstream) fact.Source {
	if u.Remote {
		return fact.Source{}
	}
	for _, s := range w.site.nginx.Sites {
		if !s.listensAt(u.Addr) {
			continue
		}
		for _, l := range s.Listens {
			if l.TLS && !l.QUIC && strings.HasSuffix(u.Addr, ":"+strconv.Itoa(l.Port)) {
				return s.Source()
			}
		}
	}
	return fact.Source{}
}
