// Package diagnose says which finding makes which: it walks the model's edges
// and names no check.
package diagnose

import (
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

// Diagnosis maps the key of a masked finding to the key of its cause.
type Diagnosis struct {
	Causes map[string]string
	fronts map[string]bool // keys of the findings that visitors meet on a site's first page
	stops  map[model.Node]*check.Hearing
}

// Why finds, for each finding that breaks requests, the deepest failed node
// that it stands on: a root is a failed node none of whose own dependencies
// failed. A finding that is a risk stands by itself, unless the model knows out
// of which other fault it grew.
func Why(m *model.Model, hearings []*check.Hearing) Diagnosis {
	failed := map[model.Node]*check.Hearing{}
	for _, h := range hearings {
		if h.Outcome == check.Fail && h.Breaks && h.Node != "" && worse(h, failed[h.Node]) {
			failed[h.Node] = h
		}
	}
	d := Diagnosis{Causes: map[string]string{}, fronts: map[string]bool{}, stops: map[model.Node]*check.Hearing{}}
	first := map[model.Node]bool{}
	for _, dep := range m.Deployments {
		list, _ := dep.Fronts().Look(&fact.Notes{})
		for _, f := range list {
			first[f.Node()] = true
			if h := stop(m, f.Node(), failed); h != nil {
				d.stops[f.Node()] = h
			}
		}
	}
	for _, h := range hearings {
		if !h.Finding() || !h.Breaks || h.Node == "" {
			continue
		}
		d.fronts[h.Key()] = first[h.Node]
		if root := rootOf(m.Needs, h.Node, failed); root != nil && root.Node != h.Node {
			d.Causes[h.Key()] = root.Key()
		}
	}
	d.risks(m, hearings)
	return d
}

// risks puts those that grew out of another fault under it.
func (d Diagnosis) risks(m *model.Model, hearings []*check.Hearing) {
	failed := map[model.Node]*check.Hearing{}
	for _, h := range hearings {
		if h.Outcome == check.Fail && h.Node != "" && worse(h, failed[h.Node]) {
			failed[h.Node] = h
		}
	}
	for _, h := range hearings {
		if !h.Finding() || h.Breaks || len(m.Grew[h.Node]) == 0 {
			continue
		}
		if root := rootOf(m.Grew, h.Node, failed); root != nil && root.Node != h.Node {
			d.Causes[h.Key()] = root.Key()
		}
	}
}

// rootOf walks down from a finding's node. Among several failed roots the one
// met first in the order of the edges is the cause.
func rootOf(edges map[model.Node][]model.Node, from model.Node, failed map[model.Node]*check.Hearing) *check.Hearing {
	seen := map[model.Node]bool{}
	var walk func(n model.Node) *check.Hearing
	walk = func(n model.Node) *check.Hearing {
		if seen[n] {
			return nil
		}
		seen[n] = true
		for _, need := range edges[n] {
			if r := walk(need); r != nil {
				return r
			}
		}
		return failed[n]
	}
	return walk(from)
}

// way is the order of the stages that a request passes; outer are those that a
// visitor comes through before the server gets it.
var (
	way   = []model.Stage{model.StageDNS, model.StageFirewall, model.StageTLS, model.StageServer, model.StageStatic, model.StageSocket, model.StageApp, model.StageCode, model.StageData}
	outer = way[:3]
)

// stop is the failure of an outer stage that visitors meet before what a node
// answers: the outermost, and of those the deepest.
func stop(m *model.Model, from model.Node, failed map[model.Node]*check.Hearing) *check.Hearing {
	var out *check.Hearing
	seen := map[model.Node]bool{}
	at := func(h *check.Hearing) int { return slices.Index(outer, h.Check.Stage) }
	var walk func(n model.Node)
	walk = func(n model.Node) {
		if seen[n] {
			return
		}
		seen[n] = true
		for _, need := range m.Needs[n] {
			walk(need)
		}
		if h := failed[n]; h != nil && at(h) >= 0 && (out == nil || at(h) < at(out)) {
			out = h
		}
	}
	walk(from)
	return out
}

// root is the key of what a finding stands on, its own where that is nothing.
func (d Diagnosis) root(h *check.Hearing) string {
	if c := d.Causes[h.Key()]; c != "" {
		return c
	}
	return h.Key()
}

// worse picks one finding for a node that several checks judge.
func worse(h, than *check.Hearing) bool {
	return than == nil || h.Severity > than.Severity
}

// Order puts findings worst first, and each after its cause.
func (d Diagnosis) Order(findings []*check.Hearing) []*check.Hearing {
	return d.order(findings, func(*check.Hearing) int { return 0 })
}

// Outage is Order for whose site is down: what makes requests fail stands
// before all risks: what stops visitors before the server, what a site's first
// page stands on, what other failures do.
func (d Diagnosis) Outage(findings []*check.Hearing) []*check.Hearing {
	met, shows, stops := map[string]bool{}, map[string]bool{}, map[string]bool{} // by what something stands on, a first page does, its visitors are stopped by
	for _, h := range findings {
		c := d.Causes[h.Key()]
		met[c] = true
		shows[c] = shows[c] || d.fronts[h.Key()]
	}
	for _, h := range d.stops {
		stops[d.root(h)] = true
	}
	return d.order(findings, func(h *check.Hearing) int {
		switch {
		case stops[h.Key()]:
			return 5
		case h.Breaks && h.Outcome == check.Fail && shows[h.Key()]:
			return 4
		case h.Breaks && h.Outcome == check.Fail && met[h.Key()]:
			return 3
		case h.Breaks && h.Outcome == check.Fail:
			return 2
		case h.Breaks:
			return 1
		}
		return 0
	})
}

// order sorts roots by their class, the highest first, then by their weight.
func (d Diagnosis) order(findings []*check.Hearing, class func(*check.Hearing) int) []*check.Hearing {
	under := map[string][]*check.Hearing{}
	var roots []*check.Hearing
	for _, h := range findings {
		if c := d.Causes[h.Key()]; c != "" {
			under[c] = append(under[c], h)
		} else {
			roots = append(roots, h)
		}
	}
	weight := func(r *check.Hearing) check.Severity { // a root is as bad as the worst that it causes
		w := r.Severity
		for _, h := range under[r.Key()] {
			w = max(w, h.Severity)
		}
		return w
	}
	slices.SortStableFunc(roots, func(a, b *check.Hearing) int {
		if ca, cb := class(a), class(b); ca != cb {
			return cb - ca
		}
		if wa, wb := weight(a), weight(b); wa != wb {
			return int(wb) - int(wa)
		}
		return compare(a, b)
	})
	out := make([]*check.Hearing, 0, len(findings))
	for _, r := range roots {
		out = append(out, r)
		slices.SortStableFunc(under[r.Key()], compare)
		out = append(out, under[r.Key()]...)
	}
	return out
}

// compare: what breaks requests first, then the more severe; of what breaks them
// alike, what they meet first; then the key.
func compare(a, b *check.Hearing) int {
	if a.Breaks != b.Breaks && a.Severity == b.Severity {
		if a.Breaks {
			return -1
		}
		return 1
	}
	if a.Severity != b.Severity {
		return int(b.Severity) - int(a.Severity)
	}
	if at, than := slices.Index(way, a.Check.Stage), slices.Index(way, b.Check.Stage); a.Breaks && at != than {
		return at - than
	}
	return strings.Compare(a.Key(), b.Key())
}
