package model

import (
	"assay/internal/fact"
	"assay/internal/facts"
	syntax "assay/internal/syntax/nginx"
)

// Packing is the location of an app's static files, with what is in force there
// to make them smaller on the way.
type Packing struct {
	*Static
	GzipAt fact.Source
	packs  bool
}

// Packs says that some compression is on.
func (p *Packing) Packs() bool { return p.packs }

// Packings are those of a deployment.
func (d *Deployment) Packings() fact.Of[[]*Packing] {
	if why, some := d.unseenConfig(); some { // what is in force may stand there
		return fact.Unknown[[]*Packing](why)
	}
	return fromSites(d, func(s *Site) []*Packing {
		var out []*Packing
		for _, st := range s.Statics {
			if !st.Assets() {
				continue
			}
			p := &Packing{Static: st}
			for _, name := range []string{"gzip", "gzip_static", "brotli", "brotli_static", "zstd", "zstd_static"} {
				v, at := syntax.Value(st.loc, name)
				p.packs = p.packs || v == "on" || v == "always"
				if name == "gzip" && at != nil {
					p.GzipAt = facts.DirectiveSource(at)
				}
			}
			out = append(out, p)
		}
		return out
	})
}

// Adds are the headers that nginx adds to what the app answers.
func (x *Handed) Adds() []*syntax.Directive { return syntax.Effective(x.Pass.Parent, "add_header") }
