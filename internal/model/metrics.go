package model

import (
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/tape"
)

// Metrics is an app's page of numbers, in Prometheus' format.
type Metrics struct {
	*AppServer
	Said    Declared
	Spot    *Spot // nil: no rule of the app is one
	Public  fact.Of[tape.MetricsReply]
	Counted fact.Of[tape.MetricsReply] // by the app itself, where it is seen; else through nginx
	// Dir is PROMETHEUS_MULTIPROC_DIR in the service's environment; Absent: it is
	// not set.
	Dir  fact.Of[EnvValue]
	Dark fact.Of[bool] // the site's first page fails
}

// Node is the page.
func (x *Metrics) Node() Node { return Node("metrics:" + x.Name) }

// MetricsPages are the app's pages of numbers, where a service runs it.
func (d *Deployment) MetricsPages() fact.Of[[]*Metrics] {
	return asMet(d, func() fact.Of[[]*Metrics] {
		if d.metrics == nil {
			return fact.Known[[]*Metrics](nil)
		}
		return fact.Known([]*Metrics{d.metrics})
	})
}

// exposed finds the page of numbers and asks for it.
func (b *builder) exposed(d *Deployment, a *App) {
	x := d.metrics
	x.Public, x.Counted = fact.Absent[tape.MetricsReply](), fact.Absent[tape.MetricsReply]()
	x.Dir = fact.Bind(b.environment(d.Server), func(env map[string]EnvValue) fact.Of[EnvValue] {
		for _, name := range []string{"PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir"} {
			if v, ok := env[name]; ok {
				return fact.Known(v, fact.Source{Where: v.File, Line: v.Line, Text: name + "=" + v.Value})
			}
		}
		return fact.Absent[EnvValue](fact.Source{Where: "the environment of " + d.Server.displayName(), Text: "PROMETHEUS_MULTIPROC_DIR is not set"})
	})
	x.Dark = d.dark()
	i := slices.IndexFunc(a.Rules, func(r tape.AppRule) bool {
		return (r.Rule == "/metrics" || r.Rule == "/metrics/" || strings.HasSuffix(r.Rule, "/metrics") && strings.Contains(r.Endpoint, "prometheus")) &&
			slices.Contains(r.Methods, "GET") && r.Subdomain == ""
	})
	if i < 0 {
		return
	}
	x.Spot = b.spot(d, a, a.Rules[i])
	if f := x.Spot.Front; f != nil {
		x.Public = b.f.Metrics(x.Spot.Outer, f.Host, x.Spot.Path)
		x.Counted = x.Public
	}
	var own fact.Notes
	if o := x.Spot.Own; o != nil {
		alone := b.f.Metrics(o.Endpoint, o.Host, x.Spot.Path)
		x.Counted = fact.Bind(alone, func(r tape.MetricsReply) fact.Of[tape.MetricsReply] {
			if r.Status/100 == 3 && x.Spot.Front != nil { // to https, which the app alone does not know of
				return x.Public
			}
			return alone
		})
	} else if _, state := d.Server.Listens.Look(&own); state == fact.IsUnknown {
		x.Counted = fact.Unknown[tape.MetricsReply](own.Why())
	}
}

// Processes are how many processes answer: gunicorn's workers. Absent for a
// server of which that is not known.
func (x *Metrics) Processes() fact.Of[int] {
	if !x.Gunicorn() {
		return fact.Absent[int]()
	}
	return x.Concurrent()
}

// ByAddress says that the view, or what goes before it, looks at who asks.
func (s *Spot) ByAddress() bool {
	looks := func(uses []string) bool {
		return slices.Contains(uses, "remote_addr") || slices.Contains(uses, "access_route")
	}
	var n fact.Notes
	a, _ := s.Code.Look(&n)
	return looks(s.View.Uses) || slices.ContainsFunc(s.View.Wraps, func(w tape.Wrap) bool { return looks(w.Uses) }) ||
		a != nil && slices.ContainsFunc(a.Hooks, func(h tape.AppHook) bool { return looks(h.Uses) })
}
