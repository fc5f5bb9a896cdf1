package flask

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "flask.limiter.storage",
	Title:    "rate limits are counted once for all workers",
	Severity: check.Medium,
	Stage:    model.StageCode,
	Guide:    "beyond the guides",
	Why:      "Each worker counts for itself, and begins at zero whenever it is made anew: a visitor gets as many times the limit as there are workers.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Apps, limiterStorage),
})

func limiterStorage(h *check.Hearing, s *model.AppServer) check.Verdict {
	a, ok := s.Code.Open(h.Aside())
	if !ok {
		return check.DoesNotApply("it is no Flask app")
	}
	if !a.Extends("limiter") {
		return check.DoesNotApply("the app has no rate limits of its own")
	}
	t, _ := a.Tried().Open(h)
	n, workers := s.Staff(h, a)
	for _, l := range t.Limits {
		if !l.Enabled || l.Storage != "MemoryStorage" || n < 2 {
			continue
		}
		src := a.Source
		src.Text = fmt.Sprintf("Flask-Limiter keeps its counters in %s; %s", l.Storage, workers)
		h.Saw(src)
		return check.Failed(fmt.Sprintf("rate limits are counted in the memory of each of %d workers", n), check.Remedy{
			Do:       "Keep the counters where all workers see them.",
			Commands: append([]string{"# the redis package is needed in the virtual environment", `RATELIMIT_STORAGE_URI = os.environ["REDIS_URL"]`}, restart(s)...),
			Minutes:  10, Verify: "sudo assay check --only flask.limiter",
		})
	}
	return check.Passed()
}
