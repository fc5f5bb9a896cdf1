package flask

import (
	"fmt"
	"path"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "flask.devserver",
	Title:    "a production WSGI server runs the app, not Flask's own",
	Severity: check.Critical,
	Stage:    model.StageApp,
	Guide:    "000 step 2: disable development mode",
	Why:      "Flask's server is for development: it is not hardened, one process does all the work, and it may bring the debugger with it.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).ServersWithSites, devserver),
})

func devserver(h *check.Hearing, s model.ServedBy) check.Verdict {
	_, up := s.Master.Open(h)
	if !s.Development() {
		return check.Passed()
	}
	who := "Flask's development server runs without a unit: "
	switch unit := s.UnitName(); {
	case unit != "" && up:
		who = unit + " runs Flask's development server: "
	case unit != "":
		who = unit + " is to run Flask's development server: "
	}
	v := check.Failed(who+s.Command(), gunicorn(h, s))
	if !s.Sites && s.LoopbackOnly(h) {
		return v.At(check.High)
	}
	return v
}

// gunicorn is the same app at the same address under gunicorn, so that nothing
// else has to change.
func gunicorn(h *check.Hearing, s model.ServedBy) check.Remedy {
	bind, app := "unix:/run/"+s.Name+"/gunicorn.sock", s.App
	if own, state := s.Listens.Look(h); state == fact.IsKnown && len(own) > 0 {
		bind = own[0].Addr
		if own[0].Wildcard() {
			bind = fmt.Sprintf("127.0.0.1:%d", own[0].Port)
		}
	}
	if app == "" {
		app = "<module>:<app>"
	}
	line := path.Join(s.Bin(), "gunicorn") + " --workers 3 --bind " + bind + " " + app
	r := check.Remedy{
		Do:      "Let gunicorn run the app, on the same address. Its last word is module and app object.",
		Verify:  "pgrep -af gunicorn",
		Minutes: 20,
	}
	switch bin := s.Bin(); bin {
	case "":
	case "/usr/bin":
		r.Commands = append(r.Commands, "sudo apt install gunicorn  # unless it is there")
	default:
		r.Commands = append(r.Commands, path.Join(bin, "pip")+" install gunicorn  # unless it is there")
	}
	unit := s.UnitName()
	if src, ok := s.StartedBy(); ok {
		h.Saw(src)
		r.Commands = append(r.Commands, fmt.Sprintf("# %s:%d", src.Where, src.Line))
	} else {
		unit = s.Name + ".service"
		r.Commands = append(r.Commands, "# in [Service] of a unit, /etc/systemd/system/"+unit+":")
	}
	r.Commands = append(r.Commands, "ExecStart="+line, "sudo systemctl daemon-reload", "sudo systemctl restart "+unit)
	return r
}
