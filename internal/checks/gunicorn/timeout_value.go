package gunicorn

import (
	"fmt"
	"slices"
	"time"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
)

var _ = Family.Add(check.Check{
	ID:       "gunicorn.timeout.value",
	Title:    "a worker that hangs is replaced in time",
	Severity: check.Medium,
	Stage:    model.StageApp,
	Guide:    "001 gunicorn: timeout",
	Why:      "A worker that hangs stays so, and takes no request any more: one after the other goes, until none is left.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Gunicorns, timeoutValue),
})

// patient is a timeout after which visitors have long gone.
const patient = 300

// watched are worker classes whose timeout is for a request; with the others it
// is for the worker's loop alone (gunicorn, "timeout").
var watched = []string{"sync", "gunicorn.workers.sync.SyncWorker"}

func timeoutValue(h *check.Hearing, s *model.AppServer) check.Verdict {
	t, ok := s.Number("timeout").Open(h.Aside())
	if !ok {
		_, _ = s.Number("timeout").Look(h)
		return check.Passed()
	}
	if t == 0 {
		_, _ = s.Number("timeout").Look(h)
		return check.Failed("gunicorn never replaces a worker that hangs: its timeout is 0", withSteps(settingRemedy(s, "timeout", "Set timeout to some 30 seconds, and move longer work into a queue."), watchful(s)))
	}
	if t <= patient {
		return check.Passed()
	}
	class, _ := s.Setting("worker_class").Open(h)
	threads, _ := s.Number("threads").Open(h)
	if len(class) == 0 || !slices.Contains(watched, class[0]) || threads > 1 {
		return check.Passed()
	}
	_, _ = s.Number("timeout").Look(h)
	return check.Failed(fmt.Sprintf("gunicorn lets a worker hang for %d seconds before it replaces it", t), settingRemedy(s, "timeout", "Set timeout to what the longest request needs, some 30 to 60 seconds, and move longer work into a queue."))
}

// watchful gives gunicorn a timeout, one that its stop still grants a request. The
// restart first ends the workers that hang: gunicorn does so after
// graceful_timeout, for which systemd has to wait.
func watchful(s *model.AppServer) []plan.Step {
	timeout := 60
	grace, known := s.Number("graceful_timeout").Look(&fact.Notes{})
	if known == fact.IsKnown {
		timeout = max(30, min(timeout, grace+15))
	}
	steps := plan.Gunicorn(fmt.Sprintf("let gunicorn replace a worker that hangs for %d seconds", timeout), s, "timeout", fmt.Sprint(timeout))
	u, _, ok := files(s)
	if steps == nil || !ok || known != fact.IsKnown {
		return steps
	}
	if stop, state := u.StopTime().Look(&fact.Notes{}); state == fact.IsKnown && stop <= time.Duration(grace)*time.Second {
		steps = append(steps, plan.DropInRead("let systemd wait until gunicorn has ended what hangs", u.Name, "Service", "TimeoutStopSec", fmt.Sprint(grace+10))...)
	}
	return steps
}
