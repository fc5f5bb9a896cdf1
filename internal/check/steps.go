package check

import (
	"fmt"
	"slices"
	"strings"

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

// Forgiven lets systemd forget the falls of a unit that steps start anew: else
// its start limit may stand in the way.
func Forgiven(u *model.Unit, steps []plan.Step) []plan.Step {
	if len(steps) == 0 || !u.Fallen() {
		return steps
	}
	return append(steps, plan.Systemctl("forget that "+u.Name+" failed", "reset-failed", u.Name)...)
}

// Anew starts a unit anew, also where systemd has given it up.
func Anew(say string, u *model.Unit) []plan.Step {
	return Forgiven(u, plan.Systemctl(say, "restart", u.Name))
}

// Through gives a remedy the steps that open a gate, where they are certain.
func Through(r Remedy, g model.Gate, say string) Remedy {
	r.Steps = plan.Opened(say, g)
	switch {
	case r.Steps == nil:
	case g.Opening.Command != "":
		r.Commands = []string{g.Opening.Command}
	default:
		r.Commands = Commands(r.Steps)
	}
	return r
}

// Commands are steps as a person does them by hand.
func Commands(steps []plan.Step) []string {
	var out []string
	add := func(format string, a ...any) {
		if line := strings.TrimSpace(fmt.Sprintf(format, a...)); !slices.Contains(out, line) {
			out = append(out, line)
		}
	}
	var then []plan.Act
	for _, s := range steps {
		switch s.Kind {
		case plan.Set:
			if unit, ours := strings.CutSuffix(strings.TrimPrefix(s.Path, "/etc/systemd/system/"), ".d/zz-assay.conf"); ours {
				add("sudo systemctl edit %s", unit)
				add("# [%s]", s.Setting.Section)
			} else {
				add("sudoedit %s", s.Path)
			}
			for _, v := range s.Setting.Values {
				if v == plan.Secret {
					v = "$(openssl rand -hex 32)"
				}
				add("# %s=%s", s.Setting.Key, v)
			}
		case plan.Edit:
			for _, c := range s.Lines {
				add("sudoedit %s   # line %d", s.Path, c.Line)
				for _, l := range c.New {
					add("# %s", strings.TrimSpace(l))
				}
			}
		case plan.Own:
			if s.Owner != "" {
				add("sudo chown %s %s", s.Owner, s.Path)
			}
			if s.Group != "" {
				add("sudo chgrp %s %s", s.Group, s.Path)
			}
			if s.Mode != "" {
				add("sudo chmod %s %s", s.Mode, s.Path)
			}
		case plan.Unit:
			then = append(then, plan.Act{Verb: s.Verb, Unit: s.Unit})
		}
		then = append(then, s.Then...)
	}
	for _, a := range plan.Ordered(then) {
		add("sudo systemctl %s %s", a.Verb, a.Unit)
	}
	return out
}
