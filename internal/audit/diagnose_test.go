package audit_test

import (
	"slices"
	"testing"

	"assay/internal/audit"
	"assay/internal/house"
	"assay/internal/report"
	"assay/internal/tape"
)

func recorded(t *testing.T, title string) *tape.Tape {
	t.Helper()
	for _, c := range house.Cases(t, "../checks") {
		if c.Title() == title {
			return c.Tape(t)
		}
	}
	t.Fatalf("no case %s", title)
	return nil
}

func diagnosed(t *testing.T, tp *tape.Tape) (report.Report, report.Finding) {
	t.Helper()
	r, _ := audit.Judge(tp, audit.Choice{Outage: true})
	if r.Outage == nil {
		t.Fatal("no diagnosis")
	}
	for _, f := range r.Findings {
		if r.Root != nil && f.Key == *r.Root {
			return r, f
		}
	}
	return r, report.Finding{}
}

// What a diagnosis says of hosts that were really broken so.
func TestDiagnose(t *testing.T) {
	for _, c := range []struct {
		title, confidence, root string
		broken                  bool
		causes                  []string // that stand under the root
	}{
		{"health.front-door/bad-exception", "certain", "health.front-door", true, nil},
		{"health.front-door/bad-down", "certain", "systemd.unit.active-enabled", true, []string{"health.front-door", "nginx.proxy.upstream-matches-bind"}},
		{"health.front-door/good-login", "well", "", false, nil},
	} {
		t.Run(c.title, func(t *testing.T) {
			r, root := diagnosed(t, recorded(t, c.title))
			if r.Confidence != c.confidence || root.ID != c.root {
				t.Errorf("%s: %s, want %s: %s; past %+v", r.Confidence, root.ID, c.confidence, c.root, r.Past)
			}
			if root.ID != "" && r.Findings[0].Key != root.Key {
				t.Errorf("the first finding is %s", r.Findings[0].ID)
			}
			if len(r.Symptoms) == 0 || r.Symptoms[0].Broken != c.broken {
				t.Errorf("symptoms: %+v", r.Symptoms)
			}
			for _, id := range c.causes {
				if !slices.ContainsFunc(r.Findings, func(f report.Finding) bool { return f.ID == id && f.Cause != nil && *f.Cause == root.Key }) {
					t.Errorf("%s does not stand under %s", id, root.Key)
				}
			}
			if (len(r.Timeline) > 0) != c.broken {
				t.Errorf("timeline: %+v", r.Timeline)
			}
			if !slices.IsSortedFunc(r.Timeline, func(a, b report.Event) int { return a.At.Compare(b.At) }) {
				t.Errorf("timeline out of order: %+v", r.Timeline)
			}
		})
	}
}

// Whatever single answer is hidden, a diagnosis never names with certainty what
// it did not name before.
func TestDiagnoseBlindfolded(t *testing.T) {
	tp := recorded(t, "health.front-door/bad-down")
	whole, _ := diagnosed(t, tp)
	for _, a := range tp.Asks() {
		hidden := tp.Clone()
		hidden.Put(a, tape.Answer{Status: tape.Unseen, Why: "see " + a.String() + ": permission denied", Hint: "run with sudo"})
		r, root := diagnosed(t, hidden)
		if r.Confidence == "certain" && root.Key != *whole.Root {
			t.Errorf("hiding %s: certain of %s", a, root.Key)
		}
		if r.Confidence == "well" && len(r.Past) == 0 {
			t.Errorf("hiding %s: all is well: %+v, %+v", a, r.Symptoms, r.Deployments)
		}
	}
}
