package apply

import (
	"testing"

	"assay/internal/plan"
	"assay/internal/report"
)

// What could not be seen before either hides no cure.
func TestUnseenCures(t *testing.T) {
	f := report.Finding{ID: "db.connects", Key: "db.connects|shop|PostgreSQL shop", Deployment: "shop", Subject: "PostgreSQL shop"}
	others := report.Unknown{ID: "db.connects", Deployment: "shop"}
	itself := report.Unknown{ID: "db.connects", Deployment: "shop", Subject: "PostgreSQL shop"}
	for name, c := range map[string]struct {
		before, after []report.Unknown
		uncured       int
	}{
		"seen":           {nil, nil, 0},
		"as blind":       {[]report.Unknown{others}, []report.Unknown{others}, 0},
		"blind now":      {nil, []report.Unknown{others}, 1},
		"itself unseen":  {nil, []report.Unknown{itself}, 1},
		"both, one more": {[]report.Unknown{others}, []report.Unknown{others, itself}, 1},
	} {
		_, uncured := Compared(report.Report{Findings: []report.Finding{f}, Unknown: c.before}, report.Report{Unknown: c.after}, []string{f.Key})
		if len(uncured) != c.uncured {
			t.Errorf("%s: %d uncured", name, len(uncured))
		}
	}
}

// A plan with a bar minds what breaks requests or reaches it; one without minds all.
func TestHarms(t *testing.T) {
	worse := func() []report.Finding {
		return []report.Finding{{ID: "low", Severity: "low"}, {ID: "high", Severity: "high"}, {ID: "breaks", Severity: "low", Breaks: true}}
	}
	for bar, want := range map[string]int{"": 3, "low": 3, "high": 2, "critical": 1} {
		if got := harms(plan.Plan{Bar: bar}, worse()); len(got) != want {
			t.Errorf("bar %q: %v", bar, got)
		}
	}
}

// What was wrong with one release is no news of the next, and what was said before
// is no harm.
func TestOfTwoReleases(t *testing.T) {
	of := func(release, severity string, ids ...string) (r report.Report) {
		for _, id := range ids {
			name := "shop@" + release
			r.Findings = append(r.Findings, report.Finding{ID: id, Key: id + "|" + name + "|unit " + name, Deployment: name, Subject: "unit " + name, Severity: severity})
			r.Passed = append(r.Passed, report.Passed{ID: id})
		}
		return r
	}
	p := plan.Plan{Renames: map[string]string{"one": "two"}, Expects: []string{"c"}}
	before := renamed(of("one", "high", "a"), p.Renames)
	worse, _ := Compared(before, of("two", "high", "a", "b", "c"), nil)
	if worse = harms(p, worse); len(worse) != 1 || worse[0].ID != "b" {
		t.Errorf("%+v", worse)
	}
}
