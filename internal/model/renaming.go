package model

import (
	"slices"
	"strings"

	"assay/internal/fact"
	syntax "assay/internal/syntax/nginx"
)

// Renaming is a redirect to $server_name, the first name of its block.
type Renaming struct {
	By     *syntax.Directive
	Alike  []*syntax.Directive // it, and the block's others
	First  string              // what comes out
	Dead   bool                // that is no name
	Others []string            // names of the block under which https has the site itself
	Main   string              // a name of the deployment
	site   *Site
}

// Subject is the redirect's block.
func (x *Renaming) Subject() string { return x.site.Subject() }

// Node is the block's redirect.
func (x *Renaming) Node() Node { return x.site.Node() + "/renaming" }

// Renamings are the redirects of a deployment's blocks to $server_name.
func (d *Deployment) Renamings() fact.Of[[]*Renaming] {
	return fromWhole(d, func(s *Site) []*Renaming {
		var alike []*syntax.Directive
		for _, r := range append(s.Server.All("return"), s.Server.All("rewrite")...) {
			if slices.ContainsFunc(r.Args, func(a string) bool { return strings.Contains(a, "://$server_name") }) {
				alike = append(alike, r)
			}
		}
		if len(alike) == 0 {
			return nil
		}
		x := &Renaming{By: alike[0], Alike: alike, site: s}
		if all := s.Server.Names(); len(all) > 0 {
			x.First = all[0]
		}
		x.Dead = len(realNames([]string{x.First})) == 0
		if own := d.Names(); len(own) > 0 {
			x.Main = own[0]
		}
		for _, o := range s.Names {
			if o != x.First && s.servedSecurely(o) {
				x.Others = append(x.Others, o)
			}
		}
		return []*Renaming{x}
	})
}

// servedSecurely says that https has a name in a block that does not send it on
// as a whole.
func (s *Site) servedSecurely(name string) bool {
	var all []*syntax.Directive
	for _, o := range s.nginx.Sites {
		all = append(all, o.Server)
	}
	for _, o := range s.nginx.Sites {
		for _, l := range o.Listens {
			if !l.TLS || l.QUIC || !slices.Contains(o.Names, name) {
				continue
			}
			at := syntax.SelectServer(all, probeIP(l), l.Port, name, true)
			if at.Server == o.Server && len(o.Server.Find("return")) == 0 && !tests(o.Server, "$host", "$http_host") {
				return true
			}
		}
	}
	return false
}

// tests says that an if of the block asks for one of the variables.
func tests(block *syntax.Directive, of ...string) bool {
	return slices.ContainsFunc(block.Find("if"), func(f *syntax.Directive) bool { return slices.Contains(of, f.Arg(0)) })
}
