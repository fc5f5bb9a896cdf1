package house

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"assay/internal/audit"
	"assay/internal/fix"
	"assay/internal/plan"
	"assay/internal/report"
	"assay/internal/syntax/edit"
	"assay/internal/syntax/nginx"
	"assay/internal/syntax/unit"
	"assay/internal/tape"
)

// Cure, as far as a recording can tell: each finding is mended or has its why;
// what a plan writes is what nginx and systemd read; it takes back every byte; the
// same recording gives the same plan. That it cures is proven on booted hosts
// (internal/checks, TestCuresOnHosts).
func TestCure(t *testing.T) {
	planned := 0
	for _, c := range sampled(t) {
		if strings.HasPrefix(c.Name, "good") {
			continue
		}
		tp := c.Tape(t)
		r, _ := audit.Judge(tp, audit.Choice{})
		p, left := fix.Make(tp, r, nil)
		if len(p.Cures)+len(left) != len(r.Findings) {
			t.Errorf("%s: %d mended and %d left of %d", c.Title(), len(p.Cures), len(left), len(r.Findings))
		}
		if again, _ := fix.Make(tp, r, nil); again.ID() != p.ID() {
			t.Errorf("%s: two plans of one recording", c.Title())
		}
		if p.Empty() {
			continue
		}
		planned++
		for _, complaint := range complaints(p) {
			t.Errorf("%s: %s", c.Title(), complaint)
		}
		var out, script bytes.Buffer
		if err := report.Plan(&out, p, left, "", report.TextOptions{Width: 80}); err != nil {
			t.Error(err)
		}
		if err := report.Script(&script, p); err != nil {
			t.Error(err)
		}
		if s := out.String() + script.String(); strings.Contains(s, "[masked:") && !strings.Contains(script.String(), "[masked:") {
			t.Errorf("%s: the token of a secret is shown", c.Title())
		}
	}
	if planned == 0 && stride == 1 {
		t.Error("no recording has a plan")
	}
}

// What leads to a socket by a link is mended by the link: the next release takes
// it over, and would be missed by an address of this one.
func TestCureByALink(t *testing.T) {
	tp := ReadTape(t, "../checks/nginx/testdata/proxy_upstream_matches_bind/bad-beside-the-link.tape.gz")
	r, _ := audit.Judge(tp, audit.Choice{})
	p, _ := fix.Make(tp, r, nil)
	var out bytes.Buffer
	if err := report.Script(&out, p); err != nil {
		t.Fatal(err)
	}
	if s := out.String(); !strings.Contains(s, "http://unix:/srv/shop/live.sock;") || strings.Contains(s, "http://unix:/run/") {
		t.Errorf("the plan:\n%s", s)
	}
}

// complaints are what is wrong with what a plan writes.
func complaints(p plan.Plan) []string {
	var out []string
	for _, s := range p.Steps {
		before, after := s.Seen, s.Body
		switch {
		case strings.TrimSpace(s.Say) == "" || strings.HasSuffix(s.Say, "."):
			out = append(out, "a step says "+s.Say)
		case s.Kind == plan.Edit:
			var err error
			if after, err = edit.Apply(before, s.Lines); err != nil {
				out = append(out, s.Path+": "+err.Error())
				continue
			}
			if back, err := edit.Apply(after, inverse(s.Lines)); err != nil || back != before && back != before+"\n" {
				out = append(out, s.Path+": it does not go back")
			}
			if after == before {
				out = append(out, s.Path+": nothing is changed")
			}
		case s.Kind != plan.Write:
			continue
		}
		for _, mask := range tape.Masks(strings.Join(fresh(s), "\n")) { // a line that changes may keep its own
			if !slices.ContainsFunc(s.Lines, func(l edit.Lines) bool { return strings.Contains(strings.Join(l.Old, "\n"), mask) }) {
				out = append(out, s.Path+": the token of a secret is written")
			}
		}
		if strings.HasPrefix(s.Path, "/etc/nginx/") && len(nginx.ParseText(s.Path, after).Errors) > len(nginx.ParseText(s.Path, before).Errors) {
			out = append(out, s.Path+": nginx refuses it:\n"+after)
		}
		if strings.HasPrefix(s.Path, "/etc/systemd/system/") && len(unit.Parse(s.Path, after).Problems) > len(unit.Parse(s.Path, before).Problems) {
			out = append(out, s.Path+": systemd ignores a line:\n"+after)
		}
	}
	return out
}

func fresh(s plan.Step) []string {
	out := []string{s.Body}
	for _, l := range s.Lines {
		out = append(out, l.New...)
	}
	return out
}

// inverse are the changes that take a text back.
func inverse(changes []edit.Lines) []edit.Lines {
	sorted := slices.Clone(changes)
	slices.SortStableFunc(sorted, func(a, b edit.Lines) int { return a.Line - b.Line })
	var out []edit.Lines
	grown := 0
	for _, c := range sorted {
		if len(c.New)+len(c.Old) > 0 {
			out = append(out, edit.Lines{Line: c.Line + grown, Old: c.New, New: c.Old})
		}
		grown += len(c.New) - len(c.Old)
	}
	return out
}
