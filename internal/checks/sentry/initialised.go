package sentry

import (
	"fmt"
	"slices"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "sentry.initialised",
	Title:    "errors reach the tracker that the app has",
	Severity: check.Medium,
	Stage:    model.StageCode,
	Guide:    "001: error tracking with Sentry",
	Why:      "Everybody believes that errors are reported, and none is.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Apps, initialised),
})

func initialised(h *check.Hearing, s *model.AppServer) check.Verdict {
	app, ok := s.Code.Open(h.Aside())
	if !ok {
		return check.DoesNotApply("it is no Flask app")
	}
	t := app.Tracker
	switch {
	case t == nil && app.Stores == nil:
		return check.CannotTell("whether the app reports errors was not asked", "make a new recording with this version of assay")
	case t == nil:
		return check.DoesNotApply("the app does not load sentry-sdk")
	case !t.Client:
		h.Saw(saw(app, "sentry_sdk is loaded, and nothing called init"))
		return check.Failed("the app loads sentry-sdk and never starts it: no error is reported", start(s))
	case t.Host == "":
		h.Saw(saw(app, "its client has no DSN"))
		return check.Failed("the app starts sentry-sdk without a DSN: no error is reported", start(s))
	case placeholder(t):
		h.Saw(saw(app, "its DSN leads to "+t.Host+"/"+t.Project))
		return check.Failed(fmt.Sprintf("the DSN of sentry-sdk is an example's (%s, project %s): no error arrives anywhere", t.Host, t.Project), start(s))
	case !slices.Contains(t.Integrations, "flask"):
		h.Saw(saw(app, "integrations: "+fmt.Sprint(t.Integrations)))
		return check.Failed("sentry-sdk runs without its part for Flask: an exception that ends a request with 500 is not reported", check.Remedy{
			Do: "Leave the default integrations on, or name the one for Flask.", Commands: []string{"sentry_sdk.init(..., integrations=[FlaskIntegration()])", "sudo systemctl restart " + s.UnitName()},
			Verify: "sudo assay check --only sentry.initialised", Minutes: 10, Cure: check.InCode})
	case slices.Contains([]string{"development", "dev", "test", "testing", "local"}, t.Environment):
		h.Saw(saw(app, "environment: "+t.Environment))
		return check.Warned("errors are reported as those of "+t.Environment+", where no alarm is set", check.Remedy{
			Do: "Say in the service's environment which one it is.", Commands: []string{"# in the environment file of " + s.UnitName() + ": SENTRY_ENVIRONMENT=production", "sudo systemctl restart " + s.UnitName()},
			Verify: "sudo assay check --only sentry.initialised", Minutes: 5})
	}
	return check.Passed()
}

// placeholder is a DSN of the documentation, or one that somebody meant to fill in.
func placeholder(t *tape.Tracker) bool {
	return t.Project == "0" || t.Host == "o0.ingest.sentry.io" || t.Host == "example.com" || t.Host == "sentry.example.com" || t.Host == "host"
}

func start(s *model.AppServer) check.Remedy {
	return check.Remedy{
		Do:       "Give the service the DSN of your project, and start the client where the app is made.",
		Commands: []string{"# in the environment file of " + s.UnitName() + ": SENTRY_DSN=<the project's DSN>", `sentry_sdk.init(dsn=os.environ["SENTRY_DSN"], environment="production")`, "sudo systemctl restart " + s.UnitName()},
		Verify:   "sudo assay check --only sentry.initialised", Minutes: 10,
	}
}
