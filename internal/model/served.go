package model

import (
	"slices"

	"assay/internal/fact"
)

// served asks what nginx gives out of the disk in each of its blocks, also in
// those that lead to no app, and where it sends visitors.
func (b *builder) served() {
	n, state := b.m.Nginx.Look(&b.notes)
	if state != fact.IsKnown {
		return
	}
	for _, d := range b.m.Deployments {
		b.travel(d)
	}
	for _, d := range b.m.Deployments {
		b.f.Leaf(func() { b.sideDoors(d) })
	}
	for _, s := range n.Sites {
		d := b.deploymentOf(s)
		if d != nil && d.Contained() {
			continue
		}
		var a *AppServer
		if d != nil {
			a = d.Server
		}
		s.aliases, s.disclosure, s.caches = b.aliases(s), b.disclosure(s, a), b.caches(s, d)
		if x := s.disclosure; x != nil && d != nil {
			sites, _ := d.Sites.Look(&b.notes)
			x.of, x.alone = a, !slices.ContainsFunc(sites, (*Site).opens)
		}
		if d != nil {
			b.f.Leaf(func() { s.glued, s.splits, s.smuggled, s.cut = b.glued(s), b.splits(s), b.smuggle(s), b.cutOffs(s) })
		}
	}
}

// opens says that the block's first page is the app's.
func (s *Site) opens() bool {
	at := s.Server.Match("/").Location
	if at == nil {
		at = s.Server
	}
	return slices.ContainsFunc(s.Routes, func(r *Route) bool { return r.Pass.Parent == at || r.Pass.In("location") == nil })
}

// deploymentOf is the first deployment that has a block, nil for none.
func (b *builder) deploymentOf(s *Site) *Deployment {
	for _, d := range b.m.Deployments {
		sites, _ := d.Sites.Look(&b.notes)
		if slices.Contains(sites, s) {
			return d
		}
	}
	return nil
}
