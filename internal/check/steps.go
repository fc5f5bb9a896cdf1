package check

import (
	"assay/internal/model"
	"assay/internal/plan"
)

// Up starts a unit that does not run, also where it was masked or systemd has
// given it up, and lets it start with the machine where that was taken from it.
func Up(say string, u *model.Unit) []plan.Step {
	var out []plan.Step
	do := func(verb string) { out = append(out, plan.Systemctl(say, verb, u.Name)...) }
	if u.Active == "failed" {
		do("reset-failed")
	}
	if u.Load == "masked" {
		do("unmask")
	}
	if u.Load == "masked" || u.File == "disabled" && !u.AtBoot() {
		do("enable")
	}
	do("start")
	return out
}
