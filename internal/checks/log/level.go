package log

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "log.level",
	Title:    "the app's log says what it was told to say, once",
	Severity: check.Low,
	Stage:    model.StageCode,
	Guide:    "001: logging",
	Why:      "What is looked for after an incident is not there, or drowns.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Apps, level),
})

func level(h *check.Hearing, s *model.AppServer) check.Verdict {
	app, ok := s.Code.Open(h)
	if !ok {
		return check.DoesNotApply("it is no Flask app")
	}
	r := check.Remedy{Minutes: 10, Verify: "sudo assay check --only log.level"}
	l := app.Logging()
	switch {
	case model.Is(app.App.App.Debug):
		return check.DoesNotApply("the app runs in debug mode, which says everything")
	case l.Level["root"] == "DEBUG" && l.Handled["root"]:
		h.Saw(app.At(nil, "the root logger is at DEBUG"))
		r.Do, r.Commands = "Log from INFO on.", []string{"logging.getLogger().setLevel(logging.INFO)"}
		return check.Failed("every package logs at DEBUG: the root logger lets all through", r).
			Because("Libraries write requests, headers and tokens at DEBUG; and a log of that size is not read.")
	case l.Twice != "":
		h.Saw(app.At(nil, "the loggers "+l.App+" and root both have a handler for "+l.Twice))
		r.Do, r.Commands = "Let one of them have the handler.", []string{"app.logger.propagate = False   # or: app.logger.handlers.clear()"}
		return check.Failed("each line of app.logger is written twice, by its own handler and by the root logger's", r).
			Because("Counts and alarms that are made of the log are wrong by half.")
	}
	if echo, set := app.Setting("SQLALCHEMY_ECHO"); set && model.Is(echo) && len(app.Engines) > 0 {
		h.Saw(app.From(echo))
		r.Do, r.Commands = "Turn it off, and turn it on in development alone.", []string{"SQLALCHEMY_ECHO = False"}
		return check.Failed("each statement to the database is logged with its values: SQLALCHEMY_ECHO is on", r).At(check.Medium).
			Because("Addresses, password hashes and tokens of visitors go into the log, and each request waits for some lines of it.")
	}
	for _, x := range app.Says {
		if x.Level == "INFO" && (l.Level[l.App] == "WARNING" || l.Level[l.App] == "ERROR" || l.Level[l.App] == "CRITICAL") {
			h.Saw(fact.Source{Where: x.File, Line: x.Line, Text: "logger.info(…)", Ask: app.Source.Ask}, app.At(nil, "app.logger is at "+l.Level[l.App]))
			r.Do, r.Commands = "Set the level where the app is made.", []string{"app.logger.setLevel(logging.INFO)"}
			return check.Failed(fmt.Sprintf("what the app tells its log with logger.info, in %s, is thrown away: app.logger is at %s", places(x.Count), l.Level[l.App]), r).
				Because("Without a level of its own a logger takes the root's, and that is WARNING: logins, orders and jobs leave no trace.")
		}
	}
	if app.Says == nil && app.Stores == nil {
		return check.CannotTell("what the app tells its log was not asked", "make a new recording with this version of assay")
	}
	return check.Passed()
}

func places(n int) string {
	if n == 1 {
		return "one place"
	}
	return fmt.Sprintf("%d places", n)
}
