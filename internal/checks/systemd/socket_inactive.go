package systemd

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/plan"
)

// socketUnit judges a socket unit at whose address nginx finds nobody.
func socketUnit(h *check.Hearing, x *model.SocketUnit) check.Verdict {
	h.Saw(x.Listen, x.Told)
	state := "is " + x.Active
	if x.Active == "inactive" {
		state = "is not started"
	}
	verb := "start "
	if !x.Boot {
		state += " and not enabled"
		verb = "enable --now "
	}
	r := check.Remedy{Do: "Start the socket unit, and let it come up with the machine.", Minutes: 3, Verify: "systemctl is-active " + x.Name}
	if x.Load == "masked" {
		state = "is masked"
		r.Commands = append(r.Commands, "sudo systemctl unmask "+x.Name)
	}
	if x.Load != "masked" {
		if x.Starts != "" {
			r.Steps = plan.Systemctl("let go of the service, which the socket starts", "stop", x.Starts)
		}
		if !x.Boot {
			r.Steps = append(r.Steps, plan.Systemctl("let the socket come up with the machine", "enable", x.Name)...)
		}
		r.Steps = append(r.Steps, plan.Systemctl("start the socket", "start", x.Name)...)
	}
	if x.Starts != "" { // which holds its own socket until then
		r.Commands = append(r.Commands, "sudo systemctl stop "+x.Starts)
	}
	r.Commands = append(r.Commands, "sudo systemctl "+verb+x.Name)
	return check.Failed(fmt.Sprintf("%s, which is to listen on %s for nginx, %s", x.Name, x.Addr, state), r)
}
