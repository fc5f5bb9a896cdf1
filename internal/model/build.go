package model

import (
	"net/netip"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/syntax/netfiles"
	"assay/internal/tape"
)

// builder holds what the steps of Build share.
type builder struct {
	f     *facts.Facts
	m     *Model
	notes fact.Notes // what was looked at without being judged
	units map[string]fact.Of[*Unit]
	byPID *fact.Of[map[int]Process]
}

// Build makes the model from facts. On a growing tape it is called again and
// again; what it could not read yet is then wanted by f.
func Build(f *facts.Facts) *Model {
	b := &builder{f: f, m: &Model{Needs: map[Node][]Node{}, Grew: map[Node][]Node{}}, units: map[string]fact.Of[*Unit]{}}
	if !b.machine() {
		return b.m
	}
	b.m.accounts = b.f.Accounts()
	b.m.Nginx = b.buildNginx()
	b.followLinks()
	b.m.Stores = b.stores()
	b.m.Firewall = b.firewall()
	servers := b.appServers()
	b.deployments(servers)
	b.f.Leaf(b.declare)
	if !f.Discovering() { // the sites are known, and whose they are
		for _, d := range b.m.Deployments {
			b.probe(d)
		}
		b.served()
		b.f.Leaf(b.grievances)
		b.f.Leaf(b.refusals)
		b.f.Leaf(b.logFiles)
		b.f.Leaf(b.fileSystems)
		b.m.consoles, b.m.keys = b.consoles(), b.keyFiles()
		b.m.open = b.openPorts()
		b.f.Leaf(func() { b.m.wall, b.m.bans = b.buildWall(), b.bans() })
	} else {
		later := fact.Why{Text: "not looked for yet"}
		b.m.consoles, b.m.keys = fact.Unknown[[]*Console](later), fact.Unknown[[]*KeyFile](later)
		b.m.open, b.m.wall, b.m.bans = fact.Unknown[[]*OpenPort](later), nil, fact.Unknown[[]*Bans](later)
	}
	b.f.Leaf(b.backups)
	b.f.Leaf(b.copies)
	b.m.clock = fact.Unknown[[]*Job](fact.Why{Text: "no app was found here, and its jobs were not looked for"})
	if len(b.m.Deployments) > 0 {
		b.f.Leaf(func() { b.m.clock = b.runs() })
	}
	b.f.Leaf(b.watches)
	b.f.Leaf(func() { b.m.kept = b.journalKeeping() })
	b.f.Leaf(func() { b.m.Timeline = b.happened() })
	b.m.boots = fact.Unknown[[]*BootUnit](fact.Why{Text: "not looked for yet"})
	b.m.killed = fact.Unknown[[]*Killed](fact.Why{Text: "not looked for yet"})
	if !f.Discovering() {
		b.f.Leaf(func() { b.m.boots = b.bootUnits() })
		b.f.Leaf(func() { b.m.killed = b.outOfMemory() })
		for _, d := range b.m.Deployments {
			b.f.Leaf(func() { b.account(d) })
			b.f.Leaf(func() { b.guard(d) })
			b.f.Leaf(func() { b.needed(d) })
		}
	}
	b.f.Leaf(b.renewals)
	b.f.Leaf(func() { b.m.release = b.lifetime() })
	if len(servers) > 0 {
		b.f.Leaf(func() { b.m.journald = b.f.Journal(journald) })
	}
	b.looked()
	return b.m
}

// lastWhy is the reason of the last unknown that was looked at.
func (b *builder) lastWhy() fact.Why {
	if n := len(b.notes.Whys); n > 0 {
		return b.notes.Whys[n-1]
	}
	return fact.Why{Text: "could not be read"}
}

// machine reads what the host is, and when it was looked at. Without a clock
// nothing can be judged: all ages hang on it.
func (b *builder) machine() bool {
	v, state := b.f.Visit().Look(&b.notes)
	if state != fact.IsKnown {
		why := b.lastWhy()
		b.m.Nginx, b.m.Stores = fact.Unknown[*Nginx](why), fact.Unknown[[]*Listener](why)
		b.m.Firewall = fact.Unknown[string](why)
		b.blind(why)
		return false
	}
	os, _ := b.f.OS().Look(&b.notes)
	b.m.Machine = Machine{Hostname: v.Hostname, OS: os, Now: v.Now, Boot: v.Boot, UID: v.UID, Addresses: b.addresses()}
	return true
}

func (b *builder) addresses() fact.Of[[]Address] {
	return fact.Bind(b.f.Addrs(), func(raw []tape.Addr) fact.Of[[]Address] {
		var out []Address
		for _, a := range raw {
			p, err := netip.ParsePrefix(a.CIDR)
			if err != nil {
				continue
			}
			ip := p.Addr().Unmap()
			out = append(out, Address{IP: ip.String(), Iface: a.Iface, Public: Public(ip), Local: ip.IsLoopback()})
		}
		return fact.Known(out)
	})
}

// carrierNAT is shared address space (RFC 6598): not public.
var carrierNAT = netip.MustParsePrefix("100.64.0.0/10")

// Public says that an address is neither loopback, link-local nor private.
func Public(ip netip.Addr) bool {
	return ip.IsValid() && ip.IsGlobalUnicast() && !ip.IsPrivate() && !carrierNAT.Contains(ip.Unmap())
}

// ownAddress says whether an address is one of this host's.
func (b *builder) ownAddress(ip netip.Addr) bool {
	if ip.IsLoopback() || ip.IsUnspecified() {
		return true
	}
	list, _ := b.m.Machine.Addresses.Look(&b.notes)
	return slices.ContainsFunc(list, func(a Address) bool { return a.IP == ip.Unmap().String() })
}

// looked says where deployments were searched, for the one who has none.
func (b *builder) looked() {
	b.m.Looked = []string{
		"running processes: gunicorn, uWSGI, waitress, hypercorn, uvicorn, flask run",
		"systemd services, loaded and in /etc/systemd/system",
		"nginx: " + defaultNginxMain + " with its includes, or what the running master was given with -c",
		"listening sockets",
	}
}

func (b *builder) userName(uid int) string {
	db, _ := b.f.Accounts().Look(&b.notes)
	return facts.UserName(db, uid)
}

// user finds an account by its name or number.
func (b *builder) user(name string) fact.Of[User] {
	return fact.Bind(b.f.Accounts(), func(db netfiles.Accounts) fact.Of[User] {
		u, ok := db.User(name)
		if more := b.otherAccounts(); !ok && more != "" {
			return fact.Unknown[User](fact.Why{Text: "look up user " + name + ": accounts also come from " + more + " (/etc/nsswitch.conf), which is not asked"})
		}
		if !ok {
			return fact.Absent[User](fact.Source{Where: "/etc/passwd", Text: "there is no user " + name})
		}
		return fact.Known(User{Name: u.Name, UID: u.UID, GID: u.GID, Groups: db.GroupIDs(u.Name)})
	})
}

// otherAccounts are the sources of accounts besides this host's own files, ""
// for none.
func (b *builder) otherAccounts() string {
	text, _ := b.f.File("/etc/nsswitch.conf").Look(&b.notes)
	var out []string
	for l := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(strings.TrimSpace(l), "passwd:")
		if !ok {
			continue
		}
		for _, w := range strings.Fields(rest) {
			if !slices.Contains([]string{"files", "compat", "systemd"}, w) && !strings.HasPrefix(w, "[") {
				out = append(out, w)
			}
		}
	}
	return strings.Join(out, ", ")
}
