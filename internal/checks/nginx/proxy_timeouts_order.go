package nginx

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/plan"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.proxy.timeouts-order",
	Title:    "nginx waits longer than a worker may work",
	Severity: check.Medium,
	Stage:    model.StageServer,
	Guide:    "001 troubleshooting: gunicorn --timeout 60",
	Why:      "nginx gives up first: the visitor gets 504 while the worker goes on with what nobody awaits, and his next try takes another worker.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).HandedOn, timeoutsOrder),
})

// slack is how long gunicorn takes to notice and to end a worker that is late.
const slack = 5

func timeoutsOrder(h *check.Hearing, x *model.Handed) check.Verdict {
	if x.Path != "/" {
		return check.DoesNotApply("not the site's own location")
	}
	if !x.Server.Gunicorn() {
		return check.DoesNotApply("the app server is not gunicorn")
	}
	waits, at, ok := x.ReadTimeout()
	if !ok {
		return check.CannotTell("how long nginx waits for the app: proxy_read_timeout is "+at.Text, "")
	}
	limit, _ := x.Server.Number("timeout").Open(h)
	class, _ := x.Server.Setting("worker_class").Open(h.Aside())
	threads, _ := x.Server.Number("threads").Open(h.Aside())
	switch {
	case !model.OneByOne(class, threads):
		return check.DoesNotApply("gunicorn's timeout is for the worker's loop there, not for a request")
	case limit == 0, limit > patient:
		return check.DoesNotApply("gunicorn lets its workers hang, which is told of")
	case waits >= limit+slack:
		return check.Passed()
	}
	h.Saw(at)
	said := fmt.Sprintf("nginx waits %d s for an answer of %s, and gunicorn lets a worker work for %d s", waits, x.Where(), limit)
	r := check.Remedy{
		Do:       "Let gunicorn end a worker before nginx gives up: a shorter timeout, or a longer proxy_read_timeout. Work that takes longer belongs into a queue.",
		Commands: []string{"# beside " + where(x.Pass.File, x.Pass.Line), fmt.Sprintf("proxy_read_timeout %ds;", limit+10), test},
		Verify:   "sudo nginx -T 2>/dev/null | grep -n proxy_read_timeout",
		Minutes:  5,
		Steps:    plan.NginxValue(fmt.Sprintf("let nginx wait for %d seconds", limit+10), x.Pass.Parent, "proxy_read_timeout", fmt.Sprintf("proxy_read_timeout %ds;", limit+10)),
	}
	if waits >= limit {
		return check.Warned(said, r).Because("Which of the two gives up first is chance: the visitor gets 504 or 502, and the log of one of them says nothing.")
	}
	return check.Failed(said, r)
}

// patient is the timeout from which gunicorn's own is what is wrong.
const patient = 300
