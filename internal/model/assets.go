package model

import (
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// Assets is one site with a static file of the app's, and who sends it.
type Assets struct {
	*Site
	URI    string
	Doubt  string      // why the location that has it cannot be told
	Pass   fact.Source // the line that hands it to the app; Where is "" where nginx sends it
	Cached bool        // nginx keeps what the app answers there
	Code   fact.Of[*App]
}

// Node is the site's static files.
func (x *Assets) Node() Node { return x.Site.Node() + "/assets" }

// AssetSites are the sites that lead to an app with static files.
func (d *Deployment) AssetSites() fact.Of[[]*Assets] {
	if d.Server == nil || d.Server.Idle {
		return fact.Known[[]*Assets](nil)
	}
	if why, some := d.unseenConfig(); some {
		return fact.Unknown[[]*Assets](why)
	}
	if d.Contained() {
		return fromSites[*Assets](d, nil) // says so
	}
	return fact.Bind(d.asset, func(uri string) fact.Of[[]*Assets] {
		return fromSites(d, func(s *Site) []*Assets {
			if uri == "" || len(s.Routes) == 0 || d.behind(s) {
				return nil
			}
			x := &Assets{Site: s, URI: uri, Code: d.Server.Code}
			d.follow(x, s, maxHops)
			return []*Assets{x}
		})
	})
}

// behind says that another block of nginx's hands its requests to this one.
func (d *Deployment) behind(s *Site) bool {
	all, _ := d.Sites.Look(&fact.Notes{})
	return slices.ContainsFunc(all, func(o *Site) bool { return o != s && o.handsTo([]*Site{s}) })
}

// follow goes with the file's URL from block to block until something answers.
func (d *Deployment) follow(x *Assets, s *Site, hops int) {
	m := s.Server.Match(x.URI)
	x.Doubt = m.CannotTell
	at := m.Location
	if at == nil {
		at = s.Server
	}
	all, _ := d.Sites.Look(&fact.Notes{})
	for _, r := range s.Routes {
		if r.Pass.Parent != at || len(at.Find("try_files")) > 0 {
			continue
		}
		cache := syntax.Effective(at, strings.TrimSuffix(r.Pass.Name, "_pass")+"_cache")
		x.Cached = x.Cached || len(cache) > 0 && cache[len(cache)-1].Arg(0) != "off"
		for _, u := range r.Upstreams {
			if u.Remote || u.Down {
				continue
			}
			if d.holds(u) {
				x.Pass = facts.DirectiveSource(r.Pass)
			}
			for _, o := range all {
				if o != s && o.listensAt(u.Addr) && hops > 0 && x.Doubt == "" && x.Pass.Where == "" {
					d.follow(x, o, hops-1)
				}
			}
		}
	}
}

// asset is the URL of one of the app's static files, "" where it has none.
func (b *builder) asset(s *AppServer) fact.Of[string] {
	own := fact.Bind(s.Code, func(a *App) fact.Of[string] { return b.ownStatic(s, a) })
	url := staticURL(s)
	found := fact.Bind(own, func(dir string) fact.Of[string] {
		return fact.Bind(b.f.Tree(dir), func(tree []tape.Entry) fact.Of[string] {
			return fact.Then(url, func(prefix string) string {
				for _, e := range tree {
					if e.Type == "file" && !hidden(e.Path) {
						return prefix + "/" + e.Path
					}
				}
				return ""
			})
		})
	})
	if _, state := found.Look(&fact.Notes{}); state == fact.IsAbsent {
		return fact.Known("")
	}
	return found
}
