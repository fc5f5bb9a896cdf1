package gunicorn

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "gunicorn.worker-class.fit",
	Title:    "pages that last do not keep the workers from all others",
	Severity: check.Medium,
	Stage:    model.StageApp,
	Guide:    "001 gunicorn: worker_class; common issues: long-polling",
	Why:      "A few visitors who leave the page open, and nobody else is served.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Gunicorns, workerClassFit),
})

func workerClassFit(h *check.Hearing, s *model.AppServer) check.Verdict {
	if s.Idle {
		return check.DoesNotApply("its unit neither runs nor is enabled")
	}
	class, _ := s.Setting("worker_class").Open(h.Aside())
	threads, _ := s.Number("threads").Open(h.Aside())
	if threads > 1 || len(class) == 0 || class[0] != "sync" {
		return check.Passed()
	}
	a, ok := s.Code.Open(h.Aside())
	if !ok {
		return check.DoesNotApply("it runs no Flask app")
	}
	streams := a.Streams()
	if len(streams) == 0 {
		return check.Passed()
	}
	x := streams[0]
	h.Saw(x.Place)
	_, _ = s.Setting("worker_class").Look(h)
	workers, _ := s.Want.Open(h)
	timeout, _ := s.Number("timeout").Open(h)
	what, end := "a websocket", "for as long as they stay"
	if x.Events {
		what = "a stream of events"
	}
	if timeout > 0 {
		end = fmt.Sprintf("and is cut off after %d s", timeout)
	}
	return check.Failed(fmt.Sprintf("%s is %s: each who has it open takes %s, %s", x.URL, what, oneOf(max(workers, 1)), end),
		settingRemedy(s, "worker_class", "Give each worker threads: --worker-class gthread --threads 32, of which each open page takes one. For hundreds of open pages: gevent, with a database driver that lets greenlets run."))
}

func oneOf(workers int) string {
	if workers == 1 {
		return "gunicorn's one sync worker"
	}
	return fmt.Sprintf("one of gunicorn's %d sync workers", workers)
}
