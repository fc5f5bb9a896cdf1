package db

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "db.pool-stale",
	Title:    "the pool notices connections that the database has closed",
	Severity: check.Medium,
	Stage:    model.StageData,
	Guide:    "001: pool_pre_ping and pool_recycle",
	Why:      "After a restart of the database, or a quiet night, each worker's next page ends with 500.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Pools, poolStale),
})

func poolStale(h *check.Hearing, p *model.Pool) check.Verdict {
	e := p.Engine
	short := e.Recycle > 0 && (e.Recycle <= 1800 || p.Local)
	switch {
	case e.Pool == "NullPool":
		return check.DoesNotApply("the app keeps no connections")
	case e.PrePing, short:
		return check.Passed()
	}
	h.Saw(p.Told, fact.Source{Where: "the app's engine, loaded in a sandbox", Text: fmt.Sprintf("pool_pre_ping is off, pool_recycle is %d", e.Recycle), Ask: p.Told.Ask})
	r := check.Remedy{
		Do:       "Let the pool ask before it hands a connection out: it costs a fraction of a millisecond.",
		Commands: []string{`SQLALCHEMY_ENGINE_OPTIONS = {"pool_pre_ping": True, "pool_recycle": 1800}`},
		Minutes:  5, Verify: "sudo assay check --only db.pool-stale",
	}
	said := fmt.Sprintf("the pool of %s hands out connections that may be dead: pool_pre_ping is off", p.Subject())
	if p.Local && p.Kind == "PostgreSQL" { // which closes none by itself
		return check.Warned(said, r).Because("After each restart or upgrade of PostgreSQL, one page of each worker ends with 500.")
	}
	return check.Failed(said, r)
}
