package model

import (
	"net/netip"
	"strings"

	"assay/internal/fact"
	"assay/internal/syntax/nft"
)

// throughFirewall asks the host's own rules whether a connection from anywhere
// reaches the listener. What a provider's firewall in front does is not seen
// from here.
func (b *builder) throughFirewall(l *Listener, target netip.Addr, r Reach) fact.Of[Reach] {
	rules := b.f.Firewall()
	var n fact.Notes
	set, state := rules.Look(&n)
	switch state {
	case fact.IsUnknown:
		return fact.Unknown[Reach](n.Why())
	case fact.IsAbsent:
		r.Open, r.By = true, "this host has no firewall rules"
		return fact.Known(r)
	}
	if target.IsUnspecified() {
		target = netip.MustParseAddr("198.51.100.1") // any address that no rule names (RFC 5737)
	}
	d := set.Evaluate(nft.Connection{Proto: strings.TrimSuffix(l.Proto, "6"), Addr: target, Port: l.Port, Iface: b.iface(target)})
	src := fact.Source{Where: "nft list ruleset", Text: d.Why}
	if d.Rule != nil {
		src.Text = d.Rule.String()
	}
	switch d.Verdict {
	case nft.Unknown:
		return fact.Unknown[Reach](fact.Why{Text: "judge the firewall's rules for " + l.Addr + ": " + d.Why, Hint: "try from another machine: nc -vz " + target.String() + " ..."})
	case nft.Accepted:
		r.Open, r.By = true, "the firewall lets it through"
		if d.Chain == "" {
			r.By = "no firewall rule stands in the way"
		}
	default:
		r.By = "dropped in " + d.Chain
	}
	return fact.Known(r, src)
}

func (b *builder) iface(ip netip.Addr) string {
	var n fact.Notes
	own, _ := b.m.Machine.Addresses.Look(&n)
	for _, a := range own {
		if a.IP == ip.String() {
			return a.Iface
		}
	}
	return ""
}

// shut is the firewall's word when no visitor gets in.
const shut = "drops port 443"

// firewall says in words what stands between the network and this host.
func (b *builder) firewall() fact.Of[string] {
	var n fact.Notes
	set, state := b.f.Firewall().Look(&n)
	switch state {
	case fact.IsUnknown:
		return fact.Unknown[string](n.Why())
	case fact.IsAbsent:
		return fact.Known("no rules")
	}
	d := set.Evaluate(nft.Connection{Proto: "tcp", Addr: netip.MustParseAddr("198.51.100.1"), Port: 443})
	e := set.Evaluate(nft.Connection{Proto: "tcp", Addr: netip.MustParseAddr("198.51.100.1"), Port: 47653})
	switch {
	case d.Verdict == nft.Dropped:
		return fact.Known(shut)
	case e.Verdict == nft.Dropped:
		return fact.Known("lets 443 through, drops the rest")
	case d.Chain == "" && e.Chain == "":
		return fact.Known("no rules")
	}
	return fact.Known("lets everything through")
}
