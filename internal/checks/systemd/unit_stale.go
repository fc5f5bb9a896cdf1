package systemd

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "systemd.unit.stale",
	Title:    "what systemd runs is what the unit's files say",
	Severity: check.High,
	Stage:    model.StageApp,
	Guide:    "000 step 5: daemon-reload",
	Why:      "The service is another one than its files say, and becomes that at some later start: nobody connects a fault then with the change of today.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).StaleUnits, unitStale),
})

func unitStale(h *check.Hearing, x *model.StaleUnit) check.Verdict {
	if x.Load != "loaded" {
		return check.DoesNotApply("systemd has no " + x.Name)
	}
	if !x.Reload {
		return restartPending(h, x)
	}
	if _, known := x.Files.Open(h); !known {
		return check.DoesNotApply(x.Name + " has no unit file to judge")
	}
	h.Saw(fact.Source{Where: "systemctl show " + x.Name, Text: "NeedDaemonReload=yes", Ask: tape.Ask{Kind: tape.KindCommand, Name: "unit", Arg: x.Name}})
	r := check.Remedy{
		Do:       "Let systemd read its files again, and start the service by them.",
		Commands: []string{"systemctl cat " + x.Name, "sudo systemctl daemon-reload && sudo systemctl restart " + x.Name},
		Verify:   "systemctl show -p NeedDaemonReload " + x.Name, Minutes: 2,
		Steps: restartedBy(x.Unit),
	}
	what := "the files of " + x.Name + " changed on disk, and systemd has not read them since (no daemon-reload)"
	if len(x.Differs) == 0 {
		return check.Warned(what, r)
	}
	for _, d := range x.Differs {
		h.Saw(d.Source, fact.Source{Where: "systemctl show " + x.Name, Text: d.Key + "=" + d.Loaded, Ask: tape.Ask{Kind: tape.KindCommand, Name: "unit", Arg: x.Name}})
	}
	v := check.Failed(fmt.Sprintf("%s: it starts the service by the old %s=", what, x.Differs[0].Key), r)
	switch {
	case x.Moves:
		return v.At(check.Critical).Breaking(true).Because("nginx hands requests to the address in the files, and the service listens on the one of before: visitors get 502 Bad Gateway.")
	case x.Fallen():
		return v.Breaking(true).Because("The service does not run, and what was mended in its files has no effect yet.")
	}
	return v
}

// restartPending compares the process with what systemd has loaded.
func restartPending(h *check.Hearing, x *model.StaleUnit) check.Verdict {
	runs, loaded, differs := x.Outdated(h.Aside())
	if !differs {
		_, _, _ = x.Outdated(h)
		return check.Passed()
	}
	h.Saw(fact.Source{Where: fmt.Sprintf("process %d", x.MainPID), Text: runs, Ask: tape.Ask{Kind: tape.KindProcs}},
		fact.Source{Where: "systemctl show " + x.Name, Text: "ExecStart=" + loaded, Ask: tape.Ask{Kind: tape.KindCommand, Name: "unit", Arg: x.Name}})
	return check.Warned(x.Name+" runs by another command line than its unit has now: it was not restarted since", check.Remedy{
		Do: "Restart it, and look whether it works as before.", Commands: []string{"sudo systemctl restart " + x.Name},
		Verify: "systemctl status " + x.Name + " --no-pager", Minutes: 2,
		Steps: restartedBy(x.Unit),
	})
}

// restartedBy starts a service anew, by what its files say now.
func restartedBy(u *model.Unit) []plan.Step {
	var steps []plan.Step
	if u.Reload {
		steps = plan.Systemctl("let systemd read its files", "daemon-reload", "")
	}
	if u.Active == "failed" {
		steps = append(steps, plan.Systemctl("forget that it failed", "reset-failed", u.Name)...)
	}
	return append(steps, plan.Systemctl("start it anew", "restart", u.Name)...)
}
