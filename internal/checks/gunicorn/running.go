package gunicorn

import (
	"fmt"
	"regexp"
	"time"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "gunicorn.running",
	Title:    "gunicorn is up and stays up",
	Severity: check.Critical,
	Stage:    model.StageApp,
	Breaks:   true,
	Guide:    "000 step 6, causes: gunicorn not running or failing on startup",
	Why:      "nginx has nobody to hand a request to: every page gives 502 Bad Gateway.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Gunicorns, running),
})

// settle is how long a master may take until its workers count.
const settle = 30 * time.Second

func running(h *check.Hearing, s *model.AppServer) check.Verdict {
	master, up := s.Master.Open(h)
	unit, us := s.Unit.Look(h)
	if !up {
		if us == fact.IsKnown && unit.SocketLive && unit.Active == "inactive" {
			return check.DoesNotApply("it starts with the first request (" + unit.Triggers[0] + ")")
		}
		sayBootError(h, s)
		return check.Failed("gunicorn is not running", remedy(s))
	}
	workers, _ := s.Workers.Open(h)
	live := 0
	young := 0
	now := s.Now
	for _, w := range workers {
		if w.State != "Z" && w.State != "T" && w.State != "t" && w.State != "X" {
			live++
		}
		if now.Sub(w.Start) < 10*time.Second {
			young++
		}
	}
	age := now.Sub(master.Start)
	if us == fact.IsKnown && unit.Restarts >= 3 && age < settle {
		sayBootError(h, s)
		return check.Failed(fmt.Sprintf("gunicorn is restarted over and over: %d times so far", unit.Restarts), remedy(s))
	}
	if age < settle {
		return check.Passed() // it has only begun
	}
	if live == 0 {
		sayBootError(h, s)
		return check.Failed("gunicorn's master runs, and none of its workers does", remedy(s))
	}
	if young == len(workers) && bootError(s) != "" {
		sayBootError(h, s)
		return check.Failed("gunicorn's workers die and are started again, over and over", remedy(s))
	}
	if want, known := s.Want.Look(h); known == fact.IsKnown && live < want {
		return check.Warned(fmt.Sprintf("%d of %d workers are alive", live, want), remedy(s)).
			Because("The others died or are stopped: fewer requests are served at a time.")
	}
	return check.Passed()
}

// bootErrors are what gunicorn and Python say when a worker cannot start
// (gunicorn 20.1 to 23, gunicorn/arbiter.py).
var bootErrors = regexp.MustCompile(`Worker failed to boot|Exception in worker process|App failed to load|Failed to find attribute|^\w*(Error|Exception)\b.*|ModuleNotFoundError|Connection in use|Can't connect to|Error: .*|status=\d+/\w+`)

// lastLines are how far back a boot error may stand.
const lastLines = 60

// bootError is the line that says best why gunicorn did not start: the last
// exception, not the "failed" that systemd adds.
func bootError(s *model.AppServer) string {
	e, _ := lastError(s)
	return e.Text
}

func lastError(s *model.AppServer) (facts.Entry, bool) {
	var n fact.Notes
	lines, state := s.Journal.Look(&n)
	if state != fact.IsKnown {
		return facts.Entry{}, false
	}
	if len(lines) > lastLines {
		lines = lines[len(lines)-lastLines:]
	}
	var best facts.Entry
	rank := 0
	for _, l := range lines {
		if r := weight(l.Text); r >= rank && r > 0 {
			best, rank = l, r
		}
	}
	return best, rank > 0
}

var exception = regexp.MustCompile(`^\w[\w.]*(Error|Exception)\b`)

func weight(text string) int {
	switch {
	case exception.MatchString(text):
		return 3
	case regexp.MustCompile(`Failed to find attribute|Connection in use|Can't connect to|^Error: `).MatchString(text):
		return 2
	case bootErrors.MatchString(text):
		return 1
	}
	return 0
}

// sayBootError adds that line to the evidence.
func sayBootError(h *check.Hearing, s *model.AppServer) {
	if e, ok := lastError(s); ok {
		h.Saw(fact.Source{Where: "journalctl -u " + s.UnitName(), Text: e.At.Format("15:04:05") + " " + clip(e.Text),
			Ask: tape.Ask{Kind: tape.KindCommand, Name: "journal", Arg: s.UnitName()}})
	}
}

func clip(s string) string {
	if r := []rune(s); len(r) > 180 {
		return string(r[:179]) + "…"
	}
	return s
}

func remedy(s *model.AppServer) check.Remedy {
	unit := s.UnitName()
	if unit == "" {
		return check.Remedy{Do: "Start gunicorn under systemd, so that it is started again when it fails and after a reboot.", Minutes: 15,
			Verify: "pgrep -af gunicorn"}
	}
	return check.Remedy{
		Do:       "Read what it says when it starts, mend that (an import, a variable, a path), and start it.",
		Commands: []string{"sudo journalctl -u " + unit + " -n 100 --no-pager", "sudo systemctl restart " + unit},
		Verify:   "systemctl is-active " + unit,
		Minutes:  10,
	}
}
