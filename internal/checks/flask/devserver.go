package flask

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "flask.devserver",
	Title:    "a production WSGI server runs the app, not Flask's own",
	Severity: check.Critical,
	Stage:    model.StageApp,
	Guide:    "000 step 2: disable development mode",
	Why:      "Flask's server is for development: it is not hardened, serves from one process, and may bring the debugger with it.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).ServersWithSites, devserver),
})

func devserver(h *check.Hearing, s model.ServedBy) check.Verdict {
	master, up := s.Master.Open(h)
	if s.Kind != "flask-dev" {
		return check.Passed()
	}
	what := "is told to run"
	if up {
		what = fmt.Sprintf("runs, as process %s,", s.Program(master))
	}
	v := check.Failed("Flask's development server "+what+" for "+s.Name, check.Remedy{
		Do:       "Run the app under gunicorn, as a systemd unit.",
		Commands: []string{"# ExecStart= of the unit", "gunicorn --workers 3 --bind unix:/run/" + s.Name + "/gunicorn.sock wsgi:app"},
		Verify:   "pgrep -af gunicorn",
		Minutes:  20,
	})
	if !s.Sites && s.LoopbackOnly(h) {
		return v.At(check.High)
	}
	return v
}
