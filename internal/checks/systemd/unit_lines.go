package systemd

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
	"assay/internal/syntax/edit"
	syntax "assay/internal/syntax/unit"
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
		Verify:   "systemd-analyze verify " + u.Fragment, Minutes: 5, Steps: written(u, list),
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

// written writes every line as systemd knows it: a misspelt key where it stands,
// one of another section at the head of its own.
func written(u *model.Unit, list []model.IgnoredLine) []plan.Step {
	t, state := u.Files.Look(&fact.Notes{})
	if state != fact.IsKnown {
		return nil
	}
	var steps []plan.Step
	for _, l := range list {
		i := slices.IndexFunc(t.Settings, func(s syntax.Setting) bool { return s.File == l.Source.Where && s.Line == l.Source.Line })
		if i < 0 || l.Key == "" {
			return nil
		}
		s := t.Settings[i]
		if l.Name != "" {
			percents := doubled(u, l.Name, l.Source)
			if percents == nil {
				return nil
			}
			steps = append(steps, percents...)
			continue
		}
		meant, section, ignored := syntax.Ignored(s)
		if !ignored || !strings.HasPrefix(s.File, "/etc/systemd/system/") {
			return nil
		}
		line, then := s.Key+"="+s.Value, plan.Act{Verb: "restart", Unit: u.Name}
		if section == s.Section {
			steps = append(steps, plan.Change("write "+meant+"= as systemd knows it", s.File, edit.Lines{Line: s.Line, Old: []string{line}, New: []string{meant + "=" + s.Value}}, then)...)
			continue
		}
		at := slices.IndexFunc(t.Settings, func(o syntax.Setting) bool { return o.File == s.File && o.Section == section })
		if at < 0 {
			return nil
		}
		say := "put " + s.Key + "= into [" + section + "]"
		steps = append(steps, plan.Change(say, s.File, edit.Lines{Line: t.Settings[at].Line, New: []string{line}}, then)...)
		steps = append(steps, plan.Change(say, s.File, edit.Lines{Line: s.Line, Old: []string{line}}, then)...)
	}
	return check.Forgiven(u, steps)
}

// resolved is a secret with a %: systemd puts something else in its place, and
// says nothing.
func resolved(h *check.Hearing, u *model.Unit) check.Verdict {
	g := u.Resolved[0]
	h.Saw(g.At)
	v := check.Failed(fmt.Sprintf("systemd takes a %% in %s for a specifier of its own: %s gets another value than the line says", g.Key, u.Name), check.Remedy{
		Do:       "Write each percent sign of the value twice (%%) in a unit's file; or set the variable in a file of EnvironmentFile=, where a single one is right.",
		Commands: []string{fmt.Sprintf("sudoedit %s   # line %d", g.At.Where, g.At.Line), "sudo systemctl daemon-reload && sudo systemctl restart " + u.Name},
		Verify:   "sudo assay check --only systemd.unit.lines", Minutes: 5, Steps: check.Forgiven(u, doubled(u, g.Key, g.At)),
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

// doubled writes the percent signs of a variable twice, in its line of a unit's
// file; a secret's are written when the step is carried out.
func doubled(u *model.Unit, name string, at fact.Source) []plan.Step {
	t, _ := u.Files.Look(&fact.Notes{})
	v := t.Env[name]
	line, ok := twice(v.Written)
	if !ok || v.File != at.Where || v.Line != at.Line || !strings.HasPrefix(v.File, "/etc/systemd/system/") {
		return nil
	}
	return plan.Change("write the percent signs of "+name+" as a unit's file wants them", v.File,
		edit.Lines{Line: v.Line, Old: []string{v.Written}, New: []string{line}}, plan.Act{Verb: "restart", Unit: u.Name})
}

// twice is a line with each percent sign written twice; not ok where one may be
// meant as a specifier.
func twice(line string) (string, bool) {
	if strings.Contains(line, "[masked:") {
		return strings.ReplaceAll(line, "[masked:", plan.Doubled+"[masked:"), !strings.Contains(line, "%")
	}
	return strings.ReplaceAll(strings.ReplaceAll(line, "%%", "%"), "%", "%%"), syntax.Literal(line)
}
