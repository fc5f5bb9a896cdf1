package check

import (
	"assay/internal/model"
	"assay/internal/plan"
)

// Up starts a unit that does not run, also where systemd has given it up, and
// lets it start with the machine where that was taken from it. Who masked one
// did so on purpose.
func Up(say string, u *model.Unit) []plan.Step {
	if u.Load == "masked" {
		return nil
	}
	var out []plan.Step
	do := func(verb string) { out = append(out, plan.Systemctl(say, verb, u.Name)...) }
	if u.Active == "failed" {
		do("reset-failed")
	}
	if u.File == "disabled" && !u.AtBoot() {
		do("enable")
	}
	do("start")
	return out
}
