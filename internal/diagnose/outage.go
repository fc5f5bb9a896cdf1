package diagnose

import (
	"slices"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

// Outage is what an outage comes to: what visitors get, and how sure it is what
// makes it so.
type Outage struct {
	Symptoms   []Symptom
	Root       *check.Hearing // nil: nothing that was seen breaks requests
	Confidence Confidence
	Past       []*check.Hearing // unknown, and before the first failure: it may hide behind them
	Next       []*check.Hearing // other faults that break requests, as far as they show already
}

// Confidence says how sure the root cause is.
type Confidence string

// How sure.
const (
	// Certain: visitors get an error, the fault lies on their way, and all before it was seen.
	Certain Confidence = "certain"
	// Likely: the fault breaks requests, and either no visitor's error was seen
	// that stands on it, or something before it was not seen.
	Likely Confidence = "likely"
	// Unseen: visitors get an error, and no fault was found that makes it.
	Unseen Confidence = "unseen"
	// Well: visitors get their page, and nothing that was seen breaks requests.
	Well Confidence = "well"
)

// Symptom is what visitors of one site get.
type Symptom struct {
	Deployment string
	Front      *model.Front
	Key        string         // of the finding that says so; "" for none
	Stop       *check.Hearing // what visitors meet before they get so far; nil: nothing that was seen
}

// Read reads an outage from what was judged. The front's own finding is a
// symptom: it is a root only where nothing was found under it.
func (d Diagnosis) Read(m *model.Model, hearings []*check.Hearing) Outage {
	var o Outage
	at := map[string]*check.Hearing{}
	fronts := map[model.Node]bool{}
	for _, h := range hearings {
		at[h.Key()] = h
	}
	for _, dep := range m.Deployments {
		list, _ := dep.Fronts().Look(&fact.Notes{})
		for _, f := range list {
			fronts[f.Node()] = true
			s := Symptom{Deployment: dep.Name, Front: f, Stop: d.stops[f.Node()]}
			for _, h := range hearings {
				if h.Node == f.Node() && h.Finding() {
					s.Key = h.Key()
				}
			}
			if s.Stop != nil {
				s.Key = s.Stop.Key()
			}
			o.Symptoms = append(o.Symptoms, s)
		}
	}
	var roots []*check.Hearing
	for _, h := range d.Outage(findings(hearings)) {
		if d.Causes[h.Key()] == "" && h.Breaks && h.Outcome == check.Fail {
			roots = append(roots, h)
		}
	}
	broken := slices.ContainsFunc(o.Symptoms, func(s Symptom) bool { return s.Key != "" })
	switch {
	case len(roots) == 0 && broken: // closed for maintenance
		o.Confidence = Unseen
		return o
	case len(roots) == 0:
		o.Confidence = Well
		if len(o.Symptoms) == 0 {
			o.Confidence = Unseen
		}
		o.Past = before(m, hearings, nodes(fronts), "")
		return o
	}
	o.Root, o.Next = roots[0], roots[1:]
	var from []model.Node
	for _, s := range o.Symptoms {
		if s.Key != "" && (s.Key == o.Root.Key() || d.Causes[s.Key] == o.Root.Key()) {
			from = append(from, s.Front.Node())
		}
	}
	o.Confidence = Certain
	if len(from) == 0 {
		o.Confidence, from = Likely, nodes(fronts)
	}
	if fronts[o.Root.Node] {
		// Thrown at the request itself, it is as near as one can come.
		if f := frontOf(o.Symptoms, o.Root); f == nil || !f.Explained() {
			o.Confidence = Unseen
		}
		o.Past = before(m, hearings, from, "")
	} else if o.Past = before(m, hearings, from, o.Root.Node); len(o.Past) > 0 {
		o.Confidence = Likely
	}
	return o
}

func frontOf(list []Symptom, h *check.Hearing) *model.Front {
	for _, s := range list {
		if s.Front.Node() == h.Node {
			return s.Front
		}
	}
	return nil
}

func findings(hearings []*check.Hearing) []*check.Hearing {
	return slices.DeleteFunc(slices.Clone(hearings), func(h *check.Hearing) bool { return !h.Finding() })
}

func nodes(set map[model.Node]bool) []model.Node {
	var out []model.Node
	for n := range set {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// before are the unknowns behind which a cause may hide: those that a request
// meets before it comes to a node, and those on which that node stands; all on
// its way for "".
func before(m *model.Model, hearings []*check.Hearing, from []model.Node, to model.Node) []*check.Hearing {
	seen := map[model.Node]bool{}
	done := false
	var walk func(n model.Node)
	walk = func(n model.Node) {
		if seen[n] || done {
			return
		}
		seen[n] = true
		if n == to {
			done = true
			return
		}
		for _, need := range m.Needs[n] {
			walk(need)
		}
	}
	for _, n := range from {
		walk(n)
	}
	done = false
	for _, need := range m.Needs[to] {
		walk(need)
	}
	var out []*check.Hearing
	for _, h := range hearings {
		on := h.Node != to && seen[h.Node]
		if h.Node == "" { // what it was to be asked about was not seen: a node that stands on nothing has none of it below
			on = to == "" || len(m.Needs[to]) > 0
		}
		if h.Outcome == check.Unknown && h.Check.Breaks && on {
			out = append(out, h)
		}
	}
	return out
}
