package db

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "db.pool-vs-threads",
	Title:    "each thread of a worker gets a connection when it needs one",
	Severity: check.Medium,
	Stage:    model.StageData,
	Guide:    "001: SQLALCHEMY_POOL_SIZE",
	Why:      "Under load a thread waits for another one's connection, half a minute by default, and then its page ends with 500.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).LoadedPools, poolThreads),
})

func poolThreads(h *check.Hearing, p *model.LoadedPool) check.Verdict {
	a, ok := p.Server.Code.Open(h.Aside())
	if !ok || !p.Server.Gunicorn() {
		return check.DoesNotApply("gunicorn does not run it")
	}
	most, threads := holds(p.Engine), a.Threadpool()
	if most < 0 {
		return check.DoesNotApply("the pool has no end")
	}
	h.Saw(p.Told, fact.Source{Where: "the app's engine, loaded in a sandbox", Text: fmt.Sprintf("%s gives out %d connections at a time; a worker has %d threads", p.Engine.Pool, most, threads), Ask: p.Told.Ask})
	thrown, _ := p.Thrown.Look(h)
	i := slices.IndexFunc(thrown, func(t model.Thrown) bool { return strings.Contains(t.Text, "QueuePool limit of size") })
	r := check.Remedy{
		Do:       "Give the pool as many connections as a worker has threads, as far as the database has them.",
		Commands: []string{fmt.Sprintf(`SQLALCHEMY_ENGINE_OPTIONS = {"pool_size": %d, "max_overflow": 2}`, min(threads, 50))},
		Minutes:  10, Verify: "sudo assay check --only db.pool",
	}
	if u := p.Server.UnitName(); u != "" {
		r.Commands = append(r.Commands, "sudo systemctl restart "+u)
	}
	switch {
	case i >= 0 && threads <= most:
		h.Saw(thrown[i].Source)
		r.Do = "Find what keeps connections: a session of its own that nobody closes, a generator that streams, a second session within a request. Flask-SQLAlchemy's db.session gives its connection back when the request ends."
		r.Commands = []string{"grep -rnE 'connect\\(|sessionmaker|Session\\(' " + a.CodeRoot()}
		return check.Failed(fmt.Sprintf("pages fail since the pool of %s is empty (%d connections for %d threads): connections are not given back", p.Subject(), most, threads), r).Breaking(true)
	case i >= 0:
		h.Saw(thrown[i].Source)
		return check.Failed(fmt.Sprintf("pages fail since the pool of %s is empty: %d connections for %d threads", p.Subject(), most, threads), r).Breaking(true)
	case threads <= most || green(a): // greenlets are meant to be many more
		return check.Passed()
	}
	return check.Warned(fmt.Sprintf("the pool of %s has %d connections for the %d threads of a worker", p.Subject(), most, threads), r)
}
