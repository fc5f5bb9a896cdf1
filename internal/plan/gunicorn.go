package plan

import (
	"assay/internal/model"
	"assay/internal/syntax/gunicorn"
)

// Gunicorn changes one of gunicorn's settings where it is set, or beside the
// others; nil where that is for a person to find out.
func Gunicorn(say string, s *model.AppServer, name, value string) []Step {
	at, ok := s.PlaceOf(name, value)
	if !ok {
		return nil
	}
	if at.Conf != "" {
		return Key(say, at.Conf, Equals, name, gunicorn.Spelt(value), Act{Verb: "restart", Unit: at.Unit})
	}
	return DropIn(say, at.Unit, "Service", "ExecStart", "", at.Command)
}
