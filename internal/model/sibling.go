package model

import (
	"path"
	"strings"

	"assay/internal/fact"
	syntax "assay/internal/syntax/nginx"
)

// Glued is a prefix location without a slash at its end that serves a folder
// named without one: what follows the prefix is glued to the folder's name, so
// "/static" + ".bak" is the neighbour "static.bak".
type Glued struct {
	Path   string // of the location
	Dir    string // the folder, without a slash at its end
	Alias  bool   // by alias; else by root
	Source fact.Source
	// Beside are the neighbours that nginx may read, with the path that a
	// visitor asks for.
	Beside fact.Of[[]Neighbour]
	loc    *syntax.Directive
	site   *Site
}

// Neighbour is a file or folder beside the one that is meant.
type Neighbour struct{ Path, URL string }

// Subject is the site and the location.
func (g *Glued) Subject() string { return g.site.Subject() + g.Path }

// Node is the location.
func (g *Glued) Node() Node { return g.site.Node() + Node("/glued"+g.Path) }

// Site is the block.
func (g *Glued) Site() *Site { return g.site }

// Block is the location itself.
func (g *Glued) Block() fact.Source { return directiveSource(g.loc) }

// GluedPlaces are the locations of a deployment that also take the neighbours of
// their folder.
func (d *Deployment) GluedPlaces() fact.Of[[]*Glued] {
	return fromWhole(d, func(s *Site) []*Glued { return s.glued })
}

const maxNeighbours = 8

func (b *builder) glued(s *Site) []*Glued {
	var out []*Glued
	for _, d := range s.Server.All("location") {
		l, ok := syntax.ParseLocation(d)
		if !ok || l.Modifier != "" && l.Modifier != "^~" || strings.HasSuffix(l.Path, "/") || handsOn(d) || handlesItself(d) || kept(d) || len(d.Find("internal")) > 0 {
			continue
		}
		to := d.Find("alias", "root")
		dir, ok := syntax.FileFor(d, l.Path)
		if len(to) == 0 || !ok || strings.HasSuffix(dir, "/") || strings.ContainsAny(dir, "*?[") {
			continue
		}
		last := to[len(to)-1]
		g := &Glued{Path: l.Path, Dir: dir, Alias: last.Name == "alias", Source: directiveSource(last), loc: d, site: s}
		b.m.Needs[g.Node()] = []Node{NodeNginx}
		g.Beside = b.neighbours(g)
		out = append(out, g)
	}
	return out
}

func (b *builder) neighbours(g *Glued) fact.Of[[]Neighbour] {
	return fact.Bind(b.f.Glob(g.Dir+"?*"), func(list []string) fact.Of[[]Neighbour] {
		var out []Neighbour
		var n fact.Notes
		for _, p := range list[:min(len(list), maxNeighbours)] {
			x := Neighbour{p, g.Path + strings.TrimPrefix(p, g.Dir)}
			st, _ := b.f.Stat(p, false).Look(&n)
			want := "r"
			if st.Type == "dir" || st.Type == "link" {
				want = "x"
			}
			if m := g.site.Server.Match(x.URL); m.Location != g.loc || m.CannotTell != "" || hidden(path.Base(p)) {
				continue
			}
			if r, _ := b.nginxAccess(p, want).Look(&n); r.OK {
				out = append(out, x)
			}
		}
		if len(out) == 0 && n.Blind() {
			return fact.Unknown[[]Neighbour](n.Why())
		}
		return fact.Known(out, n.Sources...)
	})
}
