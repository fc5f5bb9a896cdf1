package systemd

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "systemd.unit.lines",
	Title:    "every line of the unit's files takes effect",
	Severity: check.High,
	Stage:    model.StageApp,
	Guide:    "000 step 5: the unit file",
	Why:      "systemd leaves the line out with a warning in the journal alone, and the service is another one than you wrote.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Execs, unitLines),
})

func unitLines(h *check.Hearing, e model.ExecSubject) check.Verdict {
	u := e.Unit
	if _, known := u.Files.Open(h.Aside()); !known {
		return check.DoesNotApply(u.Name + " has no unit file to judge")
	}
	if len(u.Resolved) > 0 {
		return resolved(h, u)
	}
	list := u.Ignored()
	if len(list) == 0 {
		_, _ = u.Files.Open(h)
		if u.Masked() { // a value that the files do not show: systemd's own words tell
			_, _ = u.Warnings.Look(h)
			if u.Running() {
				_, _ = u.Gaps.Look(h)
			}
		}
		return check.Passed()
	}
	worst := list[0]
	for _, l := range list {
		if l.Grave() && !worst.Grave() {
			worst = l
		}
	}
	h.Saw(worst.Source)
	r := check.Remedy{
		Do:       remedyFor(worst),
		Commands: []string{fmt.Sprintf("sudoedit %s   # line %d", worst.Source.Where, worst.Source.Line), "sudo systemctl daemon-reload && sudo systemctl restart " + u.Name},
		Verify:   "systemd-analyze verify " + u.Fragment, Minutes: 5,
	}
	what := fmt.Sprintf("systemd leaves out a line of %s: %s", u.Name, worst.Why)
	switch {
	case !worst.Grave():
		return check.Warned(what, r).At(check.Low)
	case u.Fallen():
		return check.Failed(what, r).At(check.Critical).Breaking(true).Because("The service starts without it and fails, so the app is down: visitors get 502 Bad Gateway.")
	case worst.Name != "" && setElsewhere(u, worst.Name):
		return check.Warned(what+"; the variable is set elsewhere", r).At(check.Low)
	}
	return check.Failed(what, r)
}

// resolved is a secret with a %: systemd puts something else in its place, and
// says nothing.
func resolved(h *check.Hearing, u *model.Unit) check.Verdict {
	g := u.Resolved[0]
	h.Saw(g.At)
	v := check.Failed(fmt.Sprintf("systemd takes a %% in %s for a specifier of its own: %s gets another value than the line says", g.Key, u.Name), check.Remedy{
		Do:       "Write each percent sign of the value twice (%%) in a unit's file; or set the variable in a file of EnvironmentFile=, where a single one is right.",
		Commands: []string{fmt.Sprintf("sudoedit %s   # line %d", g.At.Where, g.At.Line), "sudo systemctl daemon-reload && sudo systemctl restart " + u.Name},
		Verify:   "sudo assay check --only systemd.unit.lines", Minutes: 5,
	})
	if u.Spoiled {
		return v.At(check.Critical).Breaking(true).Because("The app logs in with a password, or goes to an address, that nobody wrote.")
	}
	return v.Because("The app works with a value that nobody wrote: a key, a password or an address.")
}

func setElsewhere(u *model.Unit, name string) bool {
	t, state := u.Files.Look(&fact.Notes{})
	_, set := t.Env[name]
	return state == fact.IsKnown && set
}

func remedyFor(l model.IgnoredLine) string {
	if l.Name != "" || l.Key == "ExecStart" {
		return "In a unit file %% is a percent sign; in a file of EnvironmentFile= a single one is."
	}
	return "Write the key as systemd knows it, in its own section."
}
