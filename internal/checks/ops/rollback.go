package ops

import (
	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "ops.rollback",
	Title:    "the release before can be brought back",
	Severity: check.Medium,
	Stage:    model.StageCode,
	Guide:    "000 step 23: rollback command",
	Why:      "After a bad deploy the site stays broken until the mistake is found and mended.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Routines, rollback),
})

func rollback(h *check.Hearing, x *model.Routine) check.Verdict {
	if file, gone := x.Lost.Look(h); gone == fact.IsKnown {
		x.Said.Rollback.Look(h)
		return check.Failed("the way back is declared to be "+file+", and there is no such file", check.Remedy{
			Do: "Put the script back, or say what takes its place.", Commands: []string{"# " + model.OperatorFile + ": rollback = \"...\""}, Verify: "ls -l " + file, Minutes: 10,
		})
	}
	old, releases := x.Old.Look(h)
	if releases == fact.IsKnown && len(old) == 0 {
		return check.Warned("no release but the one that runs is kept: there is nothing to go back to", check.Remedy{
			Do: "Keep the last three releases when you deploy.", Verify: "ls -1 releases", Minutes: 10,
		})
	}
	_, said := x.Said.Rollback.Look(h)
	if releases == fact.IsKnown || said == fact.IsKnown {
		return check.Passed()
	}
	return check.CannotTell("how the release before comes back does not show on this host, and is not declared", "say in "+model.OperatorFile+" how: rollback = \"ln -sfn releases/PREVIOUS current; systemctl restart "+x.UnitName()+"\"")
}
