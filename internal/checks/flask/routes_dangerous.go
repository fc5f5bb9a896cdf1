package flask

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "flask.routes.dangerous",
	Title:    "no developer's tool is part of the site",
	Severity: check.High,
	Stage:    model.StageCode,
	Guide:    "beyond the guides",
	Why:      "It shows configuration, queries and timings to whoever asks.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Apps, dangerousRoutes),
})

// tools are what developers add for themselves, by the beginning of their rules.
var tools = []struct{ rule, endpoint, name string }{
	{"/_debug_toolbar/", "debugtoolbar.", "Flask-DebugToolbar"},
	{"/flask-profiler/", "flask-profiler.", "flask-profiler"},
}

func dangerousRoutes(h *check.Hearing, s *model.AppServer) check.Verdict {
	app, ok := s.Code.Open(h)
	if !ok {
		return check.DoesNotApply("it is no Flask app")
	}
	for _, r := range app.Rules {
		for _, t := range tools {
			if !strings.HasPrefix(r.Rule, t.rule) && !strings.HasPrefix(r.Endpoint, t.endpoint) {
				continue
			}
			src := app.Source
			src.Text = r.Rule + " leads to " + r.Endpoint
			h.Saw(src)
			base, _, _ := strings.Cut(r.Rule, "<")
			return check.Failed(fmt.Sprintf("%s is part of the app (%s)", t.name, base), check.Remedy{
				Do:       "Set it up in development alone, behind a switch that production does not have.",
				Commands: restart(s), Minutes: 10, Verify: "sudo assay check --only flask.routes.dangerous"})
		}
	}
	return check.Passed()
}
