package model

import (
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/tape"
)

// Addressed is an app with the addresses that visitors type to come to it.
type Addressed struct {
	*AppServer
	Names  []string                // that are handed to the app
	Paths  []string                // the locations that are
	Lost   []string                // names under which the app itself finds no page at /
	Direct fact.Of[tape.HTTPReply] // what it answers without nginx, under the first name
	Asked  []fact.Of[tape.HTTPReply]
}

// Node is the address as the app understands it.
func (a *Addressed) Node() Node { return a.AddressNode() }

// AddressNode is the address as the app understands it.
func (s *AppServer) AddressNode() Node { return Node("address:" + s.Name) }

// Addresseds is the app, where some site leads to it.
func (d *Deployment) Addresseds() fact.Of[[]*Addressed] {
	return of(d, func() fact.Of[[]*Addressed] {
		return fact.Then(d.Sites, func(sites []*Site) []*Addressed {
			if d.Server == nil || d.Server.Idle {
				return nil
			}
			a := &Addressed{AppServer: d.Server, Direct: fact.Absent[tape.HTTPReply]()}
			for _, s := range sites {
				for _, r := range s.Routes {
					a.Paths = append(a.Paths, r.Path)
				}
				for _, n := range s.Names {
					if len(s.Routes) > 0 && !slices.Contains(a.Names, n) && !strings.ContainsAny(n, "*~") {
						a.Names = append(a.Names, n)
					}
				}
			}
			if len(a.Paths) == 0 {
				return nil
			}
			var n fact.Notes
			if _, state := d.Server.Listens.Look(&n); state == fact.IsUnknown {
				a.Direct = fact.Unknown[tape.HTTPReply](n.Why())
			}
			for _, sf := range d.surfaces {
				if sf.Direct {
					a.Direct = sf.Reply
					continue
				}
				a.Asked = append(a.Asked, sf.Reply)
				if r, _ := sf.Reply.Look(&n); r.Status == 404 {
					a.Lost = append(a.Lost, sf.Host)
				}
			}
			return []*Addressed{a}
		})
	})
}

// addressEdges: an app that has a page for one Host alone stands on the ways that
// hand it another one.
func (b *builder) addressEdges(d *Deployment) {
	a, _ := d.Server.Code.Look(&b.notes)
	ways, _ := d.HandedOn().Look(&b.notes)
	for _, x := range ways {
		if a != nil && a.MatchesHost() && x.Host != "" {
			b.m.Needs[d.Server.AddressNode()] = append(b.m.Needs[d.Server.AddressNode()], x.Node())
		}
	}
}

// Concurrent is how many processes serve the app, as it is told or as it runs.
func (s *AppServer) Concurrent() fact.Of[int] {
	return fact.Bind(s.Want, func(n int) fact.Of[int] {
		var notes fact.Notes
		live, _ := s.Workers.Look(&notes)
		return fact.Known(max(n, len(live)))
	})
}
