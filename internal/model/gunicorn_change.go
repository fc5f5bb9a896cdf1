package model

import (
	"assay/internal/fact"
	"assay/internal/regex"
	"assay/internal/syntax/edit"
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

// unfinished is an assignment of which only the name was written.
var unfinished = regex.New(`^[a-z_]+\s*=\s*$`)

// BadLine is the one line of gunicorn's own file that keeps gunicorn from
// reading it: one that only begins to set something, or that sets name, where
// that is not "".
func (s *AppServer) BadLine(name string) (c edit.Lines, file string, ok bool) {
	if s.settings == nil || s.settings.conf == nil {
		return c, "", false
	}
	conf := s.settings.conf
	lines, _ := edit.Split(s.settings.text)
	if name != "" {
		v := conf.Get(name)
		if v.State != syntax.Literal || v.Line < 1 || v.Line > len(lines) {
			return c, "", false
		}
		c = edit.Lines{Line: v.Line, Old: lines[v.Line-1 : v.Line]}
	} else {
		for i, l := range lines {
			if unfinished.MatchString(l) {
				if c.Line > 0 {
					return c, "", false
				}
				c = edit.Lines{Line: i + 1, Old: lines[i : i+1]}
			}
		}
		if c.Line == 0 {
			return c, "", false
		}
	}
	rest, err := edit.Apply(s.settings.text, []edit.Lines{c})
	return c, conf.File, err == nil && syntax.ReadConf(rest, conf.File).Err == nil
}
