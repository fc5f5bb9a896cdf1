package gunicorn

import (
	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/plan"
	syntax "assay/internal/syntax/gunicorn"
)

// set changes one of gunicorn's settings where it is set, or beside the others;
// nil where that is for a person to find out.
func set(say string, s *model.AppServer, name, value string) []plan.Step {
	at, ok := s.PlaceOf(name, value)
	if !ok {
		return nil
	}
	if at.Conf != "" {
		return plan.Key(say, at.Conf, plan.Equals, name, syntax.Spelt(value), plan.Act{Verb: "restart", Unit: at.Unit})
	}
	return plan.DropIn(say, at.Unit, "Service", "ExecStart", "", at.Command)
}

func withSteps(r check.Remedy, steps []plan.Step) check.Remedy {
	r.Steps = steps
	return r
}
