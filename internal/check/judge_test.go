package check

import (
	"strings"
	"testing"

	"assay/internal/fact"
	"assay/internal/model"
)

type thing struct{}

func (thing) Subject() string  { return "thing" }
func (thing) Node() model.Node { return "thing" }

func hear(judge func(*Hearing) Verdict) *Hearing {
	c := Check{ID: "x.y", Severity: High, Cure: OnHost, Ask: func(_ *model.Model, d *model.Deployment) []Case {
		if d != nil {
			return nil
		}
		return []Case{{Subject: thing{}, Judge: judge}}
	}}
	return Judge(&model.Model{}, []Check{c})[0]
}

var hidden = fact.Unknown[int](fact.Why{Text: "read it: permission denied", Hint: "run with sudo"})

func TestHearing(t *testing.T) {
	for name, c := range map[string]struct {
		judge   func(*Hearing) Verdict
		outcome Outcome
		says    string
	}{
		"pass":                     {func(*Hearing) Verdict { return Passed() }, Pass, ""},
		"who missed cannot acquit": {func(h *Hearing) Verdict { hidden.Look(h); return Passed() }, Unknown, "permission denied"},
		"nor call it inapplicable": {func(h *Hearing) Verdict { hidden.Look(h); return DoesNotApply("no") }, Unknown, "permission denied"},
		"but may convict":          {func(h *Hearing) Verdict { hidden.Look(h); return Failed("broken", Remedy{}) }, Fail, "broken"},
		"a needed unknown ends it": {func(h *Hearing) Verdict { hidden.Open(h); return Failed("never", Remedy{}) }, Unknown, "permission denied"},
		"one proof is enough":      {func(h *Hearing) Verdict { hidden.Look(h); return Proven() }, Pass, ""},
		"aside misses all the same": {func(h *Hearing) Verdict { hidden.Look(h.Aside()); return Passed() },
			Unknown, "permission denied"},
		"a broken check is unknown": {func(*Hearing) Verdict { panic("index out of range") }, Unknown, OwnFault},
	} {
		h := hear(c.judge)
		if h.Outcome != c.outcome || !strings.Contains(h.Summary, c.says) {
			t.Errorf("%s: %s %q", name, h.Outcome, h.Summary)
		}
	}
}

func TestWarnIsOneStepLower(t *testing.T) {
	if h := hear(func(*Hearing) Verdict { return Warned("x", Remedy{}) }); h.Severity != Medium || h.Remedy.Cure != OnHost {
		t.Errorf("%s %s", h.Severity, h.Remedy.Cure)
	}
	if h := hear(func(*Hearing) Verdict { return Warned("x", Remedy{}).At(Critical) }); h.Severity != Critical {
		t.Errorf("%s", h.Severity)
	}
}
