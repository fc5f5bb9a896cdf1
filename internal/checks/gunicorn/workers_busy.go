package gunicorn

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "gunicorn.workers.busy",
	Title:    "a worker is free when a request comes",
	Severity: check.Critical,
	Stage:    model.StageApp,
	Breaks:   true,
	Guide:    "001 gunicorn: workers, threads and timeouts",
	Why:      "Requests wait in the queue for a worker. When it is full nginx gives 502, before that visitors wait, and get 504.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Pressed, workersBusy),
})

func workersBusy(h *check.Hearing, p model.Pressed) check.Verdict {
	master, up := p.Master.Open(h)
	if !up {
		return check.DoesNotApply("gunicorn does not run")
	}
	own, _ := p.Listens.Open(h)
	waits, at := 0, ""
	for _, l := range own {
		if l.Queue > waits {
			waits, at = l.Queue, l.Addr
		}
	}
	if waits > 0 && !p.Fails {
		_, _ = p.Doubt.Look(h)
	}
	if waits == 0 || !p.Fails {
		return check.Passed()
	}
	workers, _ := p.Workers.Look(h)
	h.Saw(fact.Source{Where: "socket " + at, Text: fmt.Sprintf("%d connections wait to be taken", waits), Ask: tape.Ask{Kind: tape.KindSockets}})
	_, _ = p.Reply.Look(h)
	text := fmt.Sprintf("%s, and %s", busy(len(workers)), waiting(waits))
	timeout, ts := p.Number("timeout").Look(h.Aside())
	because := "Each request takes a worker (and a thread of it) until it is answered. Slow ones, from a slow client or to a slow database, take all of them."
	r := check.Remedy{
		Do: "See what the workers do, and mend what is slow: a call without a timeout, a query without an index. More workers or threads (--workers, --threads) help where " +
			"requests wait for others and the machine has room.",
		Commands: []string{fmt.Sprintf("ps -o pid,stat,wchan:20,time,args --ppid %d", master.PID), "# set workers and threads where the evidence shows them"},
		Verify:   "sudo ss -lnpx | grep gunicorn   # Recv-Q is 0", Minutes: 30,
	}
	if ts == fact.IsKnown && timeout == 0 {
		_, _ = p.Number("timeout").Look(h)
		text += "; with a timeout of 0 gunicorn never replaces one that hangs"
		r.Do = "Give gunicorn a timeout of some 45 seconds, so that it replaces a worker that hangs, and restart it now; then mend what hung."
		r.Commands = []string{"sudo systemctl edit --full " + p.UnitName() + "   # --timeout 45", "sudo systemctl restart " + p.UnitName()}
		r.Steps = watchful(p.AppServer)
	} else {
		if steps := roomier(p.AppServer, workers); steps != nil {
			r.Do = "The workers wait, and do not work: give each of them threads, so that others are served meanwhile; then see what they wait for (a call without a timeout, a query without an index)."
			r.Commands, r.Steps = check.Commands(steps), steps
		}
		_, _ = p.Want.Look(h)
		_, _ = p.Setting("threads").Look(h)
	}
	return check.Failed(text, r).Because(because)
}

// roomier lets workers that only wait for others take further requests meanwhile:
// a thread for each costs little. Who computes is not served by that.
func roomier(s *model.AppServer, workers []model.Process) []plan.Step {
	var n fact.Notes
	class, cs := s.Setting("worker_class").Look(&n)
	threads, ts := s.Number("threads").Look(&n)
	backlog, bs := s.Number("backlog").Look(&n)
	if cs != fact.IsKnown || ts != fact.IsKnown || bs != fact.IsKnown || len(class) == 0 || class[0] != "sync" || threads > 1 || len(workers) == 0 {
		return nil
	}
	for _, w := range workers {
		if w.State != "S" {
			return nil
		}
	}
	pairs := []string{"threads", "8"}
	if backlog < 64 { // gunicorn's own is 2048
		pairs = append(pairs, "backlog", "2048")
	}
	return plan.Gunicorn("let each worker take other requests while one waits", s, pairs...)
}

func busy(workers int) string {
	if workers == 1 {
		return "gunicorn's one worker is busy"
	}
	return fmt.Sprintf("all %d of gunicorn's workers are busy", workers)
}

func waiting(n int) string {
	return strings.Replace(fmt.Sprintf("%d requests wait in its queue", n), "1 requests wait", "1 request waits", 1)
}
