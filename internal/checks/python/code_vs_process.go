package python

import (
	"fmt"
	"time"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "python.code-vs-process",
	Title:    "the running workers have loaded the code that is on the disk",
	Severity: check.High,
	Stage:    model.StageCode,
	Guide:    "000 step 5: restart after each change",
	Why:      "Visitors still get the old code. The new one runs from the next restart on, which may be a reboot in the night, and nobody has seen it run.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Apps, codeVsProcess),
})

func codeVsProcess(h *check.Hearing, s *model.AppServer) check.Verdict {
	master, up := s.Master.Open(h.Aside())
	if !up {
		return check.DoesNotApply(s.Name + " does not run")
	}
	a, ok := s.Loaded.Open(h.Aside())
	if !ok {
		return check.DoesNotApply(s.Name + " is no Python app")
	}
	g := s.Age(h.Aside(), a, master)
	switch {
	case len(g.Written) > 0:
		show(h, a, g, g.Written)
		return check.Failed(fmt.Sprintf("%s older code than there is on the disk: %s", who(g), written(a, g.Written)), restart(s, a, g))
	case a.Ended != "":
		return check.CannotTell("load the app: "+a.Ended, "")
	case len(g.Templates) > 0:
		show(h, a, g, g.Templates)
		return check.Warned(fmt.Sprintf("%s templates that may be older than those on the disk: %s", who(g), written(a, g.Templates)), restart(s, a, g)).
			Because("Flask looks at a template once. A worker that has shown it before keeps the old one, the others take the new one: visitors see both, by chance.")
	case g.Conf != nil:
		h.Saw(file(a, *g.Conf), fact.Source{Where: process(master), Text: "read it before " + clock(g.ConfRead), Ask: tape.Ask{Kind: tape.KindProcs}})
		return check.Warned(g.Conf.Path+" was written after gunicorn had read it", restart(s, a, g)).
			Because("gunicorn runs on with the settings that it read: workers, timeouts and limits are not those of the file.")
	case len(g.Touched) > 0:
		show(h, a, g, g.Touched)
		return check.Warned(fmt.Sprintf("something of %s changed after %s had started, be it the owner, the mode or the content", check.List(a.Names(g.Touched)), subject(g)), restart(s, a, g)).
			Because("A copy that keeps times (cp -p, rsync --inplace) looks just so: if it was one, visitors still get the old code.")
	case a.Error != nil:
		return check.CannotTell("load the app: "+model.Line(a.Error), "")
	}
	return check.Passed()
}

// who is "2 of 3 workers run".
func who(g model.CodeAge) string {
	switch n := len(g.Old); {
	case g.Arbiter:
		return "the arbiter, which loads the app for its workers, has"
	case n == 1 && len(g.Loaders) == 1:
		return "the app's process has"
	case n == len(g.Loaders):
		return fmt.Sprintf("all %d workers have", n)
	case n == 1:
		return fmt.Sprintf("1 of %d workers has", len(g.Loaders))
	default:
		return fmt.Sprintf("%d of %d workers have", n, len(g.Loaders))
	}
}

func subject(g model.CodeAge) string {
	if g.Arbiter || len(g.Loaders) == 1 {
		return "the process"
	}
	return "the workers"
}

func written(a *model.App, list []tape.Module) string {
	names := a.Names(list)
	out := check.List(names)
	if more := len(list) - len(names); more > 0 {
		out = fmt.Sprintf("%s, and %d more", out, more)
	}
	if len(list) == 1 {
		return out + " was written later"
	}
	return out + " were written later"
}

func show(h *check.Hearing, a *model.App, g model.CodeAge, list []tape.Module) {
	for _, m := range list[:min(len(list), 3)] {
		h.Saw(file(a, m))
	}
	for _, p := range g.Old[:min(len(g.Old), 3)] {
		h.Saw(fact.Source{Where: process(p), Text: "started " + clock(p.Start), Ask: tape.Ask{Kind: tape.KindProcs}})
	}
}

func process(p model.Process) string { return fmt.Sprintf("process %d", p.PID) }

func file(a *model.App, m tape.Module) fact.Source {
	return fact.Source{Where: m.Path, Text: "written " + clock(unix(m.MTime)) + ", put there " + clock(unix(max(m.Born, m.CTime))), Ask: a.Source.Ask}
}

func unix(t float64) time.Time { return time.Unix(int64(t), 0) }

func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

func restart(s *model.AppServer, a *model.App, g model.CodeAge) check.Remedy {
	r := check.Remedy{Do: "Restart the service, and make that the last step of each release.", Minutes: 2, Verify: "sudo assay check --only python.code-vs-process"}
	if u := s.UnitName(); u != "" {
		r.Commands = []string{"sudo systemctl restart " + u}
		if a.Error == nil && a.Ended == "" { // the new code can be loaded
			r.Steps = plan.Systemctl("let the service run the code that is there now", "restart", u)
		}
	} else {
		r.Commands = []string{fmt.Sprintf("sudo kill -HUP %d", g.Loaders[0].PPID)}
		if g.Arbiter || len(g.Loaders) == 1 {
			r.Commands = nil
		}
	}
	return r
}
