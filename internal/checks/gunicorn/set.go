package gunicorn

import (
	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/plan"
	syntax "assay/internal/syntax/gunicorn"
)

// set changes gunicorn's settings, pairs of names and values, where they are set,
// or beside the others; nil where that is for a person to find out.
func set(say string, s *model.AppServer, pairs ...string) []plan.Step {
	var steps []plan.Step
	unit, command := "", ""
	for i := 0; i < len(pairs); i += 2 {
		name, value := pairs[i], pairs[i+1]
		at, ok := s.PlaceOf(name, value)
		switch {
		case !ok:
			return nil
		case at.Conf != "":
			steps = append(steps, plan.Key(say, at.Conf, plan.Equals, name, syntax.Spelt(value), plan.Act{Verb: "restart", Unit: at.Unit})...)
		case command == "":
			unit, command = at.Unit, at.Command
		default:
			if command, ok = syntax.SetOption(command, name, value); !ok {
				return nil
			}
		}
	}
	if command != "" {
		steps = append(steps, plan.DropIn(say, unit, "Service", "ExecStart", "", command)...)
	}
	return steps
}

func withSteps(r check.Remedy, steps []plan.Step) check.Remedy {
	r.Steps = steps
	return r
}
