package python

import (
	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "python.import-touches",
	Title:    "the app imports without reaching for the network",
	Severity: check.Medium,
	Stage:    model.StageCode,
	Guide:    "000 step 5: the app starts whatever else is down",
	Why:      "While what it connects to is down, no worker starts: every page fails, also those that need nothing of it.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Codes, importTouches),
})

func importTouches(h *check.Hearing, s model.Code) check.Verdict {
	a, _ := s.Loaded.Open(h)
	hangs := a.Ended != "" && len(a.Refused) > 0
	if !hangs && (a.Error == nil || a.Error.Refused != "network") {
		return check.Passed() // what it does without, it may ask for
	}
	if at, ok := a.ReachedAt(); ok {
		h.Saw(a.At(&at, at.Text))
	}
	how := "the app cannot be imported without "
	if hangs {
		how = "the app's import waits for ever without "
	}
	return check.Failed(how+a.Reached(), check.Remedy{
		Do: "Connect when the first request needs it, not when the module is imported: create clients and engines lazily, and move queries (create_all, a first SELECT, ping) " +
			"into a view, a command or a migration.",
		Commands: []string{"# the line that the evidence names"},
		Minutes:  30,
	})
}
