package model

import (
	"net"
	"slices"
	"strconv"
	"strings"

	"assay/internal/fact"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// StrangeHost is a name that nobody has (RFC 2606).
const StrangeHost = "stranger.invalid"

// Stranger is a site that takes requests for names which nobody gave it.
type Stranger struct {
	*Surface
	By    fact.Source // the block that takes them
	Reply fact.Of[tape.HTTPReply]
	Code  fact.Of[*App]
}

// Node is who is let in.
func (x *Stranger) Node() Node { return x.Surface.Node() + "/stranger" }

// Strangers are the sites with the app behind them, by which block takes names
// that no block has. By.Where is "" where none leads to the app.
func (d *Deployment) Strangers() fact.Of[[]*Stranger] {
	if d.Server == nil || d.Server.Idle {
		return fact.Known[[]*Stranger](nil)
	}
	if why, some := d.unseenConfig(); some { // the block that turns them away may stand there
		return fact.Unknown[[]*Stranger](why)
	}
	return of(d, func() fact.Of[[]*Stranger] {
		return fact.Then(d.Sites, func([]*Site) []*Stranger { return d.strangers })
	})
}

func (b *builder) strangers(d *Deployment) {
	own, _ := d.Sites.Look(&b.notes)
	for _, sf := range d.surfaces {
		if sf.Site == nil || sf.Direct {
			continue
		}
		x := &Stranger{Surface: sf, Reply: fact.Absent[tape.HTTPReply](), Code: d.Server.Code}
		d.strangers = append(d.strangers, x)
		scheme, addr, _ := strings.Cut(sf.Endpoint, ":")
		ip, p, err := net.SplitHostPort(addr)
		port, _ := strconv.Atoi(p)
		if err != nil {
			continue
		}
		var all []*syntax.Directive
		for _, s := range sf.Site.nginx.Sites {
			all = append(all, s.Server)
		}
		at := syntax.SelectServer(all, ip, port, StrangeHost, scheme == "tls")
		i := slices.IndexFunc(own, func(s *Site) bool { return s.Server == at.Server })
		if i < 0 || !slices.ContainsFunc(own[i].Routes, func(r *Route) bool { return r.Path == "/" }) {
			continue
		}
		x.By, x.Reply = own[i].Source(), b.f.HTTP(sf.Endpoint, StrangeHost, "/")
	}
}
