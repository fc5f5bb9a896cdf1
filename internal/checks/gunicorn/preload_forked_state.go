package gunicorn

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "gunicorn.preload.forked-state",
	Title:    "no worker uses a database connection that it inherited",
	Severity: check.Critical,
	Stage:    model.StageApp,
	Guide:    "001: preload_app with an engine made at import",
	Why:      "Two processes that talk over one connection read each other's answers: a visitor may see another's data, and requests fail with errors that make no sense, such as \"SSL error: bad record mac\".",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Gunicorns, forkedState),
})

func forkedState(h *check.Hearing, s *model.AppServer) check.Verdict {
	if _, up := s.Master.Open(h); !up {
		return check.DoesNotApply("gunicorn does not run")
	}
	list, _ := s.Shared.Open(h)
	worst, of := harmless, model.Shared{}
	for _, x := range list {
		if how := inherited(h, x); how > worst {
			worst, of = how, x
		}
	}
	if worst == harmless {
		return check.Passed()
	}
	h.Saw(of.Source)
	one := fmt.Sprintf("one connection to %s at %s", of.Store, strings.TrimPrefix(of.Addr, "unix:"))
	switch worst {
	case used:
		return check.Failed(fmt.Sprintf("%d processes of gunicorn use %s, opened before they were forked", of.Holders(), one), separate(h, s))
	case held:
		return check.Failed(fmt.Sprintf("%d processes of gunicorn hold %s, opened before they were forked", of.Holders(), one), separate(h, s))
	case silent:
		return check.Warned(fmt.Sprintf("%d processes of gunicorn hold %s, opened before they were forked, and nothing has gone over it yet", of.Holders(), one), separate(h, s))
	}
	return check.Warned("gunicorn's arbiter holds "+one+", which each worker that it starts will inherit", separate(h, s))
}

// How a connection is shared, from the least.
const (
	harmless = iota
	arbiters
	silent
	held
	used
)

// inherited judges one connection. That it is held twice is no proof yet:
// SQLAlchemy's dispose(close=False), which is the cure, lets go of it without
// closing it, and psycopg2 closes none that another process has opened. A pool
// hands out the inherited connection before it opens a new one, so data on it
// since the fork proves the fault, and a worker's own connection beside a silent
// inherited one disproves it.
func inherited(h *check.Hearing, x model.Shared) int {
	several := x.Holders() > 1
	switch {
	case x.Used && several && x.Own == 0:
		return used
	case !x.Used && (x.ForkAware() || several && x.Timed && x.Own > 0),
		several && !x.Timed && x.Own >= x.Workers && !x.Threads:
		return harmless
	}
	if _, renewed := x.Renews.Open(h); renewed {
		return harmless
	}
	switch {
	case x.Used && several:
		return used
	case several && !x.Timed && x.Own == 0:
		return held
	case several:
		return silent
	}
	return arbiters
}

// separate is how each worker comes to connections of its own.
func separate(h *check.Hearing, s *model.AppServer) check.Remedy {
	r := check.Remedy{
		Do:     "Load the app in each worker: turn preload_app off. Or keep it, and let post_fork in gunicorn.conf.py call engine.dispose(close=False) on every engine (SQLAlchemy 1.4.33 and later).",
		Verify: "sudo ss -tnxp | grep gunicorn   # no line that leads to a datastore has two pids", Minutes: 10,
	}
	unit := s.UnitName()
	on, _ := s.Preload.Look(h)
	switch at := s.PreloadAt(); {
	case !on:
		r.Do = "Open no connection while gunicorn reads its configuration or in its arbiter's hooks; a query that is needed there closes its connection again."
		r.Commands = []string{"# in gunicorn.conf.py: import no app and make no query in on_starting and when_ready"}
	case strings.HasSuffix(at, ".py"):
		r.Commands = []string{"# " + at, "preload_app = False"}
	case unit != "":
		r.Commands = []string{"sudo systemctl edit --full " + unit + "   # take --preload out"}
	}
	if unit != "" {
		r.Commands = append(r.Commands, "sudo systemctl restart "+unit)
	}
	return r
}
