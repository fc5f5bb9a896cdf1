package model

import (
	"slices"
	"strings"

	"assay/internal/fact"
	syntax "assay/internal/syntax/nginx"
)

// Strict is a site that answers over https, with the names below its own that
// this nginx serves as well.
type Strict struct {
	*Front
	Below []*Site
	names map[*Site]string
}

// Node is the header that the site's answer carries.
func (x *Strict) Node() Node { return x.Front.Node() + "/hsts" }

// Name is the name of a site below this one's.
func (x *Strict) Name(s *Site) string { return x.names[s] }

// Stricts are the sites of a deployment that answer over https.
func (d *Deployment) Stricts() fact.Of[[]*Strict] {
	if why, some := d.unseenConfig(); some { // a block that has the name with TLS may stand there
		return fact.Unknown[[]*Strict](why)
	}
	return fact.Bind(d.Fronts(), func(fronts []*Front) fact.Of[[]*Strict] {
		var n fact.Notes
		x, _ := d.model.Nginx.Look(&n)
		var out []*Strict
		for _, f := range fronts {
			if x != nil && strings.HasPrefix(f.Endpoint, "tls:") {
				out = append(out, strict(f, x.Sites))
			}
		}
		return fact.Known(out)
	})
}

// strict finds the names below a site's own that only blocks without TLS have.
func strict(f *Front, all []*Site) *Strict {
	x := &Strict{Front: f, names: map[*Site]string{}}
	for _, s := range all {
		if s.Secure() || !slices.ContainsFunc(s.Listens, open) {
			continue
		}
		for _, n := range s.Names {
			if x.names[s] == "" && slices.ContainsFunc(f.Site.Names, func(d string) bool { return strings.HasSuffix(n, "."+d) }) && !securedBy(all, n) {
				x.names[s] = n
				x.Below = append(x.Below, s)
			}
		}
	}
	return x
}

// open says that others than this host's own programs may come in by a listen.
func open(l syntax.Listen) bool {
	return l.Unix == "" && l.Addr != "::1" && l.Addr != "localhost" && !strings.HasPrefix(l.Addr, "127.")
}

// securedBy says that some block with TLS has the name, by a pattern too.
func securedBy(all []*Site, name string) bool {
	return slices.ContainsFunc(all, func(s *Site) bool {
		return s.Secure() && slices.ContainsFunc(s.Server.Names(), func(n string) bool {
			return n == name || strings.HasPrefix(n, "~") || strings.HasPrefix(n, "*.") && strings.HasSuffix(name, n[1:]) || strings.HasPrefix(n, ".") && strings.HasSuffix("."+name, n)
		})
	})
}
