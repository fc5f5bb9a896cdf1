package model

import (
	"slices"
	"strings"

	"assay/internal/fact"
)

// claimed says that some deployment has the site.
func claimed(s *Site, joined map[*Deployment][]*Site) bool {
	for _, own := range joined {
		if slices.Contains(own, s) {
			return true
		}
	}
	return false
}

// unclaimed: no site leads to the app, unless its addresses are not known and
// some site leads to nobody that is, or a variable says where some site leads.
func (b *builder) unclaimed(d *Deployment, sites []*Site, joined map[*Deployment][]*Site) fact.Of[[]*Site] {
	for _, s := range sites {
		for _, r := range s.Routes {
			if r.Opaque != "" && !claimed(s, joined) {
				return fact.Unknown[[]*Site](fact.Why{Text: "see where " + r.Subject() + " leads: " + r.Opaque + " holds a variable", Hint: "a value that a map or set gives by word would be seen"})
			}
		}
	}
	var n fact.Notes
	if _, state := d.Server.Binds.Look(&n); state != fact.IsUnknown {
		return fact.Known[[]*Site](nil)
	}
	for _, s := range sites {
		taken := claimed(s, joined)
		if len(s.Routes) > 0 && !taken {
			return fact.Unknown[[]*Site](n.Why())
		}
	}
	return fact.Known[[]*Site](nil)
}

// join maps each deployment to the sites with a route to it.
func (b *builder) join(list []*Deployment, sites []*Site) map[*Deployment][]*Site {
	out := map[*Deployment][]*Site{}
	add := func(d *Deployment, s *Site) {
		if !slices.Contains(out[d], s) {
			out[d] = append(out[d], s)
		}
	}
	for _, s := range sites {
		for _, r := range s.Routes {
			for _, u := range r.Upstreams {
				for _, d := range list {
					if b.leadsTo(u, d.Server) {
						u.server = d.Server
						add(d, s)
					}
				}
			}
		}
	}
	for range maxHops { // through a block of nginx's own
		for _, d := range list {
			for _, s := range sites {
				if s.handsTo(out[d]) {
					add(d, s)
				}
			}
		}
	}
	b.pairLeftOvers(list, sites, out, add)
	return out
}

// handsTo says that a block hands requests to one of others, in the same nginx.
func (s *Site) handsTo(others []*Site) bool {
	return slices.ContainsFunc(s.Routes, func(r *Route) bool {
		return slices.ContainsFunc(r.Upstreams, func(u *Upstream) bool {
			return !u.Remote && !u.Down && slices.ContainsFunc(others, func(o *Site) bool { return o != s && o.listensAt(u.Addr) })
		})
	})
}

// leadsTo says that an upstream's address is the app server's: it holds the
// socket, or it is told to bind it.
func (b *builder) leadsTo(u *Upstream, s *AppServer) bool {
	l, state := u.Listener.Look(&b.notes)
	if state == fact.IsKnown {
		own, _ := s.Listens.Look(&b.notes)
		if slices.ContainsFunc(own, func(o *Listener) bool { return o.Addr == l.Addr }) {
			return true
		}
		held, hs := l.Holders.Look(&b.notes)
		if hs == fact.IsKnown && len(held) > 0 && strings.Contains(held[0].Comm, "docker-proxy") {
			return s.Container != ""
		}
	}
	binds, _ := s.Binds.Look(&b.notes)
	if slices.ContainsFunc(binds, func(x Bind) bool { return SameAddr(x.Addr, u.Addr) }) {
		return true
	}
	return slices.ContainsFunc(s.socketUnits, func(a string) bool { return SameAddr(a, u.Addr) })
}

// SameAddr compares a bind with an upstream: a wildcard bind takes any address
// of this host, and localhost is 127.0.0.1.
func SameAddr(bind, up string) bool {
	if bind == up {
		return true
	}
	bh, bp, ok1 := cutPort(bind)
	uh, upPort, ok2 := cutPort(up)
	if !ok1 || !ok2 || bp != upPort {
		return false
	}
	if uh == "localhost" {
		uh = "127.0.0.1"
	}
	if bh == "localhost" {
		bh = "127.0.0.1"
	}
	return bh == uh || bh == "0.0.0.0" || bh == "::"
}

func cutPort(addr string) (host, port string, ok bool) {
	if strings.HasPrefix(addr, "unix:") {
		return "", "", false
	}
	i := strings.LastIndexByte(addr, ':')
	if i < 0 {
		return "", "", false
	}
	return strings.Trim(addr[:i], "[]"), addr[i+1:], true
}

// pairLeftOvers joins a site whose upstream nobody listens on to an app server
// that no site leads to: the two ends of one broken way. Only where there is no
// doubt: one of each, or the site serves files from the app's own folder.
func (b *builder) pairLeftOvers(list []*Deployment, sites []*Site, joined map[*Deployment][]*Site, add func(*Deployment, *Site)) {
	var free []*Deployment
	for _, d := range list {
		if len(joined[d]) == 0 && !d.Server.Idle && d.Server.Container == "" {
			free = append(free, d)
		}
	}
	dead := b.orphans(sites, joined)
	var rest []*Site
	for _, s := range dead {
		if i := slices.IndexFunc(free, func(d *Deployment) bool { return b.sharesFolder(s, d.Server) }); i >= 0 {
			add(free[i], s)
			continue
		}
		rest = append(rest, s)
	}
	free = slices.DeleteFunc(free, func(d *Deployment) bool { return len(joined[d]) > 0 })
	if len(free) == 1 && len(rest) > 0 && sameUpstream(rest) && len(b.m.Blind) == 0 {
		for _, s := range rest {
			add(free[0], s)
		}
	}
}

// hiddenWay finds a site that no deployment has, and of whose upstream it could
// not be seen whether anybody listens.
func (b *builder) hiddenWay(sites []*Site, joined map[*Deployment][]*Site) (fact.Why, bool) {
	for _, s := range sites {
		taken := claimed(s, joined)
		for _, r := range s.Routes {
			for _, u := range r.Upstreams {
				var n fact.Notes
				if _, state := u.Listener.Look(&n); !taken && !u.Remote && !u.Down && state == fact.IsUnknown {
					return n.Why(), true
				}
			}
		}
	}
	return fact.Why{}, false
}

func sameUpstream(sites []*Site) bool {
	for _, s := range sites[1:] {
		if s.Routes[0].Pass.Arg(0) != sites[0].Routes[0].Pass.Arg(0) {
			return false
		}
	}
	return true
}

func (b *builder) sharesFolder(s *Site, a *AppServer) bool {
	cwd, state := a.Cwd.Look(&b.notes)
	if state != fact.IsKnown || cwd == "/" || cwd == "" {
		return false
	}
	cwd = strings.TrimSuffix(cwd, " (deleted)")
	return slices.ContainsFunc(s.Statics, func(st *Static) bool { return strings.HasPrefix(st.Dir, strings.TrimSuffix(cwd, "/")+"/") })
}

// orphans are sites that proxy to an address of this host on which nobody
// listens, and that no deployment has.
func (b *builder) orphans(sites []*Site, joined map[*Deployment][]*Site) []*Site {
	var out []*Site
	for _, s := range sites {
		taken := claimed(s, joined)
		dead := slices.ContainsFunc(s.Routes, func(r *Route) bool {
			return slices.ContainsFunc(r.Upstreams, func(u *Upstream) bool {
				_, state := u.Listener.Look(&b.notes)
				return !u.Remote && !u.Down && state == fact.IsAbsent
			})
		})
		if dead && !taken && !slices.ContainsFunc(out, func(o *Site) bool { return sharesName(o, s) }) {
			out = append(out, s)
		}
	}
	return out
}

// withSiblings adds the blocks without a route that share a name: the redirect
// from port 80, the certificate's own block.
func withSiblings(own, all []*Site) []*Site {
	out := slices.Clone(own)
	for _, s := range all {
		if !slices.Contains(out, s) && slices.ContainsFunc(own, func(o *Site) bool { return sharesName(o, s) }) {
			out = append(out, s)
		}
	}
	return out
}

func sharesName(a, b *Site) bool {
	return slices.ContainsFunc(a.Names, func(n string) bool { return slices.Contains(b.Names, n) })
}
