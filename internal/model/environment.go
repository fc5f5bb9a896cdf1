package model

import (
	"assay/internal/fact"
	"assay/internal/facts"
)

func values(env map[string]EnvValue) map[string]string {
	out := make(map[string]string, len(env))
	for k, v := range env {
		out[k] = v.Value
	}
	return out
}

// environment is what the service's processes have: as it really is where the
// process lives, else as its unit says.
func (b *builder) environment(s *AppServer) fact.Of[map[string]EnvValue] {
	var n fact.Notes
	m, state := s.Master.Look(&n)
	u, us := s.Unit.Look(&n)
	var text UnitText
	if us == fact.IsKnown {
		text, us = u.Files.Look(&n)
	}
	switch {
	case state == fact.IsKnown:
		live := b.f.Environ(m.PID)
		// A crash loop: the process may be gone again when its environment is read.
		if _, ls := live.Look(&n); ls != fact.IsKnown && us == fact.IsKnown && len(text.EnvHidden) == 0 {
			return fact.Known(text.Env)
		}
		return fact.Then(live, func(env map[string]string) map[string]EnvValue {
			out := make(map[string]EnvValue, len(env))
			where := facts.ProcSource(m).Where
			for k, v := range env {
				out[k] = EnvValue{Value: v, File: "environment of " + where}
				if set, ok := text.Env[k]; ok {
					out[k] = EnvValue{Value: v, File: set.File, Line: set.Line, Written: set.Written}
				}
			}
			return out
		})
	case us == fact.IsKnown && len(text.EnvHidden) > 0:
		return fact.Unknown[map[string]EnvValue](text.EnvHidden[0])
	case us == fact.IsKnown:
		return fact.Known(text.Env)
	}
	return fact.Unknown[map[string]EnvValue](n.Why())
}
