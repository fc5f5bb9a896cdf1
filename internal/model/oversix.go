package model

import (
	"net/netip"
	"slices"

	"assay/internal/fact"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// OverSix is a name with addresses of this host of both kinds: what a visitor
// gets by the one, and by the other.
type OverSix struct {
	*Name
	Addr4, Addr6 string
	Secure, Open fact.Of[Both] // on port 443 and on port 80; Absent: no block has the name there
}

// Both is one question over IPv4 and over IPv6.
type Both struct {
	Four, Six   tape.HTTPReply
	Cert4       string // the certificate that is served; "" without TLS
	Cert6       string
	At4, At6    fact.Source // the block that answers
	Shut        bool        // the host's own firewall drops IPv6 there, and not IPv4
	By          string
	Unreachable bool // no handshake over IPv6
}

// Node is the name over IPv6, which stands on nginx.
func (x *OverSix) Node() Node { return Node("six:" + x.Name.Name) }

// Sixes are the names with a AAAA record that leads to this host.
func (d *Deployment) Sixes() fact.Of[[]*OverSix] {
	if why, some := d.unseenConfig(); some {
		return fact.Unknown[[]*OverSix](why)
	}
	here := fact.Bind(d.ServedNames(), func(names []*Name) fact.Of[[]Address] {
		for _, n := range names {
			var notes fact.Notes
			if _, state := n.Addresses().Look(&notes); state == fact.IsUnknown && !n.Internal {
				return fact.Unknown[[]Address](notes.Why())
			}
		}
		return d.model.Machine.Addresses
	})
	return fact.Then(here, func([]Address) []*OverSix { return d.sixes })
}

func (b *builder) overSix(d *Deployment) {
	n, state := b.m.Nginx.Look(&b.notes)
	if state != fact.IsKnown {
		return
	}
	for _, name := range d.names {
		x := &OverSix{Name: name}
		addrs, _ := name.Addresses().Look(&b.notes)
		for _, a := range addrs {
			ip, err := netip.ParseAddr(a)
			switch {
			case err != nil || !b.ownAddress(ip):
			case ip.Is4() && x.Addr4 == "":
				x.Addr4 = a
			case ip.Is6() && x.Addr6 == "":
				x.Addr6 = a
			}
		}
		twin := slices.ContainsFunc(d.sixes, func(o *OverSix) bool {
			return slices.Equal(o.Sites, name.Sites) && o.Addr4 == x.Addr4 && o.Addr6 == x.Addr6
		})
		if name.Internal || twin || x.Addr4 == "" || x.Addr6 == "" {
			continue
		}
		x.Secure, x.Open = b.both(n, x, 443), b.both(n, x, 80)
		b.m.Needs[x.Node()] = []Node{NodeNginx, name.Node()}
		d.sixes = append(d.sixes, x)
	}
}

// both asks for a name's first page over each kind of address.
func (b *builder) both(n *Nginx, x *OverSix, port int) fact.Of[Both] {
	secure, kind := port == 443, "tcp:"
	if secure {
		kind = "tls:"
	}
	if !slices.ContainsFunc(x.Sites, func(s *Site) bool { return s.takes(map[bool]string{true: "https", false: "http"}[secure], port) }) {
		return fact.Absent[Both]()
	}
	four, six := netip.AddrPortFrom(netip.MustParseAddr(x.Addr4), uint16(port)).String(), netip.AddrPortFrom(netip.MustParseAddr(x.Addr6), uint16(port)).String()
	v := Both{At4: b.blockFor(n, x.Addr4, port, x.Name.Name), At6: b.blockFor(n, x.Addr6, port, x.Name.Name)}
	r4, r6 := b.f.HTTP(kind+four, x.Name.Name, "/"), b.f.HTTP(kind+six, x.Name.Name, "/")
	gate := b.gate(&Endpoint{Own: true}, netip.MustParseAddr(x.Addr6), port)
	out := fact.Bind(r4, func(a tape.HTTPReply) fact.Of[Both] {
		return fact.Then(r6, func(c tape.HTTPReply) Both { v.Four, v.Six = a, c; return v })
	})
	out = fact.Bind(out, func(v Both) fact.Of[Both] {
		var notes fact.Notes
		g, state := gate.Look(&notes)
		if state == fact.IsUnknown {
			return fact.Unknown[Both](notes.Why())
		}
		v.Shut, v.By = g.Shut, g.By
		return fact.Known(v)
	})
	if !secure {
		return out
	}
	return fact.Bind(out, func(v Both) fact.Of[Both] {
		return fact.Bind(b.f.TLS(four, x.Name.Name), func(s4 tape.Handshake) fact.Of[Both] {
			return fact.Then(b.f.TLS(six, x.Name.Name), func(s6 tape.Handshake) Both {
				if len(s4.Chain) > 0 && len(s6.Chain) > 0 {
					v.Cert4, v.Cert6 = s4.Chain[0], s6.Chain[0]
				}
				v.Unreachable = s6.Error != ""
				return v
			})
		})
	})
}

// blockFor is the block that answers for a name at an address; Where is "" for
// none.
func (b *builder) blockFor(n *Nginx, ip string, port int, name string) fact.Source {
	var servers []*syntax.Directive
	for _, s := range n.Sites {
		servers = append(servers, s.Server)
	}
	at := syntax.SelectServer(servers, ip, port, name, port == 443)
	for _, s := range n.Sites {
		if s.Server == at.Server {
			return s.Source()
		}
	}
	return fact.Source{}
}

// Differs says how what IPv6 brings is not what IPv4 does, "" where it is.
func (v Both) Differs() string {
	moved := v.Four.Get("location") != v.Six.Get("location")
	switch {
	case v.At4 == v.At6 || v.At6.Where == "" || v.Six.Error != "" && v.Six.Status == 0:
		return ""
	case v.Cert4 != v.Cert6:
		return "another certificate, and "
	case v.Four.Status == v.Six.Status && !moved:
		return ""
	}
	return "another site: "
}
