package metrics

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "metrics.present",
	Title:    "the app's page of numbers shows numbers",
	Severity: check.Low,
	Stage:    model.StageCode,
	Guide:    "001 monitoring: application metrics",
	Why:      "What collects from there gets nothing: no rate of errors, no times.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).MetricsPages, present),
})

func present(h *check.Hearing, x *model.Metrics) check.Verdict {
	app, ok := x.Code.Open(h)
	switch {
	case !ok:
		return check.DoesNotApply("it is no Flask app")
	case app.Watched("prometheus_client", "prometheus_flask_exporter") == "" && app.Watched(model.Tracers...) != "":
		return check.Passed() // another way
	case x.Spot == nil:
		return elsewhere(h, x)
	}
	if dark, _ := x.Dark.Open(h.Aside()); dark {
		return check.DoesNotApply("the site's first page fails too")
	}
	r, _ := x.Counted.Open(h)
	if r.Exposes() || r.Status == 401 || r.Status == 403 {
		return check.Passed()
	}
	if r.Status >= 300 && r.Status < 400 {
		return check.DoesNotApply("the page leads on, and where to is judged with the site's redirects")
	}
	if r.Error != "" { // whether the app answers at all is no question of its numbers
		return check.CannotTell("ask "+x.Spot.Path+": "+r.Error, "look again when the app answers: "+x.Spot.Curl())
	}
	h.Saw(x.Spot.At)
	return check.Failed(fmt.Sprintf("%s shows no numbers: %s", x.Spot.Path, model.Status(r.Status)), check.Remedy{
		Do:       "See what the view throws, and what it answers.",
		Commands: []string{x.Spot.Curl() + " | head", fmt.Sprintf("# %s:%d", x.Spot.At.Where, x.Spot.At.Line)}, Verify: x.Spot.Curl() + " | head -3", Minutes: 15,
	})
}

// elsewhere: an app that has no such page may be watched in another way.
func elsewhere(h *check.Hearing, x *model.Metrics) check.Verdict {
	if _, state := x.Said.Metrics.Look(h); state == fact.IsKnown {
		return check.Passed()
	}
	return check.CannotTell("no rule of the app shows numbers, and nothing is declared to take them", "say in "+model.OperatorFile+" what does: metrics = \"the load balancer's dashboard\"")
}
