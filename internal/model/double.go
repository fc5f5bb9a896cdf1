package model

import (
	"cmp"
	"slices"
	"strings"

	"assay/internal/fact"
)

// SharedSocket is a unix socket that several running services are told to make.
type SharedSocket struct {
	Path    string
	Servers []*AppServer // by their names
}

// Subject is the socket.
func (x *SharedSocket) Subject() string { return x.Path }

// Node is a place beside the socket's own.
func (x *SharedSocket) Node() Node { return Node("socket:unix:" + x.Path + "/makers") }

// Called is the unit of one of them, or what it is.
func (x *SharedSocket) Called(s *AppServer) string { return cmp.Or(s.UnitName(), s.displayName()) }

// SharedSockets are the sockets that two running services make. A bind removes
// the file of the other (gunicorn/sock.py, 20.1 to 23), and no error is written;
// an address of TCP is refused to the second.
func (m *Model) SharedSockets() fact.Of[[]*SharedSocket] {
	var n fact.Notes
	by := map[string]*SharedSocket{}
	if len(m.Blind) > 0 {
		return fact.Unknown[[]*SharedSocket](m.Blind[0])
	}
	for _, d := range m.Deployments {
		s := d.Server
		if s == nil || s.Container != "" || !s.Gunicorn() {
			continue
		}
		_, up := s.Master.Look(&n)
		binds, bs := s.Binds.Look(&n)
		if up == fact.IsUnknown || up == fact.IsKnown && bs == fact.IsUnknown {
			return fact.Unknown[[]*SharedSocket](n.Why())
		}
		for _, b := range binds {
			file, ok := strings.CutPrefix(b.Addr, "unix:")
			if !ok || up != fact.IsKnown || len(s.socketUnits) > 0 {
				continue
			}
			x := by[file]
			if x == nil {
				x = &SharedSocket{Path: file}
				by[file] = x
			}
			if !slices.ContainsFunc(x.Servers, func(o *AppServer) bool { return o == s || o.unitName == s.unitName && o.unitName != "" }) {
				x.Servers = append(x.Servers, s)
			}
		}
	}
	var out []*SharedSocket
	for _, file := range sortedKeys(by) {
		if x := by[file]; len(x.Servers) > 1 {
			slices.SortFunc(x.Servers, func(a, b *AppServer) int { return strings.Compare(x.Called(a), x.Called(b)) })
			out = append(out, x)
		}
	}
	return fact.Known(out)
}
