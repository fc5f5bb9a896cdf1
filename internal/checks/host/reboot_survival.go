package host

import (
	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/plan"
)

var _ = Family.Add(check.Check{
	ID:       "host.reboot-survival",
	Title:    "what a request needs comes up with the machine",
	Severity: check.High,
	Stage:    model.StageApp,
	Guide:    "000 step 5: enable --now",
	Why:      "The site works until the machine restarts, and is gone after that: at night, after an upgrade of the kernel or a fault of the provider's.",
	Cure:     check.OnHost,
	Ask:      check.OfHost((*model.Model).BootUnits, rebootSurvival),
})

func rebootSurvival(h *check.Hearing, x *model.BootUnit) check.Verdict {
	if x.Unit == nil {
		h.Saw(x.Process)
		return check.Failed(x.Name+" was started by hand in a login session ("+x.Session+"): after a reboot nothing starts it", check.Remedy{
			Do:       "Write a unit for it, stop this one, and let systemd start it.",
			Commands: []string{"sudoedit /etc/systemd/system/" + x.Name + ".service", "sudo systemctl daemon-reload", "sudo systemctl enable --now " + x.Name},
			Verify:   "systemctl is-enabled " + x.Name, Minutes: 20,
		}).Because("The site works until the machine restarts, or until systemd ends what a session left behind (KillUserProcesses=), and is gone after that.")
	}
	u := x.Unit
	if !u.Running() && x.Needed {
		return check.DoesNotApply(u.Name + " does not run now")
	}
	if u.AtBoot() {
		h.Saw(u.Source)
		return check.Passed()
	}
	u.Starters(h)
	h.Saw(u.Source)
	r := check.Remedy{Do: "Enable it.", Commands: []string{"sudo systemctl enable " + start(u.Name)}, Verify: "systemctl is-enabled " + start(u.Name), Minutes: 1,
		Steps: plan.Systemctl("let "+start(u.Name)+" start with the machine", "enable", start(u.Name))}
	if !x.Needed && x.Name == "the firewall" {
		return check.Failed("the firewall's rules are loaded, and "+u.Name+" is not enabled: after a reboot there are none", r).
			Because("After the next boot every port that is listened on is open, until somebody loads the rules again.")
	}
	if !x.Needed {
		return check.Warned(x.Name+" runs, but "+u.Name+" is not enabled: after a reboot it stays down", r)
	}
	return check.Failed(x.Name+" runs, but "+u.Name+" is not enabled: after a reboot it stays down", r)
}

// start is the unit to enable: Debian's clusters of PostgreSQL are instances
// that postgresql.service pulls in.
func start(unit string) string {
	if len(unit) > 11 && unit[:11] == "postgresql@" {
		return "postgresql.service"
	}
	return unit
}
