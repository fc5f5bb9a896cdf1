package systemd

import (
	"fmt"
	"time"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "systemd.unit.active-enabled",
	Title:    "the app's unit is active, and comes up at boot",
	Severity: check.Critical,
	Stage:    model.StageApp,
	Breaks:   true,
	Guide:    "000 step 5: enable --now",
	Why:      "The app is down.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Units, activeEnabled),
})

// startMay is how long a start may take before "activating" is a fault:
// systemd's own limit (DefaultTimeoutStartSec, 90 s).
const startMay = 90 * time.Second

func activeEnabled(h *check.Hearing, u *model.Unit) check.Verdict {
	h.Saw(u.Source)
	name := u.Name
	switch {
	case u.Load == "masked":
		return check.Failed(name+" is masked: it cannot be started", start(u, "sudo systemctl unmask "+name))
	case u.Load != "loaded":
		return check.Failed(fmt.Sprintf("systemd cannot load %s: %s %s", name, u.Load, u.LoadError), start(u, "systemd-analyze verify "+name))
	case u.Active == "failed":
		return check.Failed(name+" has failed: "+Ended(u), start(u))
	case u.Sub == "auto-restart":
		return check.Failed(fmt.Sprintf("%s dies as soon as it starts (%s); systemd has tried %d times", name, Ended(u), u.Restarts), start(u))
	case u.Active == "activating":
		if u.Now.Sub(u.Since) > startMay || u.Restarts >= 3 {
			return check.Failed(fmt.Sprintf("%s does not get through its start (%d restarts)", name, u.Restarts), start(u))
		}
		return check.CannotTell(name+" is starting", "look again in a minute")
	case !u.Running() && u.SocketLive:
		if u.SocketBoot {
			return check.Passed()
		}
		return check.Warned(u.Triggers[0]+" starts "+name+" on demand, and is not enabled", enable(u.Triggers[0])).
			Because("After a reboot nobody listens.").Breaking(false)
	case !u.Running():
		return check.Failed(name+" is "+u.Active, start(u))
	case !u.AtBoot():
		return check.Warned(name+" is active, and not enabled at boot", enable(name)).
			Because("The site works until the next reboot, and is down after it.").Breaking(false)
	}
	return check.Passed()
}

// gunicornExits are gunicorn's own exit codes, which systemd names after the
// LSB's (status=3/NOTIMPLEMENTED, 4/NOPERMISSION): gunicorn/arbiter.py.
var gunicornExits = map[int]string{3: "a worker could not start (an error while the app was imported)", 4: "the app could not be loaded"}

// systemdExits are those of systemd itself (systemd.exec(5), "Process exit codes").
var systemdExits = map[int]string{200: "its working directory could not be entered", 203: "its program could not be executed", 209: "its output could not be set up",
	217: "its user does not exist", 226: "its file system view could not be made", 233: "its runtime directory could not be made"}

// Ended says how a unit's main process ended.
func Ended(u *model.Unit) string {
	if why := systemdExits[u.ExitStatus]; why != "" {
		return fmt.Sprintf("exit %d, %s", u.ExitStatus, why)
	}
	if why := gunicornExits[u.ExitStatus]; why != "" && u.RunsGunicorn() {
		return fmt.Sprintf("exit %d, %s", u.ExitStatus, why)
	}
	switch u.Result {
	case "oom-kill":
		return "killed for want of memory"
	case "resources":
		return "something that the unit needs is missing (an environment file, say)"
	case "timeout":
		return "it did not say that it was ready in time"
	case "signal", "core-dump":
		return fmt.Sprintf("ended by signal %d", u.ExitStatus)
	}
	if u.ExitStatus != 0 {
		return fmt.Sprintf("exit %d", u.ExitStatus)
	}
	return u.Result
}

func start(u *model.Unit, first ...string) check.Remedy {
	return check.Remedy{
		Do:       "Read why it stopped, mend that, and start it again.",
		Commands: append(first, "sudo journalctl -u "+u.Name+" -n 50 --no-pager", "sudo systemctl reset-failed "+u.Name, "sudo systemctl enable --now "+u.Name),
		Verify:   "systemctl is-active " + u.Name,
		Minutes:  10,
	}
}

func enable(name string) check.Remedy {
	return check.Remedy{Do: "Enable it.", Commands: []string{"sudo systemctl enable " + name}, Verify: "systemctl is-enabled " + name, Minutes: 1}
}
