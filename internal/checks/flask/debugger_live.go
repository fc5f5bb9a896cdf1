package flask

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "flask.debugger-live",
	Title:    "Werkzeug's interactive debugger is not reachable",
	Severity: check.Critical,
	Stage:    model.StageCode,
	Guide:    "001: debug mode allows arbitrary code execution",
	Why:      "The debugger runs whatever Python a visitor types, as the app's user; its PIN can be worked out or guessed. Every error page shows source and values.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Debuggables, debugger),
})

func debugger(h *check.Hearing, x *model.Debuggable) check.Verdict {
	var live []*model.Surface
	var at []string
	answered := false
	for _, s := range x.Surfaces {
		r, state := s.Debugger.Look(h)
		switch {
		case state != fact.IsKnown:
		case r.Error != "" && r.Class == "denied":
			h.Missed(fact.Why{Text: "ask " + s.URL() + ": permission denied", Hint: "run with sudo"}, false)
		case r.Error != "" && r.Class == "timeout":
			h.Missed(fact.Why{Text: "ask " + s.URL() + ": no answer in time", Hint: "look again when the app answers"}, false)
		case r.Error != "" || r.Status >= 502 && r.Status <= 504: // the app was not there to be asked
		case present(r):
			live, at = append(live, s), append(at, s.URL())
			answered = true
		default:
			answered = true
		}
	}
	switch {
	case len(live) > 0:
		return check.Failed("Werkzeug's debugger answers at "+strings.Join(at, " and at "), off(h, x, live[0]))
	case !answered:
		return check.DoesNotApply("nothing answers")
	}
	return check.Passed()
}

// present knows the debugger by its own script, which holds these two names in
// Werkzeug 0.9 to 3.1.
func present(r tape.HTTPReply) bool {
	return r.Status == 200 && strings.Contains(r.Get("content-type"), "javascript") &&
		strings.Contains(r.Body, "EVALEX") && strings.Contains(r.Body, "CONSOLE_MODE")
}

func off(h *check.Hearing, x *model.Debuggable, s *model.Surface) check.Remedy {
	r := check.Remedy{
		Do:      "Turn debug off for good: no DebuggedApplication, no app.run(debug=True), no flask run --debug.",
		Verify:  s.Curl("/?__debugger__=yes&cmd=resource&f=debugger.js") + " | grep -c EVALEX  # 0",
		Minutes: 10,
	}
	if x.Server == nil {
		return r
	}
	if v, state := x.Variable.Look(h); state == fact.IsKnown {
		at := v.File
		if v.Line > 0 {
			at = fmt.Sprintf("%s:%d", v.File, v.Line)
		}
		r.Cure, r.Commands = check.OnHost, append(r.Commands, "# "+at, "FLASK_DEBUG=0")
	}
	if src, ok := x.Server.StartedBy(); ok && slices.Contains(x.Server.Argv, "--debug") {
		r.Cure, r.Commands = check.OnHost, append(r.Commands, fmt.Sprintf("# without --debug: %s:%d", src.Where, src.Line))
	}
	if dir, state := x.Server.Cwd.Look(h); state == fact.IsKnown {
		r.Commands = append(r.Commands, "grep -rnE 'DebuggedApplication|debug ?= ?True|use_debugger' --include='*.py' "+strings.TrimSuffix(dir, " (deleted)"))
	}
	if u := x.Server.UnitName(); u != "" {
		r.Commands = append(r.Commands, "sudo systemctl restart "+u)
	}
	return r
}
