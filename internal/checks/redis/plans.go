package redis

import (
	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
	"assay/internal/tape"
)

// asWritten restarts a Redis that runs with a setting which its file does not
// have: somebody gave it by hand (CONFIG SET, REPLICAOF), and it ends with the
// process. Redis saves its data when it is stopped, where it saves at all; one
// that does not, and holds more than a cache, is left alone.
func asWritten(h *check.Hearing, s *model.Store, say string, keys ...string) []plan.Step {
	c, known := s.Conf.Look(h.Aside())
	u, state := s.Unit.Look(h.Aside())
	if known != fact.IsKnown || state != fact.IsKnown {
		return nil
	}
	for _, k := range keys {
		if _, set := c.Value(k); set {
			return nil
		}
	}
	save, told := c.Value("save")
	if log, _ := c.Value("appendonly"); told && save == "" && log != "yes" {
		return nil
	}
	if _, more := c.Value("include"); more {
		return nil
	}
	return plan.Systemctl(say, "restart", u.Name)
}

// byFile is asWritten as a remedy.
func byFile(h *check.Hearing, s *model.Store, rem check.Remedy, say, why string, keys ...string) check.Remedy {
	steps := asWritten(h, s, say, keys...)
	if steps == nil {
		return rem
	}
	c, _ := s.Conf.Look(h)
	h.Saw(fact.Source{Where: c.Path, Text: "no " + check.List(keys), Ask: tape.Ask{Kind: tape.KindFile, Name: c.Path}})
	rem.Do, rem.Commands, rem.Steps = why+" "+rem.Do, append([]string{"sudo systemctl restart " + steps[0].Unit}, rem.Commands...), steps
	return rem
}

func limited(h *check.Hearing, s *model.Store, rem check.Remedy) check.Remedy {
	return byFile(h, s, rem, "let Redis have the memory that its file gives it", "Its file sets no such limit: it was given by hand, and ends with a restart.", "maxmemory")
}
