package plan

import (
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/syntax/gunicorn"
	"assay/internal/tape"
)

// Gunicorn changes gunicorn's settings, pairs of names and values, where they are set,
// or beside the others; nil where that is for a person to find out.
func Gunicorn(say string, s *model.AppServer, pairs ...string) []Step {
	var steps []Step
	unit, command := "", ""
	for i := 0; i < len(pairs); i += 2 {
		name, value := pairs[i], pairs[i+1]
		at, ok := s.PlaceOf(name, value)
		switch {
		case !ok:
			return nil
		case at.Conf != "":
			steps = append(steps, Key(say, at.Conf, Equals, name, gunicorn.Spelt(value), Act{Verb: "restart", Unit: at.Unit})...)
			steps[len(steps)-1].Tests = gunicornCheck(at.Unit, s)
		case command == "":
			unit, command = at.Unit, at.Command
		default:
			if command, ok = gunicorn.SetOption(command, name, value); !ok {
				return nil
			}
		}
	}
	if command != "" {
		steps = append(steps, DropIn(say, unit, "Service", "ExecStart", "", command)...)
	}
	return steps
}

func gunicornCheck(unit string, s *model.AppServer) []Test {
	var n fact.Notes
	if u, state := s.User.Look(&n); state == fact.IsKnown {
		id := tape.Identity{UID: u.UID, GID: u.GID, Groups: u.Groups}
		return []Test{{Name: "gunicorn-check", Arg: unit + " " + id.String()}}
	}
	return nil
}
