package gunicorn

import (
	"fmt"
	"strings"
	"time"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "gunicorn.timeouts-observed",
	Title:    "gunicorn did not have to end its own workers",
	Severity: check.High,
	Stage:    model.StageApp,
	Guide:    "001 common issues: timeouts, memory",
	Why:      "Each time a request is lost in the middle: its visitor gets 502 Bad Gateway, and its work is half done.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Gunicorns, timeoutsObserved),
})

// more than often in a day is no accident; fewer than seldomLost is one.
const often, seldomLost = 5, 2

func timeoutsObserved(h *check.Hearing, s *model.AppServer) check.Verdict {
	list, ok := s.Lost().Open(h.Aside())
	if !ok {
		_, _ = s.Lost().Look(h)
		return check.DoesNotApply("gunicorn does not run as a unit")
	}
	var hung, killed []facts.Entry
	for _, l := range list {
		if strings.Contains(l.Text, "WORKER TIMEOUT") {
			hung = append(hung, l)
		} else {
			killed = append(killed, l)
		}
	}
	n, what, last := len(hung), "that hung: a request took longer than its timeout", facts.Entry{}
	// gunicorn ends one that hangs with SIGABRT, and with SIGKILL a second later:
	// those lines tell of the same worker.
	if dead := len(killed) - 2*len(hung); dead > n {
		n, what = dead, "that were killed: by the kernel for want of memory, or by a fault in a C extension"
	}
	if n < seldomLost {
		return check.Passed()
	}
	if last = list[len(list)-1]; len(hung) > 0 {
		last = hung[len(hung)-1]
	}
	h.Saw(fact.Source{Where: source(s), Text: last.At.Format("2 Jan 15:04:05") + " " + strings.TrimSpace(last.Text), Ask: ask(s)})
	_, _ = s.Number("timeout").Look(h)
	r := check.Remedy{
		Do: "Find the request: nginx's error log has \"upstream prematurely closed connection\" with the page in the same second. Give the calls that wait for others (a database, another site) a timeout of their own; " +
			"move long work into a queue. A longer timeout comes last.",
		Commands: []string{"sudo grep 'prematurely closed' /var/log/nginx/error.log | tail -n 20", "sudo journalctl -u " + s.UnitName() + " --since=-24h -g 'WORKER TIMEOUT|was sent SIG|due to signal' --no-pager"},
		Verify:   "sudo assay check --only gunicorn.timeouts-observed", Minutes: 60,
	}
	text := fmt.Sprintf("gunicorn lost %d workers in the last %s %s", n, since(s), what)
	if n <= often {
		return check.Warned(text, r).At(check.Low)
	}
	return check.Failed(text, r)
}

// since is the time that was looked at: since the start, at most a day.
func since(s *model.AppServer) string {
	m, _ := s.Master.Look(&fact.Notes{})
	switch d := s.Now.Sub(m.Start); {
	case d >= 23*time.Hour:
		return "day"
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	}
	return "two hours"
}

func source(s *model.AppServer) string {
	if f := s.ErrorFile(); f != "" {
		return f
	}
	return "journalctl -u " + s.UnitName()
}

func ask(s *model.AppServer) tape.Ask {
	if f := s.ErrorFile(); f != "" {
		return tape.Ask{Kind: tape.KindFile, Name: f, Arg: "tail"}
	}
	return tape.Ask{Kind: tape.KindCommand, Name: "journal-workers", Arg: s.UnitName()}
}
