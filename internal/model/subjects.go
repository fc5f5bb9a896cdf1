package model

import (
	"fmt"
	"net/netip"
	"slices"

	"assay/internal/fact"
)

// Contained says that the app runs in a container: shown, not audited.
func (d *Deployment) Contained() bool { return d.Server != nil && d.Server.Container != "" }

// of is the list that a check asks about: unknown for an app in a container.
func of[T any](d *Deployment, list func() fact.Of[[]T]) fact.Of[[]T] {
	if d.Contained() {
		return fact.Unknown[[]T](fact.Why{Text: fmt.Sprintf("the app runs in a container (%s), which is not looked into", d.Server.Container)})
	}
	return list()
}

// fromSites makes a list of subjects out of each site.
func fromSites[T any](d *Deployment, each func(*Site) []T) fact.Of[[]T] {
	return of(d, func() fact.Of[[]T] {
		return fact.Then(d.Sites, func(sites []*Site) []T {
			var out []T
			for _, s := range sites {
				out = append(out, each(s)...)
			}
			return out
		})
	})
}

// fromWhole is fromSites where each line of nginx's configuration counts: one
// that was not seen may take the request elsewhere, refuse it, or set what is in
// force.
func fromWhole[T any](d *Deployment, each func(*Site) []T) fact.Of[[]T] {
	if why, some := d.unseenConfig(); some {
		return fact.Unknown[[]T](why)
	}
	return fromSites(d, each)
}

// StaticPlaces are the locations that nginx answers from the disk.
func (d *Deployment) StaticPlaces() fact.Of[[]*Static] {
	return fromWhole(d, func(s *Site) []*Static { return s.Statics })
}

// ProxySites are the server blocks that lead to the app.
func (d *Deployment) ProxySites() fact.Of[[]*Site] {
	return fromSites(d, func(s *Site) []*Site {
		if len(s.Routes) == 0 {
			return nil
		}
		return []*Site{s}
	})
}

// ServedNames are the names of all sites.
func (d *Deployment) ServedNames() fact.Of[[]*Name] {
	return of(d, func() fact.Of[[]*Name] {
		return fact.Then(d.Sites, func([]*Site) []*Name { return d.names })
	})
}

// SecureNames are the names as a browser asks for them, by their blocks.
func (d *Deployment) SecureNames() fact.Of[[]Secured] {
	return fact.Then(d.ServedNames(), func(names []*Name) []Secured {
		out := secured(names)
		for i := range out {
			out[i].Login = d.secureLogin()
		}
		return out
	})
}

// NamesHere is SecureNames where it is known which addresses are this host's.
func (d *Deployment) NamesHere() fact.Of[[]Secured] {
	return fact.Bind(d.model.Machine.Addresses, func([]Address) fact.Of[[]Secured] { return d.SecureNames() })
}

// Endpoints are every name at every address of TLS.
func (d *Deployment) Endpoints() fact.Of[[]*Endpoint] {
	return fact.Bind(d.ServedNames(), func(names []*Name) fact.Of[[]*Endpoint] {
		var out []*Endpoint
		var n fact.Notes
		for _, name := range names {
			list, state := name.TLS.Look(&n)
			if state == fact.IsUnknown && len(out) == 0 {
				return fact.Unknown[[]*Endpoint](n.Why())
			}
			out = append(out, list...)
		}
		return fact.Known(out)
	})
}

// Sockets are nginx's ways to unix sockets.
func (d *Deployment) Sockets() fact.Of[[]*SocketUse] {
	return of(d, func() fact.Of[[]*SocketUse] {
		return fact.Then(d.Sites, func([]*Site) []*SocketUse { return d.uses })
	})
}

// Servers is the app server, if one is known.
func (d *Deployment) Servers() fact.Of[[]*AppServer] {
	return of(d, func() fact.Of[[]*AppServer] {
		if d.Server == nil {
			return fact.Known[[]*AppServer](nil)
		}
		return fact.Known([]*AppServer{d.Server})
	})
}

// Gunicorns is the app server when it is gunicorn.
func (d *Deployment) Gunicorns() fact.Of[[]*AppServer] {
	return fact.Then(d.Servers(), func(s []*AppServer) []*AppServer {
		return slices.DeleteFunc(slices.Clone(s), func(a *AppServer) bool { return !a.Gunicorn() })
	})
}

// Units is the unit that runs the app.
func (d *Deployment) Units() fact.Of[[]*Unit] {
	return fact.Bind(d.Servers(), func(s []*AppServer) fact.Of[[]*Unit] {
		if len(s) == 0 {
			return fact.Known[[]*Unit](nil)
		}
		var n fact.Notes
		u, state := s[0].Unit.Look(&n)
		switch state {
		case fact.IsUnknown:
			return fact.Unknown[[]*Unit](n.Why())
		case fact.IsAbsent:
			return fact.Known[[]*Unit](nil)
		}
		return fact.Known([]*Unit{u})
	})
}

// ServedBy is an app server with whether a site leads to it.
type ServedBy struct {
	*AppServer
	Sites bool
}

// ServersWithSites is the app server as it is served.
func (d *Deployment) ServersWithSites() fact.Of[[]ServedBy] {
	return fact.Then(d.Servers(), func(l []*AppServer) []ServedBy {
		var out []ServedBy
		has, state := d.hasSites()
		for _, s := range l {
			out = append(out, ServedBy{s, has || state == fact.IsUnknown})
		}
		return out
	})
}

// Has says that a process is the server's master or one of its workers.
func (s *AppServer) Has(p Process) bool {
	var n fact.Notes
	m, state := s.Master.Look(&n)
	workers, _ := s.Workers.Look(&n)
	return state == fact.IsKnown && m.PID == p.PID || slices.ContainsFunc(workers, func(w Process) bool { return w.PID == p.PID })
}

// LoopbackOnly says that nobody beyond this machine can connect.
func (s *AppServer) LoopbackOnly(w fact.Witness) bool {
	own, state := s.Listens.Look(w)
	return state == fact.IsKnown && !slices.ContainsFunc(own, func(l *Listener) bool {
		ip, err := netip.ParseAddr(l.IP)
		return l.Path == "" && (err != nil || !ip.IsLoopback())
	})
}

func (d *Deployment) tcpListeners() fact.Of[[]*Listener] {
	return fact.Bind(d.Servers(), func(s []*AppServer) fact.Of[[]*Listener] {
		if len(s) == 0 {
			return fact.Known[[]*Listener](nil)
		}
		return fact.Then(s[0].Listens, func(all []*Listener) []*Listener {
			return slices.DeleteFunc(slices.Clone(all), func(l *Listener) bool { return l.Path != "" })
		})
	})
}

// Proxy is nginx as the one subject of a question, and none when there is none.
func (m *Model) Proxy() fact.Of[[]*Nginx] {
	var n fact.Notes
	x, state := m.Nginx.Look(&n)
	switch state {
	case fact.IsUnknown:
		return fact.Unknown[[]*Nginx](n.Why())
	case fact.IsAbsent:
		return fact.Known[[]*Nginx](nil)
	}
	return fact.Known([]*Nginx{x})
}

// ProxyConfig is nginx's configuration as a subject.
func (m *Model) ProxyConfig() fact.Of[[]NginxConfigSubject] {
	return fact.Then(m.Proxy(), func(l []*Nginx) []NginxConfigSubject {
		var out []NginxConfigSubject
		for _, n := range l {
			out = append(out, NginxConfigSubject{n})
		}
		return out
	})
}

// Deployment is the one that the unit serves, nil without one.
func (u *Unit) Deployment() *Deployment { return u.deployment }

// NginxUser is whom nginx's workers run as.
func (d *Deployment) NginxUser() fact.Of[User] {
	return fact.Bind(d.model.Nginx, func(n *Nginx) fact.Of[User] { return n.User })
}

// OwnGroup is the name of the group that the app's service has without Group= of
// nginx's, "" for root's and where it is not known.
func (d *Deployment) OwnGroup() string {
	var n fact.Notes
	u, state := d.Server.Unit.Look(&n)
	if state != fact.IsKnown || u.Group != "" {
		if u == nil || u.Group == "root" {
			return ""
		}
		return u.Group
	}
	who, state := u.Context.User.Look(&n)
	db, known := d.model.accounts.Look(&n)
	if state != fact.IsKnown || known != fact.IsKnown || who.GID == 0 {
		return ""
	}
	g, _ := db.GID(who.GID)
	return g.Name
}
