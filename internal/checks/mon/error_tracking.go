package mon

import (
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "mon.error-tracking",
	Title:    "an exception reaches somebody",
	Severity: check.Medium,
	Stage:    model.StageCode,
	Guide:    "000 step 19: monitor 5xx; 001 set up error tracking",
	Why:      "Pages that end with 500 stand in a log that nobody reads, until somebody complains.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Watches, errors),
})

// senders are log handlers that bring an error to people by themselves.
var senders = []string{"SMTPHandler", "SentryHandler", "EventHandler", "SlackHandler", "TelegramHandler", "LogtailHandler", "HTTPHandler", "RollbarHandler", "CloudWatchLogHandler"}

func errors(h *check.Hearing, x *model.Watch) check.Verdict {
	app, ok := x.Code.Open(h)
	if !ok {
		return check.DoesNotApply("it is no Flask app")
	}
	if app.Watchers == nil {
		return check.CannotTell("what the app imports for its errors was not looked for", "look again with this version")
	}
	if by := app.Watched(model.Reporters...); by != "" {
		h.Saw(app.At(nil, by+" is imported and has somewhere to send to"))
		return check.Passed()
	}
	for _, l := range app.Handlers {
		for _, s := range senders {
			if strings.HasSuffix(l.Class, "."+s) {
				h.Saw(app.At(nil, "the logger "+l.Logger+" has a "+s))
				return check.Passed()
			}
		}
	}
	said, state := x.Said.Errors.Look(h)
	if state != fact.IsKnown {
		return check.CannotTell("nothing in the app reports its exceptions, and nothing is declared to", "say in "+model.OperatorFile+" what does: errors = \"log shipping to Loki, alert on ERROR\"")
	}
	if strings.Contains(strings.ToLower(said), "sentry") {
		what := "the app does not import sentry_sdk"
		if app.Imports("sentry_sdk") {
			what = "sentry_sdk has no DSN"
		}
		return check.Failed("Sentry is declared to collect the errors, and gets none: "+what, check.Remedy{
			Do: "Give the service the DSN, and call sentry_sdk.init before the app is made.", Commands: []string{"sentry_sdk.init(dsn=os.environ[\"SENTRY_DSN\"], environment=\"production\")", "# SENTRY_DSN=... in the service's environment file"},
			Verify: "sudo assay check --only mon.error-tracking", Minutes: 15,
		})
	}
	return check.Passed()
}
