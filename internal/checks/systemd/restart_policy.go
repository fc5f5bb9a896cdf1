package systemd

import (
	"slices"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "systemd.restart-policy",
	Title:    "systemd starts the app again when it dies",
	Severity: check.Medium,
	Stage:    model.StageApp,
	Guide:    "000 step 5: Restart=",
	Why:      "The first crash, or the kernel when memory is short, ends the service for good: visitors get 502 Bad Gateway until somebody starts it by hand.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Units, restartPolicy),
})

// helps are the values of Restart= that bring a service back that was killed
// (systemd.service(5)).
var helps = []string{"always", "on-failure", "on-abnormal", "on-abort"}

func restartPolicy(h *check.Hearing, u *model.Unit) check.Verdict {
	src := fact.Source{Where: "systemctl show " + u.Name, Text: "Restart=" + u.Again, Ask: tape.Ask{Kind: tape.KindCommand, Name: "unit", Arg: u.Name}}
	switch {
	case u.Load != "loaded":
		return check.DoesNotApply("systemd has not loaded " + u.Name)
	case u.Oneshot:
		return check.DoesNotApply(u.Name + " is done when it ends (Type=oneshot)")
	case u.Again == "":
		return check.CannotTell("systemd does not say what becomes of "+u.Name+" when it dies", "")
	case slices.Contains(helps, u.Again):
		h.Saw(src)
		return check.Passed()
	case u.SocketLive:
		return check.Passed() // the next request starts it
	}
	h.Saw(src)
	what := "nothing starts " + u.Name + " again when it dies: its unit has no Restart="
	if t, known := u.Files.Look(h.Aside()); known == fact.IsKnown {
		if line, set := t.SettingSource("Restart"); set {
			h.Saw(line)
			what = "nothing starts " + u.Name + " again when it dies: " + line.Text
		}
	}
	return check.Failed(what, check.Remedy{
		Do:       "Let systemd start it again after a failure, with a pause between.",
		Commands: []string{"sudo systemctl edit " + u.Name, "# [Service]", "# Restart=on-failure", "# RestartSec=3", "sudo systemctl daemon-reload"},
		Verify:   "systemctl show -p Restart " + u.Name, Minutes: 3,
		Steps: plan.All(plan.DropInRead("let systemd start it again when it dies", u.Name, "Service", "Restart", "on-failure"),
			plan.DropInRead("let systemd start it again when it dies", u.Name, "Service", "RestartSec", "3")),
	})
}
