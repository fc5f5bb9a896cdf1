package model

import (
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/syntax/netfiles"
	"assay/internal/tape"
)

// UnixSocket is a unix socket on which the app takes requests, with who else
// may send some.
type UnixSocket struct {
	Path   string
	Server *AppServer
	// Open is whether a user who is in no group may connect.
	Open fact.Of[tape.AccessReport]
	Stat fact.Of[tape.Stat]
	// Others are the people and the other apps that have an account here.
	Others fact.Of[[]string]
	// ByUnit is the socket unit that makes it, "" where gunicorn does.
	ByUnit string
}

// Subject is the socket.
func (x *UnixSocket) Subject() string { return "unix:" + x.Path }

// Node is the socket.
func (x *UnixSocket) Node() Node { return Node("socket:unix:" + x.Path) }

// UnixSockets are those on which the app takes requests.
func (d *Deployment) UnixSockets() fact.Of[[]*UnixSocket] {
	return fact.Bind(d.Gunicorns(), func(l []*AppServer) fact.Of[[]*UnixSocket] {
		if len(l) == 0 {
			return fact.Known[[]*UnixSocket](nil)
		}
		return fact.Then(l[0].Listens, func([]*Listener) []*UnixSocket {
			for _, x := range l[0].sockets {
				x.Others = d.model.otherPeople(d)
			}
			return l[0].sockets
		})
	})
}

func (b *builder) unixSockets(s *AppServer) []*UnixSocket {
	var out []*UnixSocket
	own, _ := s.Listens.Look(&b.notes)
	for _, l := range own {
		if !strings.HasPrefix(l.Path, "/") {
			continue
		}
		x := &UnixSocket{Path: l.Path, Server: s, Stat: b.f.Stat(l.Path, false), Open: b.f.Access(l.Path, "connect", stranger)}
		if u, state := s.Unit.Look(&b.notes); state == fact.IsKnown && slices.Contains(u.listens, l.Addr) {
			for _, t := range u.Triggers {
				if strings.HasSuffix(t, ".socket") {
					x.ByUnit = t
				}
			}
		}
		out = append(out, x)
	}
	return out
}

// firstPerson is the first uid of a person's account (login.defs, UID_MIN).
const firstPerson, lastPerson = 1000, 59999

// otherPeople are the accounts besides a deployment's own that have a shell and
// are not root's already, and those of the other apps.
func (m *Model) otherPeople(d *Deployment) fact.Of[[]string] {
	return fact.Bind(m.accounts, func(db netfiles.Accounts) fact.Of[[]string] {
		own, _ := d.Server.User.Look(&fact.Notes{})
		var out []string
		for _, u := range db.Users {
			person := u.UID >= firstPerson && u.UID <= lastPerson && !strings.HasSuffix(u.Shell, "nologin") && !strings.HasSuffix(u.Shell, "/false") && u.Shell != ""
			if person && u.UID != own.UID && !mayBeRoot(db, u.Name) {
				out = append(out, u.Name)
			}
		}
		for _, o := range m.Deployments {
			if o == d || o.Server == nil {
				continue
			}
			u, state := o.Server.User.Look(&fact.Notes{})
			if state == fact.IsKnown && u.UID != 0 && u.UID != own.UID && !slices.Contains(out, u.Name) {
				out = append(out, u.Name)
			}
		}
		return fact.Known(out)
	})
}

// rootGroups are those whose members are root, or can be (Debian).
var rootGroups = []string{"sudo", "wheel", "admin", "docker", "lxd", "disk", "incus-admin", "libvirt"}

func mayBeRoot(db netfiles.Accounts, name string) bool {
	for _, gid := range db.GroupIDs(name) {
		if g, ok := db.GID(gid); ok && slices.Contains(rootGroups, g.Name) {
			return true
		}
	}
	return false
}
