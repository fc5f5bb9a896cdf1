package flask

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "flask.config-selected",
	Title:    "the configuration meant for production is the one that is loaded",
	Severity: check.High,
	Stage:    model.StageCode,
	Guide:    "001: configuration loading",
	Why:      "The app runs on values that were meant for a desk or for nobody: default keys, another database, no limits; and nothing says so.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Configs, configSelected),
})

func configSelected(h *check.Hearing, x *model.Configured) check.Verdict {
	s := x.AppServer
	app, ok := s.Code.Open(h)
	if !ok {
		return check.DoesNotApply("it is no Flask app")
	}
	if l, ok := app.Rehearsal(); ok {
		return rehearsed(h, s, app, l)
	}
	named := false
	for _, l := range app.Without() {
		if l.How == "from_envvar" && l.File != "" {
			return without(h, x, app, l, fmt.Sprintf("%s names %s, which is not there, and the app starts without it", l.Name, l.File))
		}
	}
	for _, l := range app.Loads {
		named = named || l.How != "from_mapping" && l.How != "from_prefixed_env"
	}
	switch {
	case !named:
		return check.DoesNotApply("the app loads no class and no file")
	case app.Supplied():
		return check.Passed()
	}
	for _, l := range app.Without() {
		if l.How == "from_envvar" {
			return without(h, x, app, l, l.Name+" is not set, and the app starts without the file that it would name")
		}
		if !l.Exists {
			return without(h, x, app, l, l.File+" is not there, and the app starts without it")
		}
	}
	return check.Passed()
}

func rehearsed(h *check.Hearing, s *model.AppServer, app *model.App, l tape.ConfigLoad) check.Verdict {
	h.Saw(app.At(l.At, l.How+" "+l.Name))
	r := check.Remedy{Do: "Load the configuration for production, and let nothing else be the default.", Minutes: 10, Cure: check.InCode}
	said := "the app runs with " + l.Name
	if e, ok := app.Selector(); ok {
		h.Saw(app.At(&tape.Frame{File: e.File, Line: e.Line}, "reads "+e.Key))
		said += ", which " + e.Key + " chooses"
		if !e.Set {
			said = "the app runs with " + l.Name + ", since " + e.Key + " is not set"
		}
		r.Cure = check.OnHost
		r.Commands = append(r.Commands, "# in the environment of "+unitOr(s)+", or what the app takes for production", e.Key+"=production")
	} else if l.At != nil {
		r.Commands = append(r.Commands, fmt.Sprintf("# %s:%d", l.At.File, l.At.Line))
	}
	r.Commands = append(r.Commands, restart(s)...)
	var on []string
	for _, f := range []struct {
		name string
		c    tape.AppSetting
	}{{"DEBUG", app.App.App.Debug}, {"TESTING", app.App.App.Testing}} {
		if model.Is(f.c) {
			on = append(on, f.name)
		}
	}
	v := check.Failed(said, r)
	if len(on) > 0 {
		return v.Because("It turns " + strings.Join(on, " and ") + " on, and brings what else was meant for a desk: default keys, another database, no limits.")
	}
	return v
}

func without(h *check.Hearing, x *model.Configured, app *model.App, l tape.ConfigLoad, said string) check.Verdict {
	s := x.AppServer
	h.Saw(app.At(l.At, l.How+" "+l.Name+", silent=True"))
	r := check.Remedy{Do: "Put the file there, readable for the service, and take silent=True out: then a missing file stops the start, which is seen.", Minutes: 15}
	if l.File != "" {
		who := "root"
		if u, state := s.User.Look(h.Aside()); state == fact.IsKnown {
			who = u.Name
		}
		r.Commands = append(r.Commands, "sudo install -o root -g "+who+" -m 640 /dev/null "+l.File, "sudoedit "+l.File)
	} else {
		r.Commands = append(r.Commands, "# in the environment of "+unitOr(s), l.Name+"=/etc/"+s.Name+"/config.py")
	}
	if l.At != nil {
		r.Commands = append(r.Commands, fmt.Sprintf("# %s:%d, without silent=True", l.At.File, l.At.Line))
	}
	r.Commands = append(r.Commands, restart(s)...)
	v := check.Failed(said, r)
	if thrown, _ := x.Thrown.Look(h.Aside()); len(thrown) > 0 {
		h.Saw(thrown[0].Source)
		return v.Breaking(true).Because("The app runs on the values of its code alone, and its pages fail.")
	}
	return v
}

func unitOr(s *model.AppServer) string {
	if u := s.UnitName(); u != "" {
		return u
	}
	return "the app server"
}

func restart(s *model.AppServer) []string {
	if u := s.UnitName(); u != "" {
		return []string{"sudo systemctl restart " + u}
	}
	return nil
}
