package model

import (
	"net"
	"net/netip"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/tape"
)

// Redis is one Redis with all that the app uses it for.
type Redis struct {
	*Store
	Uses fact.Of[[]tape.StoreUse]
	// Others are the users of the host's other apps, where they can reach it.
	Others fact.Of[[]User]
}

// Redises are the app's Redis servers, each once whatever databases it has.
func (d *Deployment) Redises() fact.Of[[]*Redis] {
	return fact.Then(d.RedisStores(), func(list []*Store) []*Redis {
		var out []*Redis
		for _, s := range list {
			if !slices.ContainsFunc(out, func(o *Redis) bool { return samePlace(o.Addr, s.Addr) }) {
				out = append(out, &Redis{Store: s, Uses: d.Server.usesOf(s.Addr), Others: d.others(s)})
			}
		}
		return out
	})
}

// StoreUses are what the app keeps where, as it tells when it is loaded.
func (s *AppServer) StoreUses() fact.Of[[]tape.StoreUse] {
	return fact.Bind(s.Code, func(a *App) fact.Of[[]tape.StoreUse] {
		if a.Stores == nil {
			return fact.Unknown[[]tape.StoreUse](fact.Why{Text: "what the app keeps in Redis was not asked", Hint: "make a new recording with this version of assay", Ask: a.Source.Ask})
		}
		return fact.Known(a.Stores)
	})
}

func (s *AppServer) usesOf(addr string) fact.Of[[]tape.StoreUse] {
	return fact.Then(s.StoreUses(), func(all []tape.StoreUse) []tape.StoreUse {
		var out []tape.StoreUse
		for _, u := range all {
			if samePlace(u.At, addr) {
				out = append(out, u)
			}
		}
		return out
	})
}

// samePlace takes all names of this machine's loopback for one.
func samePlace(a, b string) bool { return loopback(a) == loopback(b) }

func loopback(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return strings.Replace(addr, "/var/run/", "/run/", 1)
	}
	if ip, bad := netip.ParseAddr(host); bad == nil && ip.IsLoopback() || host == "localhost" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// others are the users of the other apps that run on this host, where they see
// the same network: the store is on this machine, at a port.
func (d *Deployment) others(st *Store) fact.Of[[]User] {
	return fact.Bind(d.Server.User, func(own User) fact.Of[[]User] {
		var out []User
		for _, o := range d.model.Deployments {
			if o == d || o.Server == nil || o.Contained() || o.Server.Idle || !st.Local || st.Host == "" {
				continue
			}
			var n fact.Notes
			u, state := o.Server.User.Look(&n)
			if state == fact.IsUnknown {
				return fact.Unknown[[]User](n.Why())
			}
			if state == fact.IsKnown && u.UID != own.UID && u.UID != 0 && !slices.ContainsFunc(out, func(x User) bool { return x.UID == u.UID }) {
				out = append(out, u)
			}
		}
		return fact.Known(out)
	})
}

// Pickles are those uses in which what comes back is unpickled.
func (r *Redis) Pickles(w fact.Witness) (tape.StoreUse, bool) {
	uses, _ := r.Uses.Look(w)
	for _, u := range uses {
		if u.Pickles {
			return u, true
		}
	}
	return tape.StoreUse{}, false
}

// RoleAsked is one use of a Redis, with the other apps that have the same.
type RoleAsked struct {
	tape.StoreUse
	Server *AppServer
	With   fact.Of[[]string] // other deployments that use the same keys for the same
}

// Subject is what it is for, and where.
func (x *RoleAsked) Subject() string { return x.Role + " at " + x.At }

// Node is a place of its own.
func (x *RoleAsked) Node() Node { return Node("role:" + x.Server.Name + ":" + x.Subject()) }

// Roles are the uses of Redis, each with who shares it.
func (d *Deployment) Roles() fact.Of[[]*RoleAsked] {
	return of(d, func() fact.Of[[]*RoleAsked] {
		if d.Server == nil || d.Server.Idle {
			return fact.Known[[]*RoleAsked](nil)
		}
		return fact.Then(d.Server.StoreUses(), func(uses []tape.StoreUse) []*RoleAsked {
			var out []*RoleAsked
			for _, u := range uses {
				if !strings.HasPrefix(u.At, "file:") {
					out = append(out, &RoleAsked{u, d.Server, d.sharers(u)})
				}
			}
			return out
		})
	})
}

// sharers are the deployments further down the list that have the same use: of
// two that share, the first tells.
func (d *Deployment) sharers(u tape.StoreUse) fact.Of[[]string] {
	var out []string
	var n fact.Notes
	for i := slices.Index(d.model.Deployments, d) + 1; i < len(d.model.Deployments); i++ {
		o := d.model.Deployments[i]
		if o.Server == nil || o.Contained() || o.Server.Idle || d.Server.twin(o.Server, &n) {
			continue
		}
		uses, _ := o.Server.StoreUses().Look(&n)
		if slices.ContainsFunc(uses, func(x tape.StoreUse) bool {
			return x.Role == u.Role && x.DB == u.DB && x.Prefix == u.Prefix && samePlace(x.At, u.At)
		}) {
			out = append(out, o.Name)
		}
	}
	if len(out) == 0 && n.Blind() {
		return fact.Unknown[[]string](n.Why())
	}
	return fact.Known(out)
}
