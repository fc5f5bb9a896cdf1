package metrics

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "metrics.cardinality",
	Title:    "no label of the app's numbers grows with its visitors",
	Severity: check.Medium,
	Stage:    model.StageCode,
	Guide:    "001 monitoring: Prometheus with Flask",
	Why:      "Each new value is a series for ever: the workers' memory and each scrape grow, and so does the collector, until one of them fails.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).MetricsPages, cardinality),
})

// Values of one label: that many addresses of one shape are the addresses of
// things; that many values of any kind are a load whatever they are.
const (
	someAlike = 20
	manyAlike = 1000
	manyKinds = 5000
)

func cardinality(h *check.Hearing, x *model.Metrics) check.Verdict {
	_, ok := x.Code.Open(h)
	switch {
	case !ok:
		return check.DoesNotApply("it is no Flask app")
	case x.Spot == nil:
		return check.Passed()
	}
	r, _ := x.Counted.Open(h)
	for _, l := range r.Labels {
		cure := check.Remedy{
			Do:       "Take the rule for a label in place of the address, which has the thing's number in it, and leave out what no rule takes.",
			Commands: []string{"labels(str(request.url_rule), ...)   # in place of request.path", "PrometheusMetrics(app, group_by=\"url_rule\")   # where prometheus_flask_exporter counts"},
			Verify:   x.Spot.Curl() + " | grep -c ^" + l.Metric, Minutes: 15,
		}
		switch {
		case l.Alike >= manyAlike:
			return check.Failed(fmt.Sprintf("the label %s of %s has %d addresses like %s, each a series of its own", l.Label, l.Metric, l.Alike, l.Shape), cure)
		case l.Alike >= someAlike:
			return check.Warned(fmt.Sprintf("the label %s of %s has a series for each address like %s, %d so far", l.Label, l.Metric, l.Shape, l.Alike), cure)
		case l.Values >= manyKinds:
			return check.Failed(fmt.Sprintf("the label %s of %s has %d values, each a series of its own", l.Label, l.Metric, l.Values), cure)
		}
	}
	return check.Passed()
}
