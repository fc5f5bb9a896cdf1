package model

import (
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/tape"
)

// ServedGunicorn is a gunicorn with where its package comes from.
type ServedGunicorn struct {
	*AppServer
	Sites   bool            // some site leads to it
	Package fact.Of[string] // the version that pip installed; Absent: it is the distribution's
}

// Node is how it reads requests.
func (x *ServedGunicorn) Node() Node { return Node("http:" + x.Name) }

// ServedGunicorns is the app server when it is gunicorn.
func (d *Deployment) ServedGunicorns() fact.Of[[]*ServedGunicorn] {
	return of(d, func() fact.Of[[]*ServedGunicorn] {
		return fact.Then(d.Gunicorns(), func(l []*AppServer) []*ServedGunicorn {
			var out []*ServedGunicorn
			for _, s := range l {
				if has, state := d.hasSites(); !s.Idle {
					out = append(out, &ServedGunicorn{s, has || state == fact.IsUnknown, s.packaged})
				}
			}
			return out
		})
	})
}

// installed are the places of packages, pip's before the distribution's (Python's
// site module, Debian's dist-packages).
func installed(prefix string) (pip, distribution []string) {
	pip = []string{prefix + "/lib/python3*/site-packages/gunicorn-*-info", "/usr/local/lib/python3*/dist-packages/gunicorn-*-info"}
	return pip, []string{"/usr/lib/python3/dist-packages/gunicorn-*-info", "/usr/lib/python3*/site-packages/gunicorn-*-info"}
}

// packageOf finds the gunicorn that an app's Python would import. Debian's is
// mended under its old number, pip's is not.
func (b *builder) packageOf(s *AppServer) fact.Of[string] {
	return fact.Bind(s.Loaded, func(a *App) fact.Of[string] {
		if a.Prefix == "" || strings.ContainsAny(a.Prefix, "*?[") {
			return fact.Unknown[string](fact.Why{Text: "find gunicorn's package: the app's Python did not say where it is"})
		}
		var n fact.Notes
		pip, distribution := installed(a.Prefix)
		for _, pattern := range pip {
			if a.Prefix == "/usr" && pattern == pip[0] {
				continue
			}
			list, _ := b.f.Glob(pattern).Look(&n)
			if len(list) > 0 {
				version := strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(path.Base(slices.Max(list)), "gunicorn-"), ".dist-info"), ".egg-info")
				return fact.Known(version, fact.Source{Where: list[0], Text: "installed by pip", Ask: tape.Ask{Kind: tape.KindGlob, Name: pattern}})
			}
			if n.Blind() {
				return fact.Unknown[string](n.Why())
			}
		}
		for _, pattern := range distribution {
			if list, _ := b.f.Glob(pattern).Look(&n); len(list) > 0 {
				return fact.Absent[string](fact.Source{Where: list[0], Text: "the distribution's", Ask: tape.Ask{Kind: tape.KindGlob, Name: pattern}})
			}
		}
		return fact.Unknown[string](fact.Why{Text: "find gunicorn's package below " + a.Prefix})
	})
}
