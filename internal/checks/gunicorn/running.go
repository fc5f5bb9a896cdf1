package gunicorn

import (
	"fmt"
	"time"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
	"assay/internal/regex"
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
		if u, known := s.Unit.Open(h); known {
			u.Starters(h)
		}
		return notRunning(h, s, unit)
	}
	workers, _ := s.Workers.Open(h)
	age := s.Now.Sub(master.Start)
	if us == fact.IsKnown && unit.Looping() {
		blame(h, unit)
		return again(s)
	}
	live := alive(workers)
	if age < settle && (live > 0 || len(workers) == 0) {
		return check.Passed() // it has only begun
	}
	if live == 0 && len(workers) > 0 {
		for _, w := range workers[:min(len(workers), 3)] {
			h.Saw(fact.Source{Where: fmt.Sprintf("process %d", w.PID), Text: "a worker, in the state " + states[w.State], Ask: tape.Ask{Kind: tape.KindProcs}})
		}
		r := remedy(s)
		if us == fact.IsKnown {
			r.Do, r.Commands = "Restart gunicorn: it then has workers that work. Who stopped these may have had a reason.", []string{"sudo systemctl restart " + unit.Name}
			r.Steps = check.Anew("let gunicorn start its workers anew", unit)
		}
		return check.Failed(fmt.Sprintf("gunicorn's master runs, and its %s", frozen(len(workers))), r).
			Because("nginx's requests wait in the queue for a worker that does not take them: visitors wait, and then get 502 or 504.")
	}
	if live == 0 {
		blame(h, unit)
		return check.Failed("gunicorn's master runs, and none of its workers does", remedy(s))
	}
	if us == fact.IsKnown && dying(h, s, unit, workers) {
		return check.Failed("gunicorn's workers die as soon as they start, over and over", crashRemedy(unit.Name)).
			Because("gunicorn takes connections and has nobody to answer them: visitors wait, and then get 502 or 504.")
	}
	want, known := s.Want.Look(h.Aside())
	if known == fact.IsKnown && live < want {
		_, _ = s.Want.Look(h)
		r := remedy(s)
		r.Do = "Look for why a worker went, and restart gunicorn: it then starts as many as it is told to."
		if us == fact.IsKnown {
			r.Steps = plan.Systemctl("let gunicorn start all its workers", "restart", unit.Name)
		}
		return check.Warned(fmt.Sprintf("gunicorn runs %d of the %d workers that it is told to", live, want), r).
			Because("A worker is gone, frozen, or was taken away by a signal (TTOU): fewer requests are served at a time.").Breaking(false)
	}
	return check.Passed()
}

func again(s *model.AppServer) check.Verdict {
	if u, _ := s.Unit.Look(&fact.Notes{}); u.Restarts < 3 {
		return check.Failed("gunicorn died, and systemd starts it again", remedy(s))
	}
	return check.Failed("gunicorn dies and is started again, over and over", remedy(s))
}

func notRunning(h *check.Hearing, s *model.AppServer, unit *model.Unit) check.Verdict {
	if unit == nil {
		return check.Failed("gunicorn is not running", remedy(s))
	}
	if unit.SocketLive && unit.Active == "inactive" {
		return check.DoesNotApply("it starts with the first request (" + unit.Triggers[0] + ")")
	}
	if src, goes := unit.GoesAway(); goes {
		h.Saw(src)
		return check.Failed("gunicorn is not running: it is told to go into the background (daemon), and systemd ends what a service leaves behind", remedy(s))
	}
	blame(h, unit)
	if unit.Looping() { // between two deaths no process is there to be seen
		return again(s)
	}
	if unit.Running() {
		return check.Failed("gunicorn is not running, although "+unit.Name+" is active", remedy(s))
	}
	return check.Failed("gunicorn is not running", remedy(s))
}

// states are those in which a process does nothing (proc(5)).
var states = map[string]string{"Z": "Z: it is dead", "T": "T: stopped by a signal", "t": "t: stopped by a debugger", "X": "X: dead"}

func frozen(n int) string {
	if n == 1 {
		return "only worker is stopped or dead"
	}
	return fmt.Sprintf("%d workers are all stopped or dead", n)
}

// alive counts the workers that are neither dead, stopped nor traced.
func alive(workers []model.Process) int {
	n := 0
	for _, w := range workers {
		if w.State != "Z" && w.State != "T" && w.State != "t" && w.State != "X" {
			n++
		}
	}
	return n
}

// booting is what gunicorn says of each worker that it starts, and recycled of
// each that max_requests ends: those start anew all day (20.1 to 23).
var (
	booting  = regex.New(`Booting worker with pid`)
	recycled = regex.New(`Autorestarting worker`)
)

// dying says that workers end soon after they were started. One reload starts
// each of them once; an app that kills its worker has it started every second.
func dying(h *check.Hearing, s *model.AppServer, u *model.Unit, workers []model.Process) bool {
	for _, w := range workers {
		if s.Now.Sub(w.Start) > 10*time.Second {
			return false
		}
	}
	j, state := u.Journal.Look(h.Aside())
	last := s.Now.Add(-settle)
	boots := j.Said(booting, last)
	if state != fact.IsKnown || j.Said(recycled, last) > 0 || boots < 3*max(len(workers), 2) {
		return false
	}
	h.Saw(fact.Source{Where: j.Where, Text: fmt.Sprintf("\"Booting worker with pid\" %d times in the last %d seconds", boots, settle/time.Second), Ask: j.Ask})
	blame(h, u)
	return true
}

// blame adds the journal's line that says best why it does not run.
func blame(h *check.Hearing, u *model.Unit) {
	if u == nil {
		return
	}
	if c, ok := u.Complaint(); ok {
		h.Saw(c.Sources()...)
	}
}

// crashRemedy is for workers that end without a Python exception.
func crashRemedy(unit string) check.Remedy {
	return check.Remedy{
		Do: "Something ends the workers without a Python exception: os._exit, a crash in a C extension, or the memory limit. " +
			"Take back what was deployed or installed last; the kernel's log tells of crashes and of memory.",
		Commands: []string{"sudo journalctl -k -n 200 --no-pager | grep -i -e segfault -e oom -e killed", "sudo journalctl -u " + unit + " -n 100 --no-pager"},
		Verify:   "sudo journalctl -u " + unit + " -n 20 --no-pager",
		Minutes:  20,
	}
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
