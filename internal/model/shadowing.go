package model

import (
	"slices"
	"strings"

	"assay/internal/fact"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// Shadowing is a location with an add_header of its own, and what of the level
// around it that takes the place of.
type Shadowing struct {
	Path    string
	Own     *syntax.Directive
	Lost    []*syntax.Directive // those that protect
	Pass    *syntax.Directive   // that hands its requests on; nil: it serves from the disk
	Uploads bool                // it serves what visitors send in
	Plain   fact.Of[tape.HTTPReply]
	site    *Site
	loc     *syntax.Directive
}

// Subject is the site and the location.
func (x *Shadowing) Subject() string { return x.site.Subject() + x.Path }

// Node is the location's headers.
func (x *Shadowing) Node() Node { return x.site.Node() + Node("/headers"+x.Path) }

// Site is the block.
func (x *Shadowing) Site() *Site { return x.site }

// Last is the last add_header of its own.
func (x *Shadowing) Last() *syntax.Directive {
	own := x.loc.Find("add_header")
	return own[len(own)-1]
}

// protective are the headers that protect a visitor.
var protective = []string{"strict-transport-security", "content-security-policy", "x-frame-options", "x-content-type-options", "referrer-policy"}

// Shadowings are the locations whose own add_header drops one that protects.
func (d *Deployment) Shadowings() fact.Of[[]*Shadowing] {
	return fromWhole(d, func(s *Site) []*Shadowing {
		var out []*Shadowing
		for _, l := range s.Server.All("location") {
			own := l.Find("add_header")
			loc, ok := syntax.ParseLocation(l)
			if !ok || len(own) == 0 || kept(l) || len(l.Find("return", "internal")) > 0 {
				continue
			}
			x := &Shadowing{Path: loc.Path, Own: own[0], site: s, loc: l, Plain: d.plain()}
			for _, name := range passes {
				if p := l.Find(name); len(p) > 0 {
					x.Pass = p[0]
				}
			}
			x.Uploads = d.keepsUploads(l)
			if x.Lost = dropped(l, own); len(x.Lost) > 0 && !d.elsewhere(x) {
				out = append(out, x)
			}
		}
		return out
	})
}

// elsewhere says that a location hands requests to what is not the app.
func (d *Deployment) elsewhere(x *Shadowing) bool {
	return x.Pass != nil && (d.Server == nil || !slices.ContainsFunc(x.site.Routes, func(r *Route) bool {
		return r.Pass == x.Pass && (r.Opaque != "" || slices.ContainsFunc(r.Upstreams, d.holds))
	}))
}

// dropped are the protective headers of the outer level that are not said again.
// nginx 1.29.3 can merge the two (add_header_inherit).
func dropped(l *syntax.Directive, own []*syntax.Directive) []*syntax.Directive {
	if v, _ := syntax.Value(l, "add_header_inherit"); v == "merge" {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(syntax.Effective(l.Parent, "add_header")), func(d *syntax.Directive) bool {
		return !slices.Contains(protective, strings.ToLower(d.Arg(0))) || named(own, d.Arg(0)) != nil
	})
}

// keepsUploads says that a location serves a folder for what visitors send in.
func (d *Deployment) keepsUploads(l *syntax.Directive) bool {
	loc, _ := syntax.ParseLocation(l)
	dir, _ := syntax.FileFor(l, loc.Path)
	if d.Server == nil || dir == "" {
		return false
	}
	list, _ := d.Server.Uploads.Look(&fact.Notes{})
	return slices.ContainsFunc(list, func(u *Upload) bool { return under(strings.TrimSuffix(dir, "/"), u.Folder) })
}
