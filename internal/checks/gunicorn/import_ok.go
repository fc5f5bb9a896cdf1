package gunicorn

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "gunicorn.import-ok",
	Title:    "the app can be imported as its service does it",
	Severity: check.High,
	Stage:    model.StageCode,
	Breaks:   true,
	Guide:    "000 step 5: start the app by hand before anything else",
	Why:      "The workers that run now were started before it broke; the next restart, reboot or deploy brings none up.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Codes, importOK),
})

// slow is how long an import may take before it is worth a word: gunicorn's
// default timeout of 30 seconds counts from the worker's start.
const slow = 15

func importOK(h *check.Hearing, s model.Code) check.Verdict {
	a, _ := s.Loaded.Open(h)
	unit, us := s.Unit.Look(h.Aside())
	down := s.Down(h.Aside())
	switch {
	case a.Hasty:
		return check.CannotTell("load the app: "+a.Ended, "sudo assay check gives it more time")
	case a.Ended != "" && (len(a.Refused) > 0 || strings.Contains(a.Ended, "memory")):
		return check.CannotTell("load the app: "+a.Ended+", after it had reached for "+a.Reached(), "")
	case a.Ended != "":
		h.Saw(a.At(nil, a.Ended))
		return check.Failed("the app's import does not come to an end: "+a.Ended, startRemedy(s)).Breaking(down)
	case a.Error != nil && a.Error.Refused != "":
		_, _ = s.Code.Open(h) // unknown, and says why
	case a.Error != nil:
		for _, f := range a.Blame() {
			h.Saw(a.At(&f, f.Text))
		}
		if down && us == fact.IsKnown {
			blame(h, unit)
		}
		return check.Failed("the app cannot be imported: "+model.Line(a.Error), oldScheme(h, s, a, startRemedy(s))).Breaking(down)
	case !a.Callable:
		return check.Failed(a.Target+" is nothing that can be called: "+a.Kind, startRemedy(s)).Breaking(down)
	case a.Took > slow:
		return check.Warned(fmt.Sprintf("the app takes %.0f seconds to import", a.Took), startRemedy(s)).
			Because("Each restart is an outage of that length, and gunicorn kills a worker that does not answer within its timeout.").Breaking(false)
	}
	return check.Passed()
}

func startRemedy(s model.Code) check.Remedy {
	r := check.Remedy{
		Do:      "Mend what the last line names (a module that is missing, a variable that is not set, a file that its user may not read), and do not restart before the import works.",
		Minutes: 10,
	}
	if unit := s.UnitName(); unit != "" {
		r.Commands = []string{"systemctl cat " + unit + "   # its user, folder and environment", "sudo systemctl restart " + unit + "   # once the import works"}
		r.Verify = "sudo journalctl -u " + unit + " -n 20 --no-pager"
	}
	if u, state := s.Unit.Look(&fact.Notes{}); state == fact.IsKnown {
		if do, steps, ok := check.Raise(u); ok {
			r.Do, r.Steps, r.Commands, r.Cure = do, steps, check.Commands(steps), check.OnHost
		}
	}
	return r
}

// oldScheme is for a URL that begins with postgres://, which SQLAlchemy takes no
// more since 1.4.
func oldScheme(h *check.Hearing, s model.Code, a *model.App, r check.Remedy) check.Remedy {
	if !strings.HasSuffix(model.Line(a.Error), "sqlalchemy.dialects:postgres") {
		return r
	}
	list, _ := s.Stores.Look(h.Aside())
	for _, st := range list {
		steps := check.Rewritten("begin "+st.Name+" as SQLAlchemy takes it", st, func(line string) string {
			return strings.Replace(strings.Replace(line, "postgres://", "postgresql://", 1), "postgres+", "postgresql+", 1)
		})
		if steps != nil {
			h.Saw(st.Told)
			r.Do, r.Cure, r.Steps = "Begin the URL with postgresql:// in place of postgres://, which SQLAlchemy takes no more since 1.4.", check.OnHost, steps
			r.Commands = []string{fmt.Sprintf("sudoedit %s   # line %d", st.Told.Where, st.Told.Line), "sudo systemctl restart " + s.UnitName()}
			return r
		}
	}
	return r
}
