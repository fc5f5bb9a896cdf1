package flask

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "flask.debug",
	Title:    "DEBUG and TESTING are off in the app as its service starts it",
	Severity: check.High,
	Stage:    model.StageCode,
	Guide:    "000 step 2: disable development mode; 001: debug mode",
	Why:      "Errors go past the app's own handlers and pages, and extensions behave as on a desk: tool bars, recorded queries.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Debuggables, debug),
})

func debug(h *check.Hearing, x *model.Debuggable) check.Verdict {
	if x.Server == nil {
		return check.DoesNotApply("no app server is known")
	}
	app, ok := x.Server.Code.Open(h)
	if !ok {
		return check.DoesNotApply("it is no Flask app")
	}
	flags := app.App.App
	debug, testing := model.Is(flags.Debug), model.Is(flags.Testing)
	if !debug && !testing {
		return check.Passed()
	}
	if l, ok := app.Rehearsal(); ok {
		return check.DoesNotApply("flask.config-selected tells of the whole configuration: " + l.Name)
	}
	for _, s := range x.Surfaces {
		if r, _ := s.Debugger.Open(h); debug && present(r) {
			return check.DoesNotApply("flask.debugger-live tells of the debugger itself")
		}
	}
	name, value := "DEBUG", flags.Debug
	switch {
	case debug && testing:
		return on(h, x, app, "DEBUG and TESTING are on", "DEBUG")
	case testing:
		name, value = "TESTING", flags.Testing
	}
	said := name + " is on"
	if t := model.Text(value); t != "" {
		said = fmt.Sprintf("%s is the text %q, which Python takes for true", name, t)
	}
	return on(h, x, app, said, name)
}

func on(h *check.Hearing, x *model.Debuggable, app *model.App, said, name string) check.Verdict {
	r := check.Remedy{Do: "Turn it off where it is set. A variable is text: compare it, os.environ.get(\"" + name + "\") == \"1\".", Minutes: 10,
		Verify: "sudo assay check --only flask.debug"}
	c, _ := app.Setting(name)
	src := app.From(c)
	switch {
	case src.Line > 0:
		h.Saw(src)
		r.Commands = append(r.Commands, fmt.Sprintf("# %s:%d", src.Where, src.Line), name+" = False")
	case name == "DEBUG":
		if v, state := x.Variable.Look(h); state == fact.IsKnown {
			said += ", by FLASK_DEBUG=" + v.Value
			r.Cure = check.OnHost
			at := "# " + v.File
			if v.Line > 0 {
				at = fmt.Sprintf("# %s:%d", v.File, v.Line)
			}
			r.Commands = append(r.Commands, at, "FLASK_DEBUG=0")
		}
	}
	if u := x.Server.UnitName(); u != "" {
		r.Commands = append(r.Commands, "sudo systemctl restart "+u)
	}
	v := check.Failed(said, r)
	if strings.HasPrefix(said, "TESTING") {
		v = v.Because("Errors go past the app's own handlers and pages, and extensions do not work in earnest: Flask-Mail sends nothing, a captcha lets everybody pass.")
	}
	return v
}
