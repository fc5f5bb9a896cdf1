package model

import (
	"assay/internal/fact"
	syntax "assay/internal/syntax/gunicorn"
)

// Place is where a setting of gunicorn would be changed: in its configuration
// file, or in the command of its unit.
type Place struct {
	Conf    string // path of the file, "" for the command
	Unit    string
	Command string // with the setting changed
}

// PlaceOf says where to set one of gunicorn's settings: where it is set, else in
// the configuration file that there is, else in the unit's command. It is not ok
// where that is not certain.
func (s *AppServer) PlaceOf(name, value string) (Place, bool) {
	var n fact.Notes
	u, state := s.Unit.Look(&n)
	if s.settings == nil || state != fact.IsKnown {
		return Place{}, false
	}
	e := s.settings.Resolve(name, s.settings.conf)
	conf := s.settings.conf
	if e.Place.Kind == "conf" || e.State == syntax.Absent && conf != nil {
		if conf == nil || conf.Err != nil || e.State == syntax.Unknown {
			return Place{}, false
		}
		return Place{Conf: conf.File, Unit: u.Name}, true
	}
	if e.State == syntax.Unknown || e.Place.Kind == "GUNICORN_CMD_ARGS" {
		return Place{}, false
	}
	t, state := u.Files.Look(&n)
	if state != fact.IsKnown {
		return Place{}, false
	}
	starts := t.All("Service", "ExecStart")
	if len(starts) != 1 {
		return Place{}, false
	}
	command, ok := syntax.SetOption(starts[0].Value, name, value)
	return Place{Unit: u.Name, Command: command}, ok
}
