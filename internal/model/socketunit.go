package model

import (
	"path"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	syntax "assay/internal/syntax/unit"
)

// SocketUnit is a socket unit that should listen where nginx finds nobody.
type SocketUnit struct {
	Name   string
	Addr   string // to which nginx hands requests
	Active string
	Load   string
	Boot   bool
	Starts string      // the service
	Listen fact.Source // its own line
	Told   fact.Source // nginx's line
}

// Subject is the unit.
func (x *SocketUnit) Subject() string { return x.Name }

// Node is its state.
func (x *SocketUnit) Node() Node { return Node("unit:" + x.Name) }

// SocketUnits are those that should listen where a deployment's nginx finds
// nobody.
func (d *Deployment) SocketUnits() fact.Of[[]*SocketUnit] {
	return of(d, func() fact.Of[[]*SocketUnit] {
		return fact.Bind(d.Sites, func([]*Site) fact.Of[[]*SocketUnit] { return d.socketUnits })
	})
}

// socketFolders are where an administrator's units lie; those of packages are
// of no app.
var socketFolders = []string{"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system"}

const maxSocketUnits = 24

// findSocketUnits looks on the disk for whoever should listen at an address of
// nginx where nobody does: a socket unit that nothing has started is not loaded,
// so systemd does not tell of it.
func (b *builder) findSocketUnits(d *Deployment) {
	d.socketUnits = fact.Known[[]*SocketUnit](nil)
	var dead []*Upstream
	sites, _ := d.Sites.Look(&b.notes)
	for _, s := range sites {
		for _, r := range s.Routes {
			for _, u := range r.Upstreams {
				if _, state := u.Listener.Look(&b.notes); state == fact.IsAbsent && !u.Remote && !u.Down {
					dead = append(dead, u)
				}
			}
		}
	}
	if len(dead) == 0 {
		return
	}
	var out []*SocketUnit
	var n fact.Notes
	for _, dir := range socketFolders {
		files, state := b.f.Glob(dir + "/*.socket").Look(&n)
		if state == fact.IsUnknown {
			d.socketUnits = fact.Unknown[[]*SocketUnit](n.Why())
			return
		}
		for _, file := range files[:min(len(files), maxSocketUnits)] {
			text, fs := b.f.File(file).Look(&n)
			if fs == fact.IsUnknown {
				d.socketUnits = fact.Unknown[[]*SocketUnit](n.Why())
				return
			}
			if x := meantFor(file, text, dead); x != nil {
				p, us := b.f.Unit(x.Name).Look(&n)
				if us == fact.IsUnknown {
					d.socketUnits = fact.Unknown[[]*SocketUnit](n.Why())
					return
				}
				b.socketState(x, p)
				if x.Active != "active" {
					out = append(out, x)
					b.m.Needs["socket:"+Node(x.Addr)] = append(b.m.Needs["socket:"+Node(x.Addr)], x.Node())
				}
			}
		}
	}
	d.socketUnits = fact.Known(out)
}

func (b *builder) socketState(x *SocketUnit, p facts.Props) {
	x.Load, x.Active = p["LoadState"], p["ActiveState"]
	x.Boot = b.atBoot(&Unit{}, p, 2)
	if t := strings.Fields(p["Triggers"]); len(t) > 0 {
		x.Starts = t[0]
	}
}

// meantFor is the socket unit of a file that should listen at one of the
// addresses.
func meantFor(file, text string, dead []*Upstream) *SocketUnit {
	for _, s := range syntax.Merge(syntax.Parse(file, text)).All("Socket", "ListenStream") {
		addr := s.Value
		switch {
		case path.IsAbs(addr):
			addr = "unix:" + strings.Replace(addr, "/var/run/", "/run/", 1)
		case !strings.Contains(addr, ":"):
			addr = "0.0.0.0:" + addr
		default:
			addr = strings.Replace(addr, "[::]:", "0.0.0.0:", 1)
		}
		for _, u := range dead {
			if SameAddr(addr, u.Addr) {
				return &SocketUnit{Name: path.Base(file), Addr: u.Addr, Told: u.Source,
					Listen: fact.Source{Where: file, Line: s.Line, Text: s.Key + "=" + s.Value}}
			}
		}
	}
	return nil
}
