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
	ID:       "flask.errors",
	Title:    "an error gives a page of the app's own, and nothing of what happened",
	Severity: check.High,
	Stage:    model.StageCode,
	Guide:    "000 step 2: no development mode; 001: error handling",
	Why:      "What an exception says is made for its developers: queries, paths and values, which a stranger provokes at will.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Failings, errorPages),
})

func errorPages(h *check.Hearing, x *model.Failing) check.Verdict {
	a, ok := x.Code.Open(h.Aside())
	switch {
	case !ok:
		return check.DoesNotApply("it is no Flask app")
	case a.Debugging():
		return check.DoesNotApply("flask.debug tells of DEBUG and TESTING")
	}
	if c, ok := a.Setting("PROPAGATE_EXCEPTIONS"); ok && model.Is(c) {
		h.Saw(a.From(c))
		return check.Warned("PROPAGATE_EXCEPTIONS is on: errors go past the app's own handlers to the server", check.Remedy{
			Do: "Take it out: left alone it is on where it should be, in tests and with the debugger.", Commands: restart(x.AppServer), Minutes: 5, Verify: "sudo assay check --only flask.errors"}).
			Because("Visitors see the server's bare page, and what the app's handler was to do (a rollback, a report) is not done.")
	}
	t, _ := a.Tried().Open(h)
	for _, f := range t.Failing {
		if v, bad := errorPage(h, x, a, f); bad {
			return v
		}
	}
	return check.Passed()
}

// errorPage judges one of the two answers: of a view that throws, and of a page
// that is not there.
func errorPage(h *check.Hearing, x *model.Failing, a *model.App, f tape.FailedTry) (check.Verdict, bool) {
	thrown := f.What == "thrown"
	h.Saw(fact.Source{Where: a.Source.Where, Text: fmt.Sprintf("GET %s, %s: %d %s", f.Path, map[bool]string{true: "whose view throws", false: "for which there is no view"}[thrown], f.Status, f.Type), Ask: a.Source.Ask})
	r := check.Remedy{
		Do:       "Answer with a page that says nothing of the cause; the log has it.",
		Commands: append([]string{"@app.errorhandler(500)", "def failed(e):", `    return render_template("500.html"), 500`}, restart(x.AppServer)...),
		Minutes:  20, Verify: "sudo assay check --only flask.errors",
	}
	json := strings.HasPrefix(f.Type, "application/json") || len(a.Templates) == 0
	if json {
		r.Commands = append([]string{"@app.errorhandler(HTTPException)", "def failed(e):", "    return {\"error\": e.name}, e.code"}, restart(x.AppServer)...)
	}
	switch {
	case thrown && !f.Reached, f.Escaped != "":
		h.Missed(fact.Why{Text: "see what a view that throws is answered with: a hook ended the request before", Ask: a.Source.Ask}, false)
	case f.Traceback:
		return check.Failed("the page of an error shows the traceback", r), true
	case f.Message:
		return check.Failed("the page of an error shows the exception's own words", r).At(check.Medium), true
	case thrown && f.Status < 500:
		return check.Failed(fmt.Sprintf("a view that throws is answered with %d", f.Status), r).At(check.Medium).
			Because("Monitoring, balancers and clients take it for a success: nobody learns that pages fail."), true
	case !thrown && !f.Reached && f.Status >= 500:
		r.Commands = append([]string{"from werkzeug.exceptions import HTTPException", "# first in the handler of Exception:", "if isinstance(e, HTTPException):", "    return e"}, restart(x.AppServer)...)
		return check.Failed(fmt.Sprintf("a page that does not exist is answered with %d: the handler of Exception takes the 404, too", f.Status), r).At(check.Medium).
			Because("Each stray link and each scanner counts as an error of the app, among which real ones are lost."), true
	case thrown && f.Plain:
		masked, _ := x.Masked.Open(h)
		switch {
		case masked:
		case json:
			return check.Warned("the app has no error handler of its own: its clients get Flask's page in HTML", r).At(check.Low).
				Because("A client that reads JSON fails at the page in place of telling what happened."), true
		default:
			return check.Warned("the app has no error page of its own: visitors get Flask's bare one", r).At(check.Low).
				Because("It says neither whose site it is nor what to do now."), true
		}
	}
	return check.Passed(), false
}
