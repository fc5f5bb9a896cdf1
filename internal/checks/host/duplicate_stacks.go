package host

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "host.duplicate-stacks",
	Title:    "one service alone makes each socket",
	Severity: check.High,
	Stage:    model.StageSocket,
	Breaks:   true,
	Guide:    "000 step 5: one unit for the app",
	Why:      "Whichever starts last takes the socket away from the other, without a word: visitors get another app, or an old release of theirs, until the next restart turns it round.",
	Cure:     check.OnHost,
	Ask:      check.OfHost((*model.Model).SharedSockets, duplicate),
})

func duplicate(h *check.Hearing, x *model.SharedSocket) check.Verdict {
	for _, s := range x.Servers {
		_, _ = s.Binds.Look(h)
		_, _ = s.Master.Look(h)
	}
	a, b := x.Servers[0], x.Servers[1]
	r := check.Remedy{
		Do:      "Keep the service that you mean, and take the other one away for good; then restart the one that stays, which makes its socket anew.",
		Verify:  "sudo ss -lxp | grep " + x.Path,
		Minutes: 10,
	}
	for _, s := range x.Servers {
		if n := s.UnitName(); n != "" {
			r.Commands = append(r.Commands, "systemctl cat "+n)
		}
	}
	if n, m := a.UnitName(), b.UnitName(); n != "" && m != "" {
		r.Commands = append(r.Commands, fmt.Sprintf("sudo systemctl disable --now %s && sudo systemctl restart %s   # or the other way round", n, m))
	}
	return check.Failed(fmt.Sprintf("%s and %s both run and make the socket %s: each takes it from the other", x.Called(a), x.Called(b), x.Path), r)
}
