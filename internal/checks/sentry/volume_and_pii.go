package sentry

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "sentry.volume-and-pii",
	Title:    "what goes to the tracker was chosen for production",
	Severity: check.Medium,
	Stage:    model.StageCode,
	Guide:    "001: error tracking with Sentry (traces_sample_rate=1.0)",
	Why:      "Each request costs time and quota; when the quota is used up, errors are dropped as well.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Apps, volume),
})

// half of all requests is more than anybody reads.
const half = 0.5

func volume(h *check.Hearing, s *model.AppServer) check.Verdict {
	app, ok := s.Code.Open(h.Aside())
	if !ok {
		return check.DoesNotApply("it is no Flask app")
	}
	t := app.Tracker
	switch {
	case t == nil && app.Stores == nil:
		return check.CannotTell("what the app reports was not asked", "make a new recording with this version of assay")
	case t == nil || !t.Client || t.Host == "":
		return check.DoesNotApply("the app reports nothing to Sentry")
	}
	r := check.Remedy{Minutes: 10, Verify: "sudo assay check --only sentry.volume-and-pii", Commands: []string{"sudo systemctl restart " + s.UnitName()}}
	all := t.Traces != nil && *t.Traces > half && !t.Sampler
	switch {
	case t.Debug:
		h.Saw(saw(app, "debug: True"))
		r.Do = "Take debug=True out of sentry_sdk.init."
		return check.Warned("sentry-sdk runs with debug=True: it writes each event to the service's log", r).
			Because("The log grows by what each error and each trace holds, and hides what else is said there.")
	case all && t.PII:
		h.Saw(saw(app, fmt.Sprintf("traces_sample_rate: %g, send_default_pii: True", *t.Traces)))
		r.Do, r.Commands = "Trace one request of twenty, and send no data of persons unless your privacy notice names it.", append([]string{"sentry_sdk.init(..., traces_sample_rate=0.05, send_default_pii=False)"}, r.Commands...)
		return check.Warned(fmt.Sprintf("%s sent to %s as a trace, with cookies, addresses and user names (send_default_pii)", share(*t.Traces), t.Host), r)
	case all:
		h.Saw(saw(app, fmt.Sprintf("traces_sample_rate: %g", *t.Traces)))
		r.Do, r.Commands = "Trace one request of twenty; a traces_sampler may choose which.", append([]string{"sentry_sdk.init(..., traces_sample_rate=0.05)"}, r.Commands...)
		return check.Warned(fmt.Sprintf("%s sent to %s as a trace (traces_sample_rate=%g)", share(*t.Traces), t.Host, *t.Traces), r)
	case t.PII && !t.Scrubs:
		h.Saw(saw(app, "send_default_pii: True, no before_send"))
		r.Do, r.Commands = "Turn it off, or take out with before_send what your privacy notice does not name.", append([]string{"sentry_sdk.init(..., send_default_pii=False)"}, r.Commands...)
		return check.Warned("each error report to "+t.Host+" holds cookies, addresses and user names (send_default_pii)", r).
			Because("A session cookie in a report is a login for who reads it, and the data of persons leave the house.")
	}
	return check.Passed()
}

func share(rate float64) string {
	if rate >= 1 {
		return "each request is"
	}
	return fmt.Sprintf("%.0f of 100 requests are", rate*100)
}

func saw(app *model.App, text string) fact.Source { return app.At(nil, text) }
