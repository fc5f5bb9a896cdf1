package model

import (
	"net/netip"
	"slices"

	"assay/internal/fact"
)

// Port80 is port 80 of a name at one address of this host: an authority that asks
// over HTTP comes there (RFC 8555, 8.3), whatever redirects afterwards.
type Port80 struct {
	Name    *Name
	Addr    string
	Lineage string        // of the certificate that is renewed by it
	HTTP    fact.Of[bool] // it is renewed over HTTP
	Gate    fact.Of[Gate] // what the host's own firewall does with port 80
	TLS     fact.Of[Gate] // and with port 443
}

// Subject is the name with the port.
func (x *Port80) Subject() string { return x.Name.Name + " at " + x.Addr }

// Node is the way in.
func (x *Port80) Node() Node { return Node("door:" + x.Subject()) }

// Ports80 are those of the names whose certificates this nginx serves, one for
// each address.
func (d *Deployment) Ports80() fact.Of[[]*Port80] {
	return fact.Then(d.ServedNames(), func([]*Name) []*Port80 { return d.doors })
}

func (b *builder) findDoors(d *Deployment) {
	for _, n := range d.names {
		ends, _ := n.TLS.Look(&b.notes)
		for _, e := range ends {
			at, err := netip.ParseAddrPort(e.Addr)
			if err != nil || e.File == nil || e.File.Lineage == "" || slices.ContainsFunc(d.doors, func(o *Port80) bool { return o.Addr == at.Addr().String() }) {
				continue
			}
			d.doors = append(d.doors, &Port80{Name: n, Addr: at.Addr().String(), Lineage: e.File.Lineage, HTTP: e.File.HTTP, TLS: e.Gate,
				Gate: b.gate(e, at.Addr(), 80)})
		}
	}
}
