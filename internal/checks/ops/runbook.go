package ops

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "ops.runbook",
	Title:    "it is written down how this is operated, and it is true",
	Severity: check.Low,
	Stage:    model.StageApp,
	Guide:    "000 step 23: record operational details",
	Why:      "Whoever is called at night follows it, and loses the first half hour.",
	Cure:     check.Elsewhere,
	Ask:      check.Each((*model.Deployment).Routines, runbook),
})

func runbook(h *check.Hearing, x *model.Routine) check.Verdict {
	r, there := x.Runbook.Open(h)
	if !there {
		return check.CannotTell("no runbook lies beside the app, and none is declared", "say in "+model.OperatorFile+" where it is: runbook = \"git.example.org/ops/runbook.md\"")
	}
	cure := check.Remedy{Do: "Bring the page up to what this host is; assay runbook writes down what it is.", Commands: []string{"sudo assay runbook"}, Verify: "sudo assay check --only ops.runbook", Minutes: 20}
	switch {
	case r.Absent:
		return check.Failed("the runbook is declared to be "+r.File+", and there is no such file", cure)
	case len(r.Gone) > 0:
		named := r.Gone[:min(len(r.Gone), 3)]
		what := check.List(named)
		if more := len(r.Gone) - len(named); more > 0 {
			what = fmt.Sprintf("%s (and %d more)", what, more)
		}
		return check.Failed(fmt.Sprintf("%s names what is not on this host: %s", r.File, what), cure)
	}
	return check.Passed()
}
