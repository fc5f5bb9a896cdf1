package model

import (
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/tape"
)

// Surface is one place where the app can be asked over HTTP: a site, or its own
// address without the proxy.
type Surface struct {
	Endpoint string // tcp:ADDR:PORT, tls:ADDR:PORT, unix:PATH
	Host     string
	Direct   bool   // straight to the app
	Site     *Site  // nil: straight to the app
	Path     string // that is asked for
	Reply    fact.Of[tape.HTTPReply]
	Debugger fact.Of[tape.HTTPReply]
	of       string
}

// debuggerPath asks Werkzeug's debugger for its own script: it is served to any
// Host and without the PIN (werkzeug/debug/__init__.py, DebuggedApplication, 2.2
// to 3.1), and nothing else answers it.
const debuggerPath = "/?__debugger__=yes&cmd=resource&f=debugger.js"

// Subject is where it is asked.
func (s *Surface) Subject() string {
	if s.Direct {
		return strings.TrimPrefix(s.Endpoint, "tcp:")
	}
	return s.Host
}

// URL is where it is asked, as a person says it.
func (s *Surface) URL() string {
	switch kind, addr, _ := strings.Cut(s.Endpoint, ":"); {
	case kind == "unix":
		return s.Endpoint
	case s.Direct:
		return "http://" + addr
	case kind == "tls":
		return "https://" + s.Host
	}
	return "http://" + s.Host
}

// Curl asks for a path there, from this host.
func (s *Surface) Curl(path string) string {
	kind, addr, _ := strings.Cut(s.Endpoint, ":")
	switch {
	case kind == "unix":
		return "sudo curl -s --unix-socket " + addr + " 'http://" + s.Host + path + "'"
	case s.Direct:
		return "curl -s 'http://" + addr + path + "'"
	case kind == "tls":
		return "curl -sk --connect-to ::" + addr + " 'https://" + s.Host + path + "'"
	}
	return "curl -s --connect-to ::" + addr + " 'http://" + s.Host + path + "'"
}

// Node is the app.
func (s *Surface) Node() Node { return Node("surface:" + s.of + ":" + s.Subject()) }

const maxSurfaces = 6

// probe asks what can only be asked once a deployment is known.
func (b *builder) probe(d *Deployment) {
	if d.Contained() {
		return
	}
	sites, _ := d.Sites.Look(&b.notes)
	d.names = b.names(sites)
	for _, s := range sites {
		for _, st := range s.Statics {
			b.sample(st, d)
		}
	}
	for _, s := range sites {
		if len(s.Routes) > 0 && len(d.surfaces) < maxSurfaces {
			end, host := s.Endpoint()
			sf := b.surface(d, end, host, false)
			sf.Site = s
			d.surfaces = append(d.surfaces, sf)
		}
	}
	d.uses = b.socketUses(d, sites)
	b.f.Leaf(func() { b.findSocketUnits(d) })
	d.leaves = b.leaves(d.names)
	b.secureEdges(d)
	b.findDoors(d)
	b.points(d)
	b.unlisted(d)
	b.f.Leaf(func() { b.counterparts(d); b.overSix(d) })
	d.Database = fact.Absent[*Store]()
	if d.Server != nil {
		b.direct(d)
	}
	b.meet(d)
	b.linked(d)
	b.crossings(d)
	b.pages(d)
	if d.Server == nil {
		return
	}
	d.Server.Sessions = b.sessions(d)
	d.Server.Leaks, d.Server.History = b.leaks(d.Server, b.f.Leaks), b.leaks(d.Server, b.f.History)
	if d.Server.Gunicorn() {
		b.f.Leaf(func() { d.Server.packaged = b.packageOf(d.Server) })
	}
	d.debug = b.debugVariable(d.Server)
	d.flaskEnv = b.flaskEnv(d.Server)
	d.asset = b.asset(d.Server)
	b.servedUploads(d)
	b.f.Leaf(func() { b.uploadWays(d) })
	b.f.Leaf(func() { d.spilt = b.spilt(d) })
	b.strangers(d)
	b.forwarded(d)
	if d.Server.Development() {
		d.Server.App = b.target(d.Server)
	}
	d.Database = d.Server.mainDatabase()
	b.edges(d)
	b.addressEdges(d)
	b.storeEdges(d)
	b.streams(d)
	b.f.Leaf(func() {
		d.dotenvs, d.takers, d.relay = b.dotenvs(d), b.takers(d.Server), b.relay(d.Server)
		d.pins, d.procs = b.pins(d.Server), b.f.Procs()
	})
	b.f.Leaf(func() { d.Server.backends = b.backends(d.Server) })
	b.f.Leaf(func() { b.throws(d) })
	b.f.Leaf(func() { b.spots(d) })
}

func (b *builder) surface(d *Deployment, end, host string, direct bool) *Surface {
	return &Surface{Endpoint: end, Host: host, Direct: direct, of: d.Name, Path: "/",
		Reply: b.f.HTTP(end, host, "/"), Debugger: b.f.HTTP(end, host, debuggerPath)}
}

// direct asks the app at its own sockets, with the name that visitors use.
func (b *builder) direct(d *Deployment) {
	host := "localhost"
	if n := d.Names(); len(n) > 0 {
		host = n[0]
	}
	own, _ := d.Server.Listens.Look(&b.notes)
	for _, l := range own {
		if l.stream() && len(d.surfaces) < maxSurfaces {
			d.surfaces = append(d.surfaces, b.surface(d, l.Endpoint(), host, true))
		}
		l.Reach = b.reach(l)
	}
}

// edges says what stands on what: a socket on its app server, that on its unit.
func (b *builder) edges(d *Deployment) {
	s := d.Server
	unit, _ := s.Unit.Look(&b.notes)
	if unit != nil {
		if a, state := s.Loaded.Look(&b.notes); state == fact.IsKnown {
			unit.Mended = a.Error == nil && a.Ended == "" && a.Callable
		}
		b.m.Needs[s.Node()] = append(b.m.Needs[s.Node()], unit.Node())
		b.m.Needs[unit.Node()] = append(b.m.Needs[unit.Node()], s.CodeNode())
		b.m.Needs[s.CodeNode()] = append(b.m.Needs[s.CodeNode()], unit.ExecNode()) // by which program it is loaded
		b.staleEdges(d, unit)
	} else {
		b.m.Needs[s.Node()] = append(b.m.Needs[s.Node()], s.CodeNode())
	}
	own, _ := s.Listens.Look(&b.notes)
	binds, _ := s.Binds.Look(&b.notes)
	for _, l := range own {
		b.m.Needs[l.Node()] = append(b.m.Needs[l.Node()], s.Node())
	}
	for _, x := range binds {
		n := Node("socket:" + x.Addr)
		if !slices.Contains(b.m.Needs[n], s.Node()) {
			b.m.Needs[n] = append(b.m.Needs[n], s.Node())
		}
		if x.Problem != "" { // it may have been meant to be any of those that nginx names
			b.meant(d)
		}
	}
	if unit != nil && len(binds) == 0 && unit.Fallen() { // where it would listen is not to be read
		b.meant(d)
	}
	for _, sf := range d.surfaces {
		b.m.Needs[sf.Node()] = []Node{s.Node()}
	}
}

// meant lets the addresses on which nobody listens stand on the app server.
func (b *builder) meant(d *Deployment) {
	sites, _ := d.Sites.Look(&b.notes)
	for _, s := range sites {
		for _, r := range s.Routes {
			for _, u := range r.Upstreams {
				if _, state := u.Listener.Look(&b.notes); state == fact.IsAbsent && !u.Remote && !slices.Contains(b.m.Needs[u.Node()], d.Server.Node()) {
					b.m.Needs[u.Node()] = append(b.m.Needs[u.Node()], d.Server.Node())
				}
			}
		}
	}
}

// SocketUse is nginx's way to an app's unix socket.
type SocketUse struct {
	Upstream *Upstream
	Route    *Route
	Server   *AppServer    // nil: none is known
	User     fact.Of[User] // of nginx's workers
	Groups   []string      // that /etc/group gives that user and its workers have not taken
	Access   fact.Of[tape.AccessReport]
}

// Subject is the socket.
func (u *SocketUse) Subject() string { return u.Upstream.Addr }

// Node is nginx's access to it, which stands on the socket.
func (u *SocketUse) Node() Node { return Node("access:" + u.Upstream.Addr) }

func (b *builder) socketUses(d *Deployment, sites []*Site) []*SocketUse {
	var out []*SocketUse
	for _, s := range sites {
		for _, r := range s.Routes {
			for _, u := range r.Upstreams {
				file, ok := strings.CutPrefix(u.Addr, "unix:")
				if !ok || u.Down || slices.ContainsFunc(out, func(o *SocketUse) bool { return o.Upstream.Addr == u.Addr }) {
					continue
				}
				x := &SocketUse{Upstream: u, Route: r, Server: d.Server, Access: b.nginxAccess(file, "connect"),
					User: fact.Bind(b.m.Nginx, func(n *Nginx) fact.Of[User] { return n.User })}
				x.Groups = b.enrolled(x.User)
				b.m.Needs[x.Node()] = []Node{u.Node(), NodeNginx}
				b.m.Needs[r.Node()] = append(b.m.Needs[r.Node()], x.Node())
				out = append(out, x)
			}
		}
	}
	return out
}

// enrolled are the groups that the files give a user now. Processes keep those
// that they had when they started.
func (b *builder) enrolled(of fact.Of[User]) []string {
	u, _ := of.Look(&b.notes)
	db, state := b.f.Accounts().Look(&b.notes)
	if state != fact.IsKnown {
		return nil
	}
	var out []string
	for _, gid := range db.GroupIDs(u.Name) {
		if g, ok := db.GID(gid); ok && !slices.Contains(u.Groups, gid) && gid != u.GID {
			out = append(out, g.Name)
		}
	}
	return out
}
