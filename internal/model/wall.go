package model

import (
	"net/netip"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/syntax/nft"
)

// Wall is what the host's own firewall does with a port that nothing is said of.
type Wall struct {
	Serves   bool              // some app is served from here
	Public   fact.Of[[]string] // the addresses by which strangers come, one for each kind
	Passes   map[string]fact.Of[bool]
	Keepers  []*Keeper
	Declared fact.Of[string] // of a firewall in front
}

// Subject is the host's firewall.
func (w *Wall) Subject() string { return "firewall" }

// Node is the host's firewall.
func (w *Wall) Node() Node { return Node("firewall") }

// Keeper is a service that loads rules when the machine starts.
type Keeper struct {
	Unit  string
	File  string
	Boots fact.Of[bool] // systemd starts it with the machine
	Shuts fact.Of[bool] // its file drops what nothing is said of
	Line  fact.Source
}

// unlisted is a port that nobody has a rule for.
const unlistedPort = 47653

// Walls is the host's firewall, as the one subject of a question.
func (m *Model) Walls() fact.Of[[]*Wall] {
	if m.wall == nil {
		return fact.Unknown[[]*Wall](fact.Why{Text: "not looked for yet"})
	}
	return fact.Known([]*Wall{m.wall})
}

func (b *builder) buildWall() *Wall {
	w := &Wall{Passes: map[string]fact.Of[bool]{}, Declared: b.m.Declared.Firewall,
		Serves: slices.ContainsFunc(b.m.Deployments, func(d *Deployment) bool { return d.Server != nil && !d.Server.Idle })}
	w.Public = fact.Then(b.m.Machine.Addresses, func(own []Address) []string {
		var out []string
		for _, v6 := range []bool{false, true} {
			for _, a := range own {
				if a.Public && strings.Contains(a.IP, ":") == v6 {
					out = append(out, a.IP)
					break
				}
			}
		}
		return out
	})
	addrs, _ := w.Public.Look(&b.notes)
	for _, a := range addrs {
		w.Passes[a] = b.passes(netip.MustParseAddr(a))
	}
	for _, k := range []struct{ unit, file, word string }{
		{"nftables.service", "/etc/nftables.conf", ""}, {"ufw.service", "/etc/ufw/ufw.conf", "ENABLED=yes"},
	} {
		keeper := &Keeper{Unit: k.unit, File: k.file}
		keeper.Shuts = fact.Then(b.f.File(k.file), func(text string) bool { return keeper.reads(text, k.word) })
		keeper.Boots = fact.Then(b.f.Unit(k.unit), func(p facts.Props) bool { return p["UnitFileState"] == "enabled" })
		w.Keepers = append(w.Keepers, keeper)
	}
	return w
}

// passes asks the rules about a port that none of them names.
func (b *builder) passes(ip netip.Addr) fact.Of[bool] {
	rules := b.f.Firewall()
	var n fact.Notes
	set, state := rules.Look(&n)
	switch state {
	case fact.IsUnknown:
		return fact.Unknown[bool](n.Why())
	case fact.IsAbsent:
		return fact.Known(true, fact.Source{Where: "nft list ruleset", Text: "there are no rules"})
	}
	d := set.Evaluate(nft.Connection{Proto: "tcp", Addr: ip, Port: unlistedPort, Iface: b.iface(ip)})
	if d.Verdict == nft.Unknown {
		return fact.Unknown[bool](fact.Why{Text: "judge the firewall's rules for " + ip.String() + ": " + d.Why, Hint: "sudo nft list ruleset"})
	}
	text := d.Why
	if d.Chain != "" {
		text = d.Chain + ": " + d.Why
	}
	return fact.Known(d.Verdict == nft.Accepted, fact.Source{Where: "nft list ruleset", Text: text})
}

// reads says whether a keeper's file shuts the host: ufw drops by default once
// it is on; a file of nftables says so in a chain of its own.
func (k *Keeper) reads(text, word string) bool {
	n, input := 0, false
	for l := range strings.Lines(text) {
		n++
		l = strings.TrimSpace(l)
		if strings.HasPrefix(l, "#") {
			continue
		}
		input = input || strings.Contains(l, "hook input")
		if word != "" && strings.EqualFold(l, word) || word == "" && input && (strings.Contains(l, "policy drop") || l == "drop" || strings.HasPrefix(l, "reject")) {
			k.Line = fact.Source{Where: k.File, Line: n, Text: l}
			return true
		}
		if l == "}" {
			input = false
		}
	}
	return false
}
