package db

import (
	"fmt"
	"strconv"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "db.pool-timeout",
	Title:    "who waits for a connection gives up before gunicorn gives up on the worker",
	Severity: check.Medium,
	Stage:    model.StageData,
	Guide:    "001: SQLALCHEMY_POOL_TIMEOUT",
	Why:      "gunicorn ends the worker in the middle of the wait: the log says WORKER TIMEOUT, and nothing of the database.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Pools, poolTimeout),
})

func poolTimeout(h *check.Hearing, p *model.Pool) check.Verdict {
	a, ok := p.Server.Code.Open(h.Aside())
	if !ok || !p.Server.Gunicorn() {
		return check.DoesNotApply("gunicorn does not run it")
	}
	worker, _ := a.Gunicorn["timeout"].(float64)
	if worker == 0 {
		return check.DoesNotApply("gunicorn waits for its workers without end")
	}
	e := p.Engine
	h.Saw(p.Told, fact.Source{Where: "the app's engine, loaded in a sandbox", Text: fmt.Sprintf("gunicorn: timeout %v; pool_timeout %v", worker, e.Timeout), Ask: p.Told.Ask})
	r := check.Remedy{
		Do:       "Give up sooner than gunicorn does: then the page fails with the reason in the log, and the worker goes on.",
		Commands: []string{fmt.Sprintf(`SQLALCHEMY_ENGINE_OPTIONS = {"pool_timeout": %d, "connect_args": {"connect_timeout": 5}}`, max(1, min(10, int(worker)/3)))},
		Minutes:  10, Verify: "sudo assay check --only db.pool-timeout",
	}
	if set, ok := poolTimeoutSet(a); ok && a.Threadpool() == 1 && e.Pool == "QueuePool" && e.Timeout >= worker {
		h.Saw(set)
		return check.Warned(fmt.Sprintf("pool_timeout is %v s and gunicorn's timeout %v s: a worker that waits for a connection is ended before the pool says so", e.Timeout, worker), r)
	}
	if p.Local || e.Driver == "pymysql" { // which gives up after ten seconds by itself
		return check.Passed()
	}
	if e.Connect == nil {
		return check.CannotTell("how long the driver waits for a connection", "make a new recording with this version of assay")
	}
	far, _ := p.Far.Open(h)
	wait := e.Connect["connect_timeout"]
	seconds, err := strconv.ParseFloat(wait, 64)
	switch {
	case far == model.Here, !strings.HasPrefix(e.Driver, "psycopg"):
		return check.Passed()
	case wait == "" || err == nil && seconds <= 0:
		return check.Warned(fmt.Sprintf("nothing bounds how long the app waits for %s to take a connection: no connect_timeout", p.At()), r).
			Because(fmt.Sprintf("When that machine is gone, or a firewall drops its packets, the kernel tries for two minutes: each page holds its worker until gunicorn ends it after %v s, and nothing in the log says why.", worker))
	case err == nil && seconds >= worker:
		return check.Warned(fmt.Sprintf("connect_timeout is %s s and gunicorn's timeout %v s", wait, worker), r)
	}
	return check.Passed()
}

// poolTimeoutSet is the setting that sets it: 30 seconds is SQLAlchemy's own.
func poolTimeoutSet(a *model.App) (fact.Source, bool) {
	c, ok := a.Setting("SQLALCHEMY_ENGINE_OPTIONS")
	if _, set := c.Items["pool_timeout"]; ok && set {
		src := a.From(c)
		src.Text = "SQLALCHEMY_ENGINE_OPTIONS has pool_timeout"
		return src, true
	}
	if c, ok := a.Setting("SQLALCHEMY_POOL_TIMEOUT"); ok && model.Is(c) && !model.AtLeast(a.Dists["flask-sqlalchemy"], 3, 0) {
		return a.From(c), true
	}
	return fact.Source{}, false
}

// green says that a worker of gunicorn serves its requests in greenlets.
func green(a *model.App) bool {
	class := fmt.Sprint(a.Gunicorn["worker_class_name"], a.Gunicorn["worker_class"])
	return strings.Contains(class, "gevent") || strings.Contains(class, "eventlet")
}

// holds is how many connections a pool gives out at a time, -1 without end.
func holds(e *tape.Engine) int {
	switch {
	case e.Pool == "NullPool" || e.Overflow < 0:
		return -1
	case e.Pool == "StaticPool" || e.Pool == "AssertionPool":
		return 1
	}
	return e.Size + e.Overflow
}
