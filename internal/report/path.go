package report

import (
	"assay/internal/check"
	"assay/internal/diagnose"
	"assay/internal/model"
)

// deployment draws the way of a request: what the model knows of each hop, and
// the worst that a check said of it.
func deployment(d *model.Deployment, hearings []*check.Hearing, why diagnose.Diagnosis) Deployment {
	out := Deployment{Name: d.Name, Names: d.Names()}
	if s := d.Server; s != nil {
		out.App, out.Server = s.App, s.Program()
		out.Unit, out.Container = s.UnitName(), s.Container
	}
	for _, h := range d.Hops() {
		hop := Hop{Stage: string(h.Stage), Label: h.Label, Text: h.Text, State: string(h.State)}
		for _, g := range h.On {
			hop.On = append(hop.On, Ground{Kind: g.Kind, State: g.State, Text: g.Text, Why: g.Why})
		}
		for _, x := range hearings {
			if x.Outcome == check.Unknown && x.Node.Told() {
				continue
			}
			if x.Check.Stage == h.Stage && (x.Deployment == d.Name || x.Deployment == "" && d.Uses(x.Node)) {
				hop.State = worst(hop.State, state(x))
			}
		}
		out.Path = append(out.Path, hop)
	}
	return out
}

func state(h *check.Hearing) string {
	switch {
	case h.Outcome == check.Fail && h.Breaks:
		return Broken
	case h.Finding():
		return Warning
	case h.Outcome == check.Unknown:
		return Unseen
	}
	return OK
}

var rank = map[string]int{None: 0, OK: 1, Unseen: 2, Warning: 3, Broken: 4}

func worst(a, b string) string {
	if a == None || rank[a] >= rank[b] {
		return a
	}
	return b
}
