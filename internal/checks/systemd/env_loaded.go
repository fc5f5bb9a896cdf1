package systemd

import (
	"slices"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "systemd.env.loaded",
	Title:    "the running process has the variables that the unit's files set",
	Severity: check.High,
	Stage:    model.StageApp,
	Guide:    "000 step 2: EnvironmentFile, and a restart after each edit",
	Why:      "The app still works with the old values: with another database or another key than the files, the command line and the next start.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Apps, envLoaded),
})

func envLoaded(h *check.Hearing, s *model.AppServer) check.Verdict {
	u, ok := s.Unit.Open(h.Aside())
	if !ok {
		return check.DoesNotApply(s.Name + " is not started by a unit")
	}
	if _, up := s.Master.Open(h.Aside()); !up {
		return check.DoesNotApply(s.Name + " does not run")
	}
	gaps, _ := s.EnvGaps.Open(h.Aside())
	if len(gaps) == 0 {
		return check.Passed()
	}
	a, state := s.Loaded.Look(h.Aside())
	var read, idle, lost, needed []model.EnvGap
	for _, g := range gaps {
		reads, needs := false, false
		if state == fact.IsKnown {
			reads, needs = a.Reads(g.Key)
		}
		switch {
		case g.Lost && needs:
			needed = append(needed, g)
		case g.Lost:
			lost = append(lost, g)
		case reads:
			read = append(read, g)
		default:
			idle = append(idle, g)
		}
	}
	switch {
	case len(read) > 0:
		return check.Failed("the running process does not have "+set(h, u, read), restarted(u, gaps))
	case len(needed) > 0:
		return check.Failed("the next start of "+u.Name+" is without "+keys(h, needed)+", which the app needs: no file sets it any more", putBack(u)).
			Because("The service runs on with what it was started with. The next start, which may be a reboot in the night, fails.")
	case len(lost) > 0:
		return check.Warned("the next start of "+u.Name+" is without "+keys(h, lost)+", which the app reads: no file sets it any more", putBack(u)).
			Because("The service runs on with what it was started with. The next start takes the app's own default instead.")
	}
	return check.Warned("the running process does not have "+set(h, u, idle)+", which the app's own code does not read", restarted(u, gaps)).
		Because("A package may read it. What the files say is not what runs.")
}

func keys(h *check.Hearing, gaps []model.EnvGap) string {
	var out []string
	for _, g := range gaps {
		h.Saw(g.At)
		out = append(out, g.Key)
	}
	return check.List(out)
}

// set is "the SECRET_KEY that /etc/shop/shop.env sets now".
func set(h *check.Hearing, u *model.Unit, gaps []model.EnvGap) string {
	where, verb := gaps[0].At.Where, "sets"
	if slices.ContainsFunc(gaps, func(g model.EnvGap) bool { return g.At.Where != where }) {
		where, verb = "the files of "+u.Name, "set"
	}
	return "the " + keys(h, gaps) + " that " + where + " " + verb + " now"
}

// restarted takes new values in. Where one is gone, or is a secret that the other
// side may not know yet, the restart itself may break the app: a person looks first.
func restarted(u *model.Unit, gaps []model.EnvGap) check.Remedy {
	r := check.Remedy{Do: "Restart the service. A reload keeps the environment that the process was started with.", Minutes: 2,
		Commands: []string{"sudo systemctl restart " + u.Name}, Verify: "sudo assay check --only systemd.env.loaded"}
	if !slices.ContainsFunc(gaps, func(g model.EnvGap) bool { return g.Lost || secretName.MatchString(g.Key) }) {
		r.Steps = restartedBy(u)
	}
	if u.Reload {
		r.Commands = []string{"sudo systemctl daemon-reload", "sudo systemctl restart " + u.Name}
	}
	return r
}

func putBack(u *model.Unit) check.Remedy {
	return check.Remedy{Do: "Put the variable back into the unit's environment file, before anything restarts the service. Its present value can be read from the process.", Minutes: 5,
		Commands: []string{"sudo cat /proc/$(systemctl show -P MainPID " + u.Name + ")/environ | tr '\\0' '\\n'"}, Verify: "sudo assay check --only systemd.env.loaded"}
}
