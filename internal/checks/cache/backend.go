package cache

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "cache.backend",
	Title:    "all workers share one cache",
	Severity: check.Medium,
	Stage:    model.StageCode,
	Guide:    "001: caching",
	Why:      "Each worker remembers something else: a page changes back and forth, and what was deleted in one worker lives on in the others.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Apps, backend),
})

func backend(h *check.Hearing, s *model.AppServer) check.Verdict {
	app, ok := s.Code.Open(h)
	if !ok {
		return check.DoesNotApply("it is no Flask app")
	}
	c, set := app.Setting("CACHE_TYPE")
	kind := model.Text(c)
	if i := strings.LastIndexByte(kind, '.'); i >= 0 {
		kind = kind[i+1:]
	}
	switch {
	case !set || !app.Caches():
		return check.DoesNotApply("the app has no cache of Flask-Caching's")
	case !strings.EqualFold(kind, "SimpleCache") && !strings.EqualFold(kind, "simple"):
		return check.Passed()
	}
	n, _ := s.Concurrent().Open(h.Aside())
	if n < 2 {
		return check.Passed()
	}
	h.Saw(app.From(c))
	r := check.Remedy{Do: "Keep it where all workers find it: in Redis, or on the disk.", Minutes: 15, Verify: "sudo assay check --only cache.backend",
		Commands: []string{`CACHE_TYPE = "RedisCache"`, `CACHE_REDIS_URL = os.environ["REDIS_URL"]`}}
	if u := s.UnitName(); u != "" {
		r.Commands = append(r.Commands, "sudo systemctl restart "+u)
	}
	return check.Failed(fmt.Sprintf("%d workers, each with a cache of its own (CACHE_TYPE is %s)", n, model.Text(c)), r)
}
