package flask

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "flask.file-paths",
	Title:    "no visitor names a file of the disk",
	Severity: check.Critical,
	Stage:    model.StageCode,
	Guide:    "beyond the guides",
	Why:      "With ../ or a path from / on, the address gives out each file that the service may read: its environment with SECRET_KEY and the database's password first.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Apps, filePaths),
})

func filePaths(h *check.Hearing, s *model.AppServer) check.Verdict {
	app, ok := s.Code.Open(h)
	switch {
	case !ok:
		return check.DoesNotApply("it is no Flask app")
	case app.NamedFiles == nil:
		return check.CannotTell("whether the app's views open what a visitor names was not asked", "make a new recording with this version of assay")
	case len(app.NamedFiles) == 0:
		return check.Passed()
	}
	worst := app.NamedFiles[0]
	members := true
	for _, x := range app.NamedFiles {
		h.Saw(app.At(&tape.Frame{File: x.File, Line: x.Line}, x.Call+" of a path from "+x.From))
		if model.LoginOf(app.Views[x.Endpoint]) == "" && members {
			worst, members = x, false
		}
	}
	text := fmt.Sprintf("%s opens the file that a visitor names: %s takes its path from %s", ruleOf(app, worst.Endpoint), worst.Call, worst.From)
	if n := len(app.NamedFiles) - 1; n > 0 {
		text += fmt.Sprintf(" (and %d more)", n)
	}
	r := check.Remedy{
		Do:       "Let send_from_directory join folder and name: it answers 404 for what leads out of the folder. Where the file is only read, safe_join does the same.",
		Commands: []string{fmt.Sprintf("# %s:%d", worst.File, worst.Line), `return send_from_directory(current_app.config["UPLOAD_FOLDER"], name)`, "sudo systemctl restart " + s.UnitName(), "# then give the app a new SECRET_KEY and a new password for its database: somebody may have read them"},
		Verify:   "sudo assay check --only flask.file-paths", Minutes: 20,
	}
	why := h.Check.Why + " The code says so; it was not tried."
	if members {
		return check.Failed(text+", after a login", r).At(check.High).Because(why)
	}
	return check.Failed(text, r).Because(why)
}

func ruleOf(app *model.App, endpoint string) string {
	for _, r := range app.Rules {
		if r.Endpoint == endpoint {
			return r.Rule
		}
	}
	return strings.TrimPrefix(endpoint, ".")
}
