package model

import (
	"fmt"
	"slices"

	"assay/internal/fact"
)

// Exposure is one port of one program with every socket on it: "*" is two
// sockets, one for each kind of address, and one mistake.
type Exposure struct {
	Program   string // "" for an app server
	Port      int
	Listeners []*Listener
	Server    *AppServer // nil for a datastore
	Proxied   bool       // some site leads to the app
}

// Subject names program and port.
func (x *Exposure) Subject() string {
	if x.Program == "" {
		return fmt.Sprintf("port %d", x.Port)
	}
	return fmt.Sprintf("%s, port %d", x.Program, x.Port)
}

// Node is the port as seen from outside.
func (x *Exposure) Node() Node { return Node("open:" + x.Subject()) }

func exposures(all []*Listener) []*Exposure {
	var out []*Exposure
	for _, l := range all {
		i := slices.IndexFunc(out, func(x *Exposure) bool { return x.Program == l.Program && x.Port == l.Port })
		if i < 0 {
			i = len(out)
			out = append(out, &Exposure{Program: l.Program, Port: l.Port})
		}
		out[i].Listeners = append(out[i].Listeners, l)
	}
	return out
}

// Datastores are the datastores that listen on TCP or UDP.
func (m *Model) Datastores() fact.Of[[]*Exposure] { return fact.Then(m.Stores, exposures) }

// AppServerPorts are the app server's TCP ports.
func (d *Deployment) AppServerPorts() fact.Of[[]*Exposure] {
	return fact.Then(d.tcpListeners(), func(all []*Listener) []*Exposure {
		out := exposures(all)
		has, _ := d.hasSites()
		for _, x := range out {
			x.Server, x.Proxied = d.Server, has
		}
		return out
	})
}

// Unit is the service that holds the port, "" when that is not known.
func (x *Exposure) Unit() string {
	if p, ok := x.holder(); ok {
		return serviceOf(p.Cgroup)
	}
	return ""
}

func (x *Exposure) holder() (Process, bool) {
	for _, l := range x.Listeners {
		var n fact.Notes
		if held, _ := l.Holders.Look(&n); len(held) > 0 {
			return held[0], true
		}
	}
	return Process{}, false
}

// StartedBy is the line that starts the app server, where one is known.
func (s *AppServer) StartedBy() (fact.Source, bool) {
	var n fact.Notes
	u, state := s.Unit.Look(&n)
	if state != fact.IsKnown || u.Context.ProgramAt.Where == "" {
		return fact.Source{}, false
	}
	return u.Context.ProgramAt, true
}
