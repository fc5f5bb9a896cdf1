package model

import (
	"net/netip"
	"strings"

	"assay/internal/fact"
	syntax "assay/internal/syntax/nginx"
)

// Peering is a way over TCP to gunicorn, with whether gunicorn takes nginx's
// word: for the scheme, and for what WSGI calls SCRIPT_NAME.
type Peering struct {
	*Handed
	Peer   string // from which address nginx connects
	Script fact.Of[fact.Source]
	Allow  fact.Of[[]string] // forwarded_allow_ips
	Loops  bool              // the app sends visitors in a circle
	Open   fact.Of[bool]     // others than nginx can connect to gunicorn
}

// Node is what gunicorn takes from nginx.
func (x *Peering) Node() Node { return x.Server.TrustNode() }

// TrustNode is whose word the app server takes for what the visitor did.
func (s *AppServer) TrustNode() Node { return Node("trust:" + s.Name) }

// Peerings are the ways of HTTP over TCP from this host's nginx to a gunicorn.
func (d *Deployment) Peerings() fact.Of[[]*Peering] {
	if d.Server == nil || !d.Server.Gunicorn() {
		return fact.Known[[]*Peering](nil)
	}
	return fact.Bind(d.HandedOn(), func(list []*Handed) fact.Of[[]*Peering] {
		var out []*Peering
		var n fact.Notes
		if _, state := d.model.Machine.Addresses.Look(&n); state == fact.IsUnknown { // which addresses are this host's
			return fact.Unknown[[]*Peering](n.Why())
		}
		for _, x := range list {
			for _, u := range x.Upstreams {
				if _, state := u.Listener.Look(&n); !u.Remote && state == fact.IsUnknown {
					return fact.Unknown[[]*Peering](n.Why())
				}
				if p := d.peering(x, u); p != nil {
					out = joined(out, p)
					break
				}
			}
		}
		return fact.Known(out)
	})
}

// joined adds a way, and keeps one of those that are alike.
func joined(list []*Peering, p *Peering) []*Peering {
	var n fact.Notes
	_, script := p.Script.Look(&n)
	for i, o := range list {
		if _, os := o.Script.Look(&n); o.Peer == p.Peer && os == script && o.Site() == p.Site() {
			if p.Path == "/" {
				list[i] = p
			}
			return list
		}
	}
	return append(list, p)
}

func (d *Deployment) peering(x *Handed, u *Upstream) *Peering {
	ip, _, ok := hostPort(u.Addr)
	var n fact.Notes
	l, state := u.Listener.Look(&n)
	if !ok || u.Remote || state != fact.IsKnown {
		return nil
	}
	p := &Peering{Handed: x, Peer: ip.String(), Allow: x.Server.Setting("forwarded_allow_ips"), Script: fact.Absent[fact.Source]()}
	for _, h := range syntax.Effective(x.Pass.Parent, "proxy_set_header") {
		if strings.EqualFold(h.Arg(0), "SCRIPT_NAME") && h.Arg(1) != "" {
			p.Script = fact.Known(SourceOf(h), SourceOf(h))
		}
	}
	for _, name := range d.names {
		for _, j := range name.journeys {
			p.Loops = p.Loops || j.End == JourneyLoops && j.Steps[j.Cycle].App
		}
	}
	p.Open = fact.Then(l.Reach, func(r Reach) bool { return r.Open })
	return p
}

// Trusts says whether gunicorn takes the word of a peer (gunicorn/http/wsgi.py
// and message.py, 20.1 to 23; networks since 24).
func Trusts(list []string, peer string) bool {
	ip, err := netip.ParseAddr(peer)
	for _, v := range list {
		for one := range strings.SplitSeq(v, ",") {
			one = strings.TrimSpace(one)
			if one == "*" || one == peer {
				return true
			}
			if net, e := netip.ParsePrefix(one); e == nil && err == nil && net.Contains(ip) {
				return true
			}
		}
	}
	return false
}
