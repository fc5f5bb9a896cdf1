package model

import (
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"

	"assay/internal/fact"
	syntax "assay/internal/syntax/unit"
)

// Obstacle is what keeps a service from listening where it is told to.
type Obstacle struct {
	Text    string // "this host does not have the address 10.9.8.7"
	Sources []fact.Source
	Bind    Bind
	Folder  string // of a unix socket, which is not there
}

// firstFree is the first port that is not root's own
// (net.ipv4.ip_unprivileged_port_start).
const firstFree = 1024

// obstacle looks for what stands in the way of a service that does not run:
// gunicorn 20.1 only says that it cannot connect.
func (b *builder) obstacle(u *Unit, binds []Bind) (Obstacle, bool) {
	if u.Running() && !u.Looping() {
		return Obstacle{}, false
	}
	for _, x := range binds {
		o := Obstacle{Sources: []fact.Source{x.Source}, Bind: x}
		if file, ok := strings.CutPrefix(x.Addr, "unix:"); ok {
			if x.Problem == "" && b.noFolder(u, path.Dir(file)) {
				o.Folder = path.Dir(file)
				o.Text = "the folder " + path.Dir(file) + " does not exist, and nothing makes it at the start"
				return o, true
			}
			continue
		}
		switch ip, port, ok := hostPort(x.Addr); {
		case x.Problem != "":
			o.Text = x.Problem
			return o, true
		case !ok:
		case !b.ownAddress(ip) && b.addressesKnown():
			o.Text = "this host does not have the address " + ip.String()
			return o, true
		case port > 0 && port < firstFree && u.userOrRoot() != "root" && !b.mayBindLow(u):
			o.Text = "ports below " + strconv.Itoa(firstFree) + " are for root, and it runs as " + u.userOrRoot()
			return o, true
		}
	}
	return Obstacle{}, false
}

func (b *builder) addressesKnown() bool {
	_, state := b.m.Machine.Addresses.Look(&b.notes)
	return state == fact.IsKnown
}

func hostPort(addr string) (netip.Addr, int, bool) {
	host, port, ok := cutPort(addr)
	if host == "localhost" {
		host = "127.0.0.1"
	}
	ip, err := netip.ParseAddr(host)
	n, err2 := strconv.Atoi(port)
	return ip, n, ok && err == nil && err2 == nil
}

// noFolder says that a socket's folder is not there, and that systemd does not
// make it when the unit starts.
func (b *builder) noFolder(u *Unit, dir string) bool {
	t, state := u.Files.Look(&b.notes)
	if state != fact.IsKnown || slices.Contains(t.RuntimeDirs(), dir) {
		return false
	}
	absent := false
	b.f.Leaf(func() {
		_, s := b.f.Stat(dir, false).Look(&b.notes)
		absent = s == fact.IsAbsent
	})
	return absent
}

// mayBindLow says that the unit gives the right to listen below firstFree.
func (b *builder) mayBindLow(u *Unit) bool {
	t, state := u.Files.Look(&b.notes)
	if state != fact.IsKnown {
		return true
	}
	return slices.ContainsFunc(t.All("Service", "AmbientCapabilities"), func(s syntax.Setting) bool {
		return strings.Contains(strings.ToUpper(s.Value), "CAP_NET_BIND_SERVICE")
	})
}

// hindered notes what keeps the unit of a gunicorn from running.
func (b *builder) hindered(u *Unit, s *AppServer) {
	binds, _ := s.Binds.Look(&b.notes)
	if o, found := b.obstacle(u, binds); found {
		u.obstacle = &o
	}
	var n fact.Notes
	if v, state := s.Setting("daemon").Look(&n); state == fact.IsKnown && len(v) > 0 && v[0] == "True" && len(n.Sources) > 0 {
		u.leaves = &n.Sources[0]
	}
}

// GoesAway says, with its place, that gunicorn is told to leave its own process
// behind and go on in the background.
func (u *Unit) GoesAway() (fact.Source, bool) {
	if u.leaves == nil {
		return fact.Source{}, false
	}
	return *u.leaves, true
}

// Blocked is the obstacle of a service that does not run.
func (u *Unit) Blocked() (Obstacle, bool) {
	if u.obstacle == nil {
		return Obstacle{}, false
	}
	return *u.obstacle, true
}
