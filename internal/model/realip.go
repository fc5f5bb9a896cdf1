package model

import (
	"net/netip"
	"slices"
	"strings"

	"assay/internal/fact"
	syntax "assay/internal/syntax/nginx"
)

// Believed is a set_real_ip_from that takes in more than proxies.
type Believed struct {
	By     *syntax.Directive
	Header string // from which nginx takes the address
	Ways   []*Approach
	name   string
}

// Subject is the app.
func (x *Believed) Subject() string { return x.name }

// Node is what nginx takes for the visitor's address.
func (x *Believed) Node() Node { return Node("realip:" + x.name) }

// Believeds is what nginx believes of a visitor's address on the ways to the app;
// By is nil where it names proxies alone.
func (d *Deployment) Believeds() fact.Of[[]*Believed] {
	if why, some := d.unseenConfig(); some {
		return fact.Unknown[[]*Believed](why)
	}
	return fact.Then(d.Forwardeds(), func(list []*Forwarded) []*Believed {
		var out []*Believed
		for _, f := range list {
			x := &Believed{name: d.Name}
			used := false
			for _, w := range f.Ways {
				at := w.Hops[0].Pass.Parent
				from := syntax.Effective(at, "set_real_ip_from")
				used = used || len(from) > 0
				header, _ := syntax.Value(at, "real_ip_header")
				i := slices.IndexFunc(from, func(s *syntax.Directive) bool { return tooWide(s.Arg(0)) })
				if i < 0 || header == "proxy_protocol" {
					continue
				}
				if x.Header = header; header == "" {
					x.Header = "X-Real-IP"
				}
				x.By, x.Ways = from[i], append(x.Ways, w)
			}
			if used {
				out = append(out, x)
			}
		}
		return out
	})
}

// Wide are the lines beside it that take in too much, and itself.
func (x *Believed) Wide() []*syntax.Directive {
	return slices.DeleteFunc(slices.Clone(x.By.Parent.Find("set_real_ip_from")), func(d *syntax.Directive) bool { return !tooWide(d.Arg(0)) })
}

// tooWide says that a network is more than anybody has proxies in: no provider
// names public ones of more than a /8, or in IPv6 a /16.
func tooWide(s string) bool {
	p, err := netip.ParsePrefix(s)
	if err != nil || p.Addr().IsPrivate() || p.Addr().IsLoopback() {
		return false
	}
	return p.Addr().Is4() && p.Bits() < 8 || p.Addr().Is6() && p.Bits() < 16 && !strings.HasPrefix(s, "f")
}

// Ruled are the rules of the first blocks that go by the visitor's address.
func (x *Believed) Ruled() []string {
	var out []string
	for _, w := range x.Ways {
		for _, name := range []string{"allow", "limit_req", "limit_conn"} {
			if !slices.Contains(out, name) && len(w.Hops[0].site.Server.All(name)) > 0 {
				out = append(out, name)
			}
		}
	}
	return out
}
