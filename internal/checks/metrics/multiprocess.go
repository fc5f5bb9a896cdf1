package metrics

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "metrics.multiprocess",
	Title:    "the numbers are those of all workers",
	Severity: check.Medium,
	Stage:    model.StageCode,
	Guide:    "001 monitoring: Prometheus with Flask",
	Why:      "Each scrape gets the counters of the one worker that happens to answer: they jump up and down, and rates and alerts made of them are wrong.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).MetricsPages, multiprocess),
})

func multiprocess(h *check.Hearing, x *model.Metrics) check.Verdict {
	_, ok := x.Code.Open(h)
	switch {
	case !ok:
		return check.DoesNotApply("it is no Flask app")
	case x.Spot == nil:
		return check.Passed()
	}
	n, many := x.Processes().Open(h.Aside())
	if !many || n < 2 {
		return check.DoesNotApply("one process answers")
	}
	r, _ := x.Counted.Open(h)
	if !r.Exposes() {
		return check.DoesNotApply("it shows no numbers") // metrics.present
	}
	_, set := x.Dir.Look(h)
	switch {
	case r.OneProcess && set == fact.IsAbsent:
		return check.Failed(fmt.Sprintf("%s shows the numbers of one of %d workers, whichever answers: PROMETHEUS_MULTIPROC_DIR is not set", x.Spot.Path, n), share(x))
	case r.OneProcess && set == fact.IsKnown:
		return check.Failed(fmt.Sprintf("%s shows the numbers of one of %d workers, though PROMETHEUS_MULTIPROC_DIR is set: it does not collect from there", x.Spot.Path, n), collect(x))
	}
	return check.Passed()
}

func share(x *model.Metrics) check.Remedy {
	r := check.Remedy{
		Do:      "Let the workers share their numbers through a folder in memory, which systemd empties when the service stops.",
		Verify:  x.Spot.Curl() + " | grep -c process_start_time_seconds   # 0",
		Minutes: 10,
	}
	if u := x.UnitName(); u != "" {
		r.Commands = []string{"sudo systemctl edit " + u, "[Service]", fmt.Sprintf("RuntimeDirectory=%s/metrics", x.Name), fmt.Sprintf("Environment=PROMETHEUS_MULTIPROC_DIR=/run/%s/metrics", x.Name),
			"# a unit that has a RuntimeDirectory= keeps it: the lines add up", "sudo systemctl restart " + u}
	}
	r.Commands = append(r.Commands, "# a /metrics of one's own: registry = CollectorRegistry(); multiprocess.MultiProcessCollector(registry); generate_latest(registry)",
		"# where gauges of one worker are shown, in gunicorn.conf.py:", "def child_exit(server, worker):", "    multiprocess.mark_process_dead(worker.pid)")
	return r
}

func collect(x *model.Metrics) check.Remedy {
	return check.Remedy{
		Do:       "Collect from the folder in the view, in place of the process' own registry.",
		Commands: []string{fmt.Sprintf("# %s:%d", x.Spot.At.Where, x.Spot.At.Line), "registry = CollectorRegistry()", "multiprocess.MultiProcessCollector(registry)", "generate_latest(registry)"},
		Verify:   x.Spot.Curl() + " | grep -c process_start_time_seconds   # 0", Minutes: 10, Cure: check.InCode,
	}
}
