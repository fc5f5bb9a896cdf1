package flask

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "flask.csrf",
	Title:    "what a logged-in visitor can change, no other site's page changes in his name",
	Severity: check.High,
	Stage:    model.StageCode,
	Guide:    "001: Flask-WTF",
	Why:      "A page of another site sends the form, and the visitor's browser adds his cookie: it is done in his name.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Apps, csrf),
})

func csrf(h *check.Hearing, s *model.AppServer) check.Verdict {
	a, ok := s.Code.Open(h.Aside())
	if !ok {
		return check.DoesNotApply("it is no Flask app")
	}
	if _, signs := a.SignsAt(); !signs {
		return check.DoesNotApply("nothing in the app keeps a session")
	}
	if a.Debugging() {
		return check.DoesNotApply("flask.debug tells of DEBUG and TESTING")
	}
	t, _ := a.Tried().Open(h)
	open, unsure := a.Unguarded(t)
	switch {
	case len(open) == 0 && len(unsure) > 0 && !a.Extends("csrf"):
		return check.CannotTell(fmt.Sprintf("whether POST %s asks for a token: a hook ends the request before", unsure[0].Path), "")
	case len(open) == 0:
		return check.Passed()
	}
	return unguarded(h, s, a, open)
}

func unguarded(h *check.Hearing, s *model.AppServer, a *model.App, open []tape.ForgedTry) check.Verdict {
	f := open[0]
	v := a.Views[f.Endpoint]
	h.Saw(fact.Source{Where: v.File, Line: v.Line, Text: fmt.Sprintf("%s %s without a token comes to %s", f.Method, f.Path, v.Name), Ask: a.Source.Ask})
	what := fmt.Sprintf("%s %s takes a form without a token", f.Method, f.Path)
	if len(open) > 1 {
		what = fmt.Sprintf("%s %s and %d more take forms without a token", f.Method, f.Path, len(open)-1)
	}
	r := check.Remedy{
		Do:       "Protect all forms at once, and put the token into each of them. A view that takes requests of other programs and no cookie is exempt by @csrf.exempt.",
		Commands: append([]string{"from flask_wtf import CSRFProtect", "CSRFProtect(app)", `# in each form: <input type="hidden" name="csrf_token" value="{{ csrf_token() }}">`}, restart(s)...),
		Minutes:  60, Verify: "sudo assay check --only flask.csrf",
	}
	if c, ok := a.Setting("WTF_CSRF_ENABLED"); ok && !model.Is(c) {
		h.Saw(a.From(c))
		what += ": WTF_CSRF_ENABLED is off"
		r.Do, r.Commands, r.Minutes = "Turn it on: it is meant to be off in tests alone.", append([]string{"WTF_CSRF_ENABLED = True"}, restart(s)...), 10
	}
	site, _ := a.Setting("SESSION_COOKIE_SAMESITE")
	if mode := model.Text(site); mode == "Lax" || mode == "Strict" {
		h.Saw(a.From(site))
		return check.Warned(what, r).At(check.Low).
			Because("SESSION_COOKIE_SAMESITE=" + mode + " keeps other sites out in browsers of today. It does not keep out a page under another name of the same domain, nor a cookie that another part of the app sets (Flask-Login's).")
	}
	return check.Failed(what+", and the session's cookie is sent from other sites' pages", r)
}
