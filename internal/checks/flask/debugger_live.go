package flask

import (
	"strings"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "flask.debugger-live",
	Title:    "Werkzeug's interactive debugger is not reachable",
	Severity: check.Critical,
	Stage:    model.StageCode,
	Guide:    "001: debug mode allows arbitrary code execution",
	Why:      "The debugger runs whatever Python a visitor types, as the app's user; its PIN can be worked out or guessed.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Surfaces, debugger),
})

func debugger(h *check.Hearing, s *model.Surface) check.Verdict {
	r, _ := s.Debugger.Open(h)
	switch {
	case r.Error != "" && r.Class == "denied":
		return check.CannotTell("may not connect to "+s.Subject(), "run with sudo")
	case r.Error != "" && r.Class == "timeout":
		return check.CannotTell(s.Subject()+" did not answer in time", "look again when the app answers")
	case r.Error != "":
		return check.DoesNotApply("nothing answers there: " + r.Error)
	case r.Status == 200 && strings.Contains(r.Get("content-type"), "javascript") && (strings.Contains(r.Body, "EVALEX") || strings.Contains(r.Body, "CONSOLE_MODE")):
		return check.Failed("Werkzeug's debugger answers at "+s.Subject(), check.Remedy{
			Do:       "Turn debug off: no app.run(debug=True), no FLASK_DEBUG=1, no DebuggedApplication; serve the app with gunicorn.",
			Commands: []string{"grep -rn -e 'debug=True' -e DebuggedApplication -e FLASK_DEBUG /path/to/app"},
			Verify:   "curl -s -o /dev/null -w '%{http_code}\\n' 'http://localhost/?__debugger__=yes&cmd=resource&f=debugger.js'",
			Minutes:  10,
		})
	}
	return check.Passed()
}
