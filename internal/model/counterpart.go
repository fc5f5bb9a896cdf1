package model

import (
	"net/netip"
	"slices"
	"strings"

	"assay/internal/fact"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// Counterpart is the name that people type in place of a served one: with www,
// or without.
type Counterpart struct {
	Main  *Name
	Other string
	Addrs fact.Of[[]string]
	Here  string // of them the first that is this host's own
	// Shake is what a browser gets there over TLS, and Site the block that
	// answers; nil where none of the deployment's does.
	Shake fact.Of[tape.Handshake]
	Site  *Site
	At    fact.Source // the block that does
}

// Subject is the name that is typed.
func (c *Counterpart) Subject() string { return c.Other }

// Node is the other name, which stands on nginx.
func (c *Counterpart) Node() Node { return Node("typed:" + c.Other) }

// Counterparts are those of the names that are served over TLS.
func (d *Deployment) Counterparts() fact.Of[[]*Counterpart] {
	if why, some := d.unseenConfig(); some { // the other name may stand there
		return fact.Unknown[[]*Counterpart](why)
	}
	here := fact.Bind(d.ServedNames(), func([]*Name) fact.Of[[]Address] { return d.model.Machine.Addresses })
	return fact.Then(here, func([]Address) []*Counterpart { return d.typed })
}

// registries are the words between a name and its country: shop.co.uk.
var registries = []string{"co", "com", "org", "net", "ac", "gov", "edu", "or", "ne", "gob", "nom"}

// counterpart is a site's own name with www, or without; "" for names further
// down, of which nobody types the other one.
func counterpart(name string) string {
	bare, www := strings.CutPrefix(name, "www.")
	part := strings.Split(bare, ".")
	if len(part) != 2 && !(len(part) == 3 && slices.Contains(registries, part[1])) {
		return ""
	}
	if www {
		return bare
	}
	return "www." + name
}

func (b *builder) counterparts(d *Deployment) {
	n, state := b.m.Nginx.Look(&b.notes)
	if state != fact.IsKnown {
		return
	}
	var servers []*syntax.Directive
	for _, s := range n.Sites {
		servers = append(servers, s.Server)
	}
	for _, name := range d.names {
		other := counterpart(name.Name)
		if other == "" || name.Internal || !name.Served() || !name.Secure() {
			continue
		}
		if slices.ContainsFunc(n.Sites, func(s *Site) bool { return s.Secure() && slices.Contains(s.Names, other) }) {
			continue // told of as a name of its own
		}
		if slices.ContainsFunc(d.unlisted, func(u *Unlisted) bool { return u.Name == other }) {
			continue // the certificate has it, and no block does
		}
		c := &Counterpart{Main: name, Other: other, Shake: fact.Absent[tape.Handshake]()}
		x := &Name{A: b.f.DNS(other, "A"), AAAA: b.f.DNS(other, "AAAA")}
		c.Addrs = x.Addresses()
		addrs, _ := c.Addrs.Look(&b.notes)
		for _, a := range addrs {
			ip, err := netip.ParseAddr(a)
			if err != nil || c.Here != "" || !b.ownAddress(ip) {
				continue
			}
			c.Here = a
			c.Shake = b.f.TLS(netip.AddrPortFrom(ip, 443).String(), other)
			at := syntax.SelectServer(servers, a, 443, other, true)
			for _, s := range n.Sites {
				if s.Server != at.Server {
					continue
				}
				c.At = s.Source()
				if sites, _ := d.Sites.Look(&b.notes); slices.Contains(sites, s) {
					c.Site = s
				}
			}
		}
		b.m.Needs[c.Node()] = []Node{NodeNginx, name.Node()}
		d.typed = append(d.typed, c)
	}
}
