package model

import (
	"assay/internal/fact"
	syntax "assay/internal/syntax/nginx"
)

// Statement is the one of nginx's configuration that a source names, nil for none.
func (s *Site) Statement(src fact.Source) *syntax.Directive {
	cfg, state := s.nginx.Config.Look(&fact.Notes{})
	if state != fact.IsKnown || cfg.Config == nil || src.Line == 0 {
		return nil
	}
	for _, d := range statements(cfg.Root) {
		if d.File == src.Where && d.Line == src.Line && directiveSource(d).Text == src.Text {
			return d
		}
	}
	return nil
}

func statements(d *syntax.Directive) []*syntax.Directive {
	var out []*syntax.Directive
	for _, c := range d.Block {
		out = append(append(out, c), statements(c)...)
	}
	return out
}
