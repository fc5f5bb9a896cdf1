package flask

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "flask.insecure-env",
	Title:    "no switch of a developer's desk turns a protection off",
	Severity: check.High,
	Stage:    model.StageCode,
	Guide:    "000 step 2: disable development mode",
	Why:      "A login by another service (OAuth) then takes place over plain HTTP as well: who reads along has the visitor's token.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Apps, insecureEnv),
})

// switchReaders are the packages that read a switch.
var switchReaders = map[string][]string{
	"OAUTHLIB_INSECURE_TRANSPORT": {"oauthlib"},
	"AUTHLIB_INSECURE_TRANSPORT":  {"authlib"},
}

func insecureEnv(h *check.Hearing, s *model.AppServer) check.Verdict {
	a, ok := s.Code.Open(h.Aside())
	if !ok {
		return check.DoesNotApply("it is no Flask app")
	}
	if a.Switches == nil {
		return check.CannotTell("tell which switches the app leaves in its environment", "make a new recording with this version of assay")
	}
	for _, name := range []string{"OAUTHLIB_INSECURE_TRANSPORT", "AUTHLIB_INSECURE_TRANSPORT", "WERKZEUG_DEBUG_PIN"} {
		v := a.Switches[name]
		pin := name == "WERKZEUG_DEBUG_PIN"
		if v == "" || pin && v != "off" {
			continue
		}
		r := check.Remedy{Do: "Take it out, and restart.", Minutes: 5, Verify: "sudo assay check --only flask.insecure-env"}
		by := "the app's code sets it"
		if file, line, set := s.SetIn(name); set {
			by = fmt.Sprintf("%s:%d", file, line)
			h.Saw(fact.Source{Where: file, Line: line, Text: name + "=" + v})
			r.Commands = append([]string{"# " + by}, restart(s)...)
		} else {
			src := a.Source
			src.Text = name + "=" + v + " once the app is loaded"
			h.Saw(src)
			r.Cure = check.InCode
			r.Commands = append([]string{"grep -rn " + name + " " + a.CodeRoot()}, restart(s)...)
		}
		said := fmt.Sprintf("%s=%s (%s)", name, v, by)
		switch {
		case pin:
			return check.Warned(said, r).At(check.Low).Because("Werkzeug's debugger asks for no PIN: once somebody turns debugging on, every visitor runs code.")
		case a.Dists[strings.Join(switchReaders[name], "")] == "":
			return check.Warned(said+", and no installed package reads it", r).At(check.Low)
		}
		return check.Failed(said, r)
	}
	return check.Passed()
}
