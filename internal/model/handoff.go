package model

import (
	"slices"
	"strings"

	"assay/internal/fact"
	syntax "assay/internal/syntax/nginx"
)

// Handoff is a route whose address holds variables: who fills them.
type Handoff struct {
	*Route
	Choices []syntax.Choice
	Doubt   string // why a part of the address is not known
	Kept    bool   // not everybody may ask
	Inner   bool   // nobody can ask: only the app leads there, by X-Accel-Redirect
}

// Node is the location.
func (x *Handoff) Node() Node { return x.Route.Node() + "/address" }

// Handoffs are the routes of a deployment with variables in their address.
func (d *Deployment) Handoffs() fact.Of[[]*Handoff] {
	return fromSites(d, handoffs)
}

// StrayHandoffs are those of blocks that no deployment has.
func (m *Model) StrayHandoffs() fact.Of[[]*Handoff] {
	return fact.Then(m.strays(), func(sites []*Site) []*Handoff {
		var out []*Handoff
		for _, s := range sites {
			out = append(out, handoffs(s)...)
		}
		return out
	})
}

func handoffs(s *Site) []*Handoff {
	var n fact.Notes
	cfg, _ := s.nginx.Config.Look(&n)
	var out []*Handoff
	for _, r := range s.Routes {
		if !r.Variable() {
			continue
		}
		x := &Handoff{Route: r, Kept: kept(r.Pass), Inner: inner(r.Pass)}
		x.Choices, x.Doubt = cfg.Choices(r.Pass)
		if len(cfg.Unseen) > 0 { // the block that takes other names may be what was not seen
			before := len(x.Choices)
			x.Choices = slices.DeleteFunc(x.Choices, func(c syntax.Choice) bool { return c.From == "$host" })
			if len(x.Choices) < before {
				x.Doubt = cfg.Unseen[0].Text
			}
		}
		out = append(out, x)
	}
	return out
}

// inner says that a location is internal and that no rewrite, error page or
// try_files of its server leads there with what a client sent.
func inner(pass *syntax.Directive) bool {
	loc := pass.In("location")
	if loc == nil || len(loc.Find("internal")) == 0 {
		return false
	}
	l, _ := syntax.ParseLocation(loc)
	begin := strings.TrimLeft(l.Path, "^")
	if i := strings.IndexAny(begin, `([.*+?\$`); l.IsRegex() && i >= 0 {
		begin = begin[:i]
	}
	server := pass.In("server")
	for _, name := range []string{"rewrite", "try_files", "error_page", "auth_request", "mirror"} {
		for _, d := range server.All(name) {
			for i, to := range d.Args {
				head, _, _ := strings.Cut(to, "$")
				if name == "rewrite" && i != 1 || head == "" || !strings.Contains(to, "$") {
					continue
				}
				if strings.HasPrefix(head, begin) || strings.HasPrefix(begin, head) && head != "/" {
					return false
				}
			}
		}
	}
	return true
}
