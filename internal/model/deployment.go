package model

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"assay/internal/fact"
)

// mayBeLeftOver: where no process was seen, another service may have the place
// of a unit that does not run.
func (b *builder) mayBeLeftOver(s *AppServer) {
	var n fact.Notes
	if _, state := b.f.Procs().Look(&n); state != fact.IsUnknown {
		return
	}
	if u, state := s.Unit.Look(&fact.Notes{}); state == fact.IsKnown {
		u.unseen = append(u.unseen, n.Why())
	}
}

// servedByOthers says that each site of a unit that neither runs nor is enabled
// is another's that runs.
func servedByOthers(d *Deployment, own []*Site, list []*Deployment, joined map[*Deployment][]*Site) bool {
	return !slices.ContainsFunc(own, func(s *Site) bool {
		return !slices.ContainsFunc(list, func(o *Deployment) bool {
			var n fact.Notes
			_, state := o.Server.Master.Look(&n)
			return o != d && !o.Server.Idle && state == fact.IsKnown && slices.Contains(joined[o], s)
		})
	})
}

// deployments joins app servers to the sites that hand requests to them.
func (b *builder) deployments(servers []*AppServer) {
	sites := fact.Known[[]*Site](nil)
	var notes fact.Notes
	n, state := b.m.Nginx.Look(&notes)
	var all []*Site
	switch state {
	case fact.IsUnknown:
		sites = fact.Unknown[[]*Site](notes.Why())
	case fact.IsKnown:
		all = n.Sites
		cfg, cs := n.Config.Look(&notes)
		switch {
		case cs == fact.IsUnknown:
			sites = fact.Unknown[[]*Site](notes.Why())
		case cs == fact.IsKnown && len(cfg.Unseen) > 0:
			sites = fact.Unknown[[]*Site](cfg.Unseen[0])
		}
	}
	if sites, s := sites.Look(&notes); s == fact.IsUnknown && len(sites) == 0 && notes.Blind() {
		b.blind(notes.Why())
	}
	var list []*Deployment
	for _, s := range servers {
		list = append(list, &Deployment{Server: s, model: b.m, Sites: sites})
	}
	joined := b.join(list, all)
	if why, hidden := b.hiddenWay(all, joined); hidden {
		sites = fact.Unknown[[]*Site](why)
		_, _ = sites.Look(&notes)
		b.blind(why)
	}
	for _, d := range list {
		own := joined[d]
		if d.Server.Idle {
			b.mayBeLeftOver(d.Server)
		}
		if d.Server.Idle && len(own) > 0 && servedByOthers(d, own, list, joined) {
			continue // a unit that is left over, with the address of the one that runs
		}
		if len(own) > 0 {
			d.Sites = fact.Known(withSiblings(own, all))
		} else if d.Sites = sites; state != fact.IsUnknown && !notes.Blind() {
			d.Sites = b.unclaimed(d, all, joined)
		}
		if d.Server.Idle && len(own) == 0 {
			continue
		}
		b.m.Deployments = append(b.m.Deployments, d)
		if u, known := d.Server.Unit.Look(&fact.Notes{}); known == fact.IsKnown {
			u.deployment = d
		}
	}
	for _, s := range b.orphans(all, joined) {
		if len(b.m.Blind) > 0 {
			break // its app server may be what was not seen
		}
		b.m.Deployments = append(b.m.Deployments, &Deployment{model: b.m, Sites: fact.Known(withSiblings([]*Site{s}, all))})
	}
	if n != nil {
		n.serves = fact.Then(sites, func([]*Site) bool { return false })
		if slices.ContainsFunc(b.m.Deployments, func(d *Deployment) bool { return d.Uses(NodeNginx) }) {
			n.serves = fact.Known(true)
		}
	}
	b.nameAll()
}

// nameAll gives each deployment a name that stays the same over restarts.
func (b *builder) nameAll() {
	used := map[string]int{}
	for _, d := range b.m.Deployments {
		d.Name = d.baseName()
		if used[d.Name]++; used[d.Name] > 1 {
			d.Name += "-" + strconv.Itoa(used[d.Name])
		}
		if d.Server != nil {
			d.Server.Name = d.Name
		}
	}
	slices.SortStableFunc(b.m.Deployments, func(x, y *Deployment) int { return strings.Compare(x.Name, y.Name) })
}

func (d *Deployment) baseName() string {
	var n fact.Notes
	if s := d.Server; s != nil {
		if s.unitName != "" && (s.Container == "") {
			if _, state := s.Unit.Look(&n); state != fact.IsAbsent {
				return s.withoutRelease(strings.TrimSuffix(s.unitName, ".service"))
			}
		}
		if cwd, state := s.Cwd.Look(&n); state == fact.IsKnown && cwd != "/" && cwd != "" {
			return path.Base(strings.TrimSuffix(cwd, " (deleted)"))
		}
	}
	if names := d.Names(); len(names) > 0 {
		return names[0]
	}
	if d.Server != nil && d.Server.App != "" {
		return d.Server.App
	}
	if d.Server != nil {
		return d.Server.Kind
	}
	return "site"
}

// withoutRelease is what an app with a unit for each of its releases is called: a
// waiver, or a report to compare with, is not of one release.
func (s *AppServer) withoutRelease(name string) string {
	app, release, ok := strings.Cut(name, "@")
	if cwd, state := s.Cwd.Look(&fact.Notes{}); ok && app != "" && state == fact.IsKnown && strings.HasSuffix(cwd, "/releases/"+release) {
		return app
	}
	return name
}

// Names are the names that the deployment is served under.
func (d *Deployment) Names() []string {
	var n fact.Notes
	sites, _ := d.Sites.Look(&n)
	var out []string
	for _, s := range sites {
		for _, name := range s.Names {
			if !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out
}
