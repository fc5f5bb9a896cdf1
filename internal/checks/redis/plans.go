package redis

import (
	"strconv"
	"strings"

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
func asWritten(h *check.Hearing, s *model.Store, say, key, is string) []plan.Step {
	c, known := s.Conf.Look(h.Aside())
	u, state := s.Unit.Look(h.Aside())
	if known != fact.IsKnown || state != fact.IsKnown {
		return nil
	}
	if value, _ := c.Value(key); value != is {
		return nil
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

// byFile is asWritten as a remedy, where the file's value of a key is another than
// the one that holds: "" where it has none.
func byFile(h *check.Hearing, s *model.Store, rem check.Remedy, say, why, key, is string) check.Remedy {
	steps := asWritten(h, s, say, key, is)
	if steps == nil {
		return rem
	}
	c, _ := s.Conf.Look(h)
	text := "no " + key
	if is != "" {
		text = key + " " + is
	}
	h.Saw(fact.Source{Where: c.Path, Text: text, Ask: tape.Ask{Kind: tape.KindFile, Name: c.Path}})
	rem.Do, rem.Commands, rem.Steps = why+" "+rem.Do, append([]string{"sudo systemctl restart " + steps[0].Unit}, rem.Commands...), steps
	return rem
}

// limited is byFile for a limit of memory that is lower than the file's.
func limited(h *check.Hearing, s *model.Store, limit int64, rem check.Remedy) check.Remedy {
	c, _ := s.Conf.Look(h.Aside())
	value, set := c.Value("maxmemory")
	if n, ok := memory(value); set && (!ok || n > 0 && n <= limit) {
		return rem
	}
	return byFile(h, s, rem, "let Redis have the memory that its file gives it", "Its file gives it more: the limit that holds was given by hand, and ends with a restart.", "maxmemory", value)
}

// memory reads a size as redis.conf has it.
func memory(s string) (int64, bool) {
	s = strings.ToLower(s)
	digits := strings.TrimRight(s, "kmgb")
	n, err := strconv.ParseInt(digits, 10, 64)
	unit, known := map[string]int64{"": 1, "b": 1, "k": 1000, "kb": 1 << 10, "m": 1000 * 1000, "mb": 1 << 20, "g": 1000 * 1000 * 1000, "gb": 1 << 30}[s[len(digits):]]
	return n * unit, err == nil && known
}
