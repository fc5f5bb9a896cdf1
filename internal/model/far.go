package model

import (
	"net"
	"net/netip"
	"strings"

	"assay/internal/fact"
	"assay/internal/tape"
)

// Distance is how far it is to a database.
type Distance string

// The distances.
const (
	Here   Distance = "here"    // an address of this host
	Near   Distance = "private" // another machine, by a private address
	Tunnel Distance = "tunnel"  // another machine, in the addresses of tunnels (Tailscale)
	Away   Distance = "public"  // another machine, by a public address
)

// far says how far the address is that the app's login dialled.
func (b *builder) far(st *Store) fact.Of[Distance] {
	if st.Local || strings.HasPrefix(st.Addr, "unix:") || st.Kind == "SQLite" {
		return fact.Known(Here)
	}
	return fact.Bind(b.m.Machine.Addresses, func([]Address) fact.Of[Distance] {
		return fact.Bind(st.SQL, func(r tape.SQLReply) fact.Of[Distance] {
			host, _, err := net.SplitHostPort(r.Addr)
			ip, perr := netip.ParseAddr(host)
			switch {
			case strings.HasPrefix(r.Addr, "unix:"):
				return fact.Known(Here)
			case err != nil || perr != nil:
				return fact.Unknown[Distance](fact.Why{Text: "tell where " + st.Addr + " is"})
			case b.ownAddress(ip):
				return fact.Known(Here)
			case carrierNAT.Contains(ip.Unmap()):
				return fact.Known(Tunnel)
			case Public(ip):
				return fact.Known(Away)
			}
			return fact.Known(Near)
		})
	})
}

// SQLites are the deployment's databases in files.
func (d *Deployment) SQLites() fact.Of[[]*Store] {
	return d.storesThat(func(s *Store) bool { return s.Kind == "SQLite" })
}

// LoadedPool is a pool with what the app threw of late.
type LoadedPool struct {
	*Pool
	Thrown fact.Of[[]Thrown]
}

// LoadedPools are the pools, where a service runs the app.
func (d *Deployment) LoadedPools() fact.Of[[]*LoadedPool] {
	return fact.Then(d.Pools(), func(list []*Pool) []*LoadedPool {
		var out []*LoadedPool
		for _, p := range list {
			x := &LoadedPool{p, fact.Then(p.Server.Unit, func(*Unit) []Thrown { return nil })}
			if d.throwing != nil {
				x.Thrown = d.throwing.Thrown
			}
			out = append(out, x)
		}
		return out
	})
}
