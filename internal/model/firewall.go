package model

import (
	"net/netip"

	"assay/internal/fact"
)

func (b *builder) throughFirewall(l *Listener, target netip.Addr, r Reach) fact.Of[Reach] {
	r.Open = true
	return fact.Known(r)
}
