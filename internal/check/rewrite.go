package check

import (
	"strings"

	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
	"assay/internal/syntax/edit"
)

// Rewritten changes the line of the unit's files that tells the app of a store,
// and lets the app read it. The line's secret is masked, and stays.
func Rewritten(say string, s *model.Store, with func(line string) string) []plan.Step {
	u, state := s.Server.Unit.Look(&fact.Notes{})
	line := with(s.Written)
	if state != fact.IsKnown || line == "" || line == s.Written || strings.Count(s.Written, "://") != 1 ||
		strings.HasPrefix(s.Told.Where, "/usr/") || strings.HasPrefix(s.Told.Where, "/lib/") {
		return nil
	}
	return Forgiven(u, plan.Change(say, s.Told.Where, edit.Lines{Line: s.Told.Line, Old: []string{s.Written}, New: []string{line}},
		plan.Act{Verb: "restart", Unit: u.Name}))
}

// Unremarked takes the remark from the line that tells the app of a store: systemd
// takes it for a part of the value. It was meant as one where a URL is over.
func Unremarked(s *model.Store) []plan.Step {
	return Rewritten("take the remark out of the value, which systemd takes for a part of it", s, func(line string) string {
		url, _, ok := strings.Cut(line, " #")
		if !ok || strings.ContainsAny(line, "\"'\\") {
			return ""
		}
		return strings.TrimRight(url, " \t")
	})
}
