package facts

import (
	"assay/internal/fact"
	"assay/internal/syntax/nft"
	"assay/internal/tape"
)

// Firewall is the ruleset as loaded in the kernel; Absent where there is no nft
// to ask and the older iptables holds no table either.
func (f *Facts) Firewall() fact.Of[*nft.Ruleset] {
	return Remember(f, "nft", func() fact.Of[*nft.Ruleset] {
		a := tape.Ask{Kind: tape.KindCommand, Name: "nft"}
		v, why, ok := f.answer(a)
		switch {
		case !ok:
			return fact.Unknown[*nft.Ruleset](why)
		case v.Status == tape.Absent:
			return f.withoutNft(a)
		case v.Exit != 0:
			return fact.Unknown[*nft.Ruleset](fact.Why{Text: "list the firewall's rules: " + short(v.Stderr), Hint: "run with sudo", Ask: a})
		}
		r, err := nft.Parse([]byte(v.Body))
		if err != nil {
			return fact.Unknown[*nft.Ruleset](fact.Why{Text: err.Error(), Ask: a})
		}
		// nft 1.0.6 prints {"xt": null} for what iptables-nft's conntrack, multiport
		// and addrtype matches ask, and ufw is made of them; its text says it.
		text := tape.Ask{Kind: tape.KindCommand, Name: "nft-text"}
		plain, why, ok := f.answer(text)
		if !ok {
			return fact.Unknown[*nft.Ruleset](why)
		}
		r.AddText(plain.Body)
		return fact.Known(r, fact.Source{Where: "nft list ruleset", Ask: a})
	})
}

// withoutNft: the kernel names the tables of the older iptables in /proc; an
// empty list, or none, means that nothing filters there.
func (f *Facts) withoutNft(a tape.Ask) fact.Of[*nft.Ruleset] {
	return fact.Bind(f.File("/proc/net/ip_tables_names"), func(names string) fact.Of[*nft.Ruleset] {
		if names == "" {
			return f.withoutTables(a)
		}
		return fact.Unknown[*nft.Ruleset](fact.Why{Text: "list the firewall's rules: they are iptables' own, and there is no nft to read them", Hint: "install nftables", Ask: a})
	})
}

// withoutTables: today's iptables fills the tables of nftables, which only nft
// lists (iptables-nft(8)).
func (f *Facts) withoutTables(a tape.Ask) fact.Of[*nft.Ruleset] {
	return fact.Bind(f.Glob("/usr/sbin/xtables-nft-multi"), func(found []string) fact.Of[*nft.Ruleset] {
		if len(found) == 0 {
			return fact.Absent[*nft.Ruleset]()
		}
		return fact.Unknown[*nft.Ruleset](fact.Why{Text: "list the firewall's rules: iptables is here, and there is no nft to list what it made", Hint: "install nftables", Ask: a})
	})
}
