package model

import (
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/regex"
)

// BootUnit is what a request needs of this host besides the app's own unit, and
// what starts it with the machine.
type BootUnit struct {
	Name string // nginx, PostgreSQL, the firewall, the app
	Unit *Unit  // nil: no unit does
	// Session is the login session in which it was started by hand.
	Session string
	Process fact.Source
	Needed  bool // without it no page is served
	of      string
}

// Subject is what it is.
func (x *BootUnit) Subject() string { return x.Name }

// Node is a place of its own: it works until the next boot.
func (x *BootUnit) Node() Node { return Node("boot:" + x.of + x.Name) }

// BootUnits are what the deployments need after a boot.
func (m *Model) BootUnits() fact.Of[[]*BootUnit] { return m.boots }

// session is a login session's control group (systemd-logind).
var session = regex.New(`(?:^|/)(session-[a-z]?\d+\.scope)(?:/|$)`)

// bootUnits looks for who starts what the requests need. The app's own unit has
// a check of its own.
func (b *builder) bootUnits() fact.Of[[]*BootUnit] {
	var out []*BootUnit
	var n fact.Notes
	add := func(name, of, unit string, needed bool) {
		u, state := b.unit(unit).Look(&n)
		if state == fact.IsKnown && u.Load == "loaded" && !slices.ContainsFunc(out, func(x *BootUnit) bool { return x.Unit != nil && x.Unit.Name == unit }) {
			out = append(out, &BootUnit{Name: name, Unit: u, Needed: needed, of: of})
		}
	}
	served := false
	for _, d := range b.m.Deployments {
		if d.Server == nil || d.Contained() || d.Server.Idle {
			continue
		}
		served = true
		if m, up := d.Server.Master.Look(&n); up == fact.IsKnown {
			if _, us := d.Server.Unit.Look(&n); us == fact.IsAbsent {
				if s := session.FindStringSubmatch(m.Cgroup); s != nil {
					out = append(out, &BootUnit{Name: d.Name, Session: s[1], Process: facts.ProcSource(m), Needed: true, of: "app:"})
				}
			}
		}
		stores, _ := d.Server.Stores.Look(&n)
		for _, st := range stores {
			if unit := b.holderUnit(st, &n); unit != "" {
				add(st.Kind, "store:", unit, st.SQLKind())
			}
		}
	}
	if !served {
		return fact.Known[[]*BootUnit](nil)
	}
	if x, state := b.m.Nginx.Look(&n); state == fact.IsKnown {
		m, up := x.Master.Look(&n)
		if serves, _ := x.Serves().Look(&n); up == fact.IsKnown && serves && container(m) == "" {
			if unit := serviceOf(m.Cgroup); unit != "" {
				add("nginx", "", unit, true)
			}
		}
	}
	b.firewallUnit(add)
	if n.Blind() { // what was not seen may be what does not come up
		return fact.Unknown[[]*BootUnit](n.Why())
	}
	return fact.Known(out)
}

// holderUnit is the unit of a store on this host, by the process that listens.
func (b *builder) holderUnit(st *Store, n *fact.Notes) string {
	if !st.Local || st.Kind == "SQLite" {
		return ""
	}
	l, state := st.Listen.Look(n)
	if state != fact.IsKnown || l == nil {
		return ""
	}
	procs, _ := l.Holders.Look(n)
	for _, p := range procs {
		if u := serviceOf(p.Cgroup); u != "" && container(p) == "" {
			return u
		}
	}
	return ""
}

// firewallUnits are what loads rules at boot, by what they are called in
// Debian; the first that is there and active or has a file counts.
var firewallUnits = []string{"ufw.service", "firewalld.service", "nftables.service", "netfilter-persistent.service"}

// firewallUnit notes the unit of the firewall where rules are loaded and none of
// those units comes up with the machine.
func (b *builder) firewallUnit(add func(name, of, unit string, needed bool)) {
	said, state := b.m.Firewall.Look(&b.notes)
	if state != fact.IsKnown || !strings.HasSuffix(said, "drops the rest") {
		return
	}
	var there []string
	for _, name := range firewallUnits {
		u, us := b.unit(name).Look(&b.notes)
		if us == fact.IsUnknown || us == fact.IsKnown && u.Load == "loaded" && u.AtBoot() {
			return
		}
		if us == fact.IsKnown && u.Load == "loaded" {
			there = append(there, name)
		}
	}
	if len(there) > 0 {
		add("the firewall", "", there[0], false)
	}
}
