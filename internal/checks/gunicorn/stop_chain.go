package gunicorn

import (
	"fmt"
	"time"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
	"assay/internal/regex"
)

var _ = Family.Add(check.Check{
	ID:       "gunicorn.stop-chain",
	Title:    "requests in flight are finished when the service stops",
	Severity: check.Medium,
	Stage:    model.StageApp,
	Guide:    "001 gunicorn: graceful_timeout",
	Why:      "Each deploy and each restart cuts off the requests that are under way: uploads and payments among them.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Gunicorns, stopChain),
})

// quick are the signals at which gunicorn drops its requests (gunicorn,
// "Signal Handling"), as systemctl shows them.
var quick = map[string]string{"2": "SIGINT", "3": "SIGQUIT", "9": "SIGKILL"}

// killed is systemd's word for a stop that took too long (247 to 257).
var killed = regex.New(`State '(stop-sigterm|final-sigterm)' timed out\. Killing`)

const lately = 7 * 24 * time.Hour

func stopChain(h *check.Hearing, s *model.AppServer) check.Verdict {
	u, managed := s.Unit.Open(h.Aside())
	if !managed {
		return check.DoesNotApply("no unit of systemd stops it")
	}
	signal, _ := u.Property("KillSignal").Open(h.Aside())
	if name := quick[signal]; name != "" {
		_, _ = u.Property("KillSignal").Look(h)
		return check.Failed(fmt.Sprintf("systemd stops %s with %s, at which gunicorn drops the requests that it has", u.Name, name),
			edited(u, "KillSignal", "SIGTERM", "let systemd ask gunicorn to finish what it has", "Let systemd send SIGTERM, which is its default: gunicorn then finishes what it has.", "KillSignal"))
	}
	stop, _ := u.StopTime().Open(h.Aside())
	grace, set := s.Number("graceful_timeout").Open(h.Aside())
	if !set {
		return check.DoesNotApply("it is not known how long gunicorn waits")
	}
	want := time.Duration(grace) * time.Second
	if stop < want {
		_, _ = u.StopTime().Look(h)
		_, _ = s.Number("graceful_timeout").Look(h)
		return check.Failed(fmt.Sprintf("systemd kills %s %s after it is told to stop, and gunicorn gives requests %d seconds to end (graceful_timeout)", u.Name, plainTime(stop), grace),
			edited(u, "TimeoutStopSec", fmt.Sprint(grace+10), "let systemd wait for the requests that gunicorn finishes", "Let systemd wait longer than gunicorn does.", "TimeoutStopUSec"))
	}
	if v, bad := wasKilled(h, u, grace); bad {
		return v
	}
	return longRequests(h, s, u, grace)
}

func wasKilled(h *check.Hearing, u *model.Unit, grace int) (check.Verdict, bool) {
	j, state := u.Journal.Look(h.Aside())
	if state != fact.IsKnown || j.Said(killed, u.Now.Add(-lately)) == 0 {
		return check.Verdict{}, false
	}
	h.Saw(fact.Source{Where: j.Where, Text: "State 'stop-sigterm' timed out. Killing.", Ask: j.Ask})
	return check.Failed("systemd had to kill "+u.Name+" at a stop: it did not end in time",
		edit(u, fmt.Sprintf("TimeoutStopSec=%d", grace+30), "Look for what does not end: a thread of the app's own that is no daemon, or a stop hook. Until then let systemd wait longer.", "TimeoutStopUSec")), true
}

// longRequests: who lets a request take minutes means such requests to end.
func longRequests(h *check.Hearing, s *model.AppServer, u *model.Unit, grace int) check.Verdict {
	class, _ := s.Setting("worker_class").Open(h.Aside())
	threads, _ := s.Number("threads").Open(h.Aside())
	timeout, known := s.Number("timeout").Open(h.Aside())
	if !known || len(class) == 0 || class[0] != "sync" || threads > 1 || timeout < grace+30 || timeout > patient {
		return check.Passed()
	}
	_, _ = s.Number("timeout").Look(h)
	_, _ = s.Number("graceful_timeout").Look(h)
	r := edit(u, fmt.Sprintf("TimeoutStopSec=%d", timeout+10), fmt.Sprintf("Give gunicorn as long to stop as a request may take: --graceful-timeout %d, and systemd a little more.", timeout), "TimeoutStopUSec")
	say := "let a request end that may take so long"
	r.Steps = plan.All(plan.Gunicorn(say, s, "graceful_timeout", fmt.Sprint(timeout)), plan.DropInRead(say, u.Name, "Service", "TimeoutStopSec", fmt.Sprint(timeout+10)))
	return check.Warned(fmt.Sprintf("a request may take %d seconds (timeout), and a restart cuts it off after %d (graceful_timeout)", timeout, grace), r)
}

func plainTime(d time.Duration) string {
	if d < 2*time.Minute {
		return fmt.Sprintf("%d seconds", int(d.Seconds()))
	}
	return fmt.Sprintf("%d minutes", int(d.Minutes()))
}

func edit(u *model.Unit, line, do, show string) check.Remedy {
	return check.Remedy{Do: do, Commands: []string{"sudo systemctl edit " + u.Name, "# [Service]", "# " + line, "sudo systemctl daemon-reload"},
		Verify: "systemctl show -p " + show + " " + u.Name, Minutes: 3}
}

// edited is one key of the unit, which systemd goes by at the next stop.
func edited(u *model.Unit, key, value, say, do, show string) check.Remedy {
	return withSteps(edit(u, key+"="+value, do, show), plan.DropInRead(say, u.Name, "Service", key, value))
}
