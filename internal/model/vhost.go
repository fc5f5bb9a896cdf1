package model

import (
	"slices"

	"assay/internal/fact"
	syntax "assay/internal/syntax/nginx"
)

// VHost is a server block that should answer for an app, or a file that holds
// one and is not included.
type VHost struct {
	Site   *Site
	Spare  *SpareFile
	Alone  bool                // no other file would lead to the app
	Unseen []fact.Why          // parts of the configuration that could not be read
	All    []*syntax.Directive // every server block
	Own    []*Site             // of the same deployment
}

// Subject names the block or the file.
func (v *VHost) Subject() string {
	if v.Site != nil {
		return v.Site.Subject()
	}
	return v.Spare.Path
}

// Node is the block.
func (v *VHost) Node() Node {
	if v.Site != nil {
		return v.Site.Node()
	}
	return Node("file:" + v.Spare.Path)
}

// VHosts are the deployment's server blocks with a route, and the files beside
// the configuration that would lead to it.
func (d *Deployment) VHosts() fact.Of[[]*VHost] {
	var n fact.Notes
	x, state := d.model.Nginx.Look(&n)
	if state == fact.IsAbsent {
		return fact.Known[[]*VHost](nil)
	}
	return of(d, func() fact.Of[[]*VHost] {
		return fact.Bind(d.Sites, func(sites []*Site) fact.Of[[]*VHost] {
			if x == nil {
				return fact.Unknown[[]*VHost](n.Why())
			}
			if own := d.vhosts(x, sites); len(own) > 0 || d.Server == nil {
				return fact.Known(own)
			}
			return fact.Then(x.Spare, d.spareHosts)
		})
	})
}

func (d *Deployment) vhosts(x *Nginx, sites []*Site) []*VHost {
	var all []*syntax.Directive
	for _, s := range x.Sites {
		all = append(all, s.Server)
	}
	var n fact.Notes
	cfg, _ := x.Config.Look(&n)
	var out []*VHost
	for _, s := range sites {
		if len(s.Routes) > 0 {
			out = append(out, &VHost{Site: s, All: all, Own: sites, Unseen: cfg.Unseen})
		}
	}
	return out
}

// spareHosts are the files beside the configuration that would lead to an app
// which no site leads to.
func (d *Deployment) spareHosts(spare []*SpareFile) []*VHost {
	var n fact.Notes
	var out []*VHost
	for _, f := range spare {
		binds, _ := d.Server.Binds.Look(&n)
		if slices.ContainsFunc(f.Pass, func(p string) bool {
			return slices.ContainsFunc(binds, func(b Bind) bool { return SameAddr(b.Addr, p) })
		}) {
			out = append(out, &VHost{Spare: f})
		}
	}
	for _, v := range out {
		v.Alone = len(out) == 1
	}
	return out
}

// Welcomes are the distribution's welcome pages that are still served beside a
// deployment: Debian's own default site, as the package brings it.
func (m *Model) Welcomes() fact.Of[[]*Site] {
	return fact.Then(m.Proxy(), func(l []*Nginx) []*Site {
		var out []*Site
		for _, n := range l {
			serves, _ := n.serves.Look(&fact.Notes{})
			for _, s := range n.Sites {
				root, _ := syntax.Value(s.Server, "root")
				if serves && len(s.Names) == 0 && len(s.Routes) == 0 && s.Default() && (root == "/var/www/html" || root == "/usr/share/nginx/html") {
					out = append(out, s)
				}
			}
		}
		return out
	})
}
