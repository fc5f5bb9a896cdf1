package cli

import (
	"context"
	"io"
	"slices"

	"assay/internal/audit"
	"assay/internal/check"
	"assay/internal/checks"
	"assay/internal/collect"
	"assay/internal/diagnose"
	"assay/internal/facts"
	"assay/internal/host"
	"assay/internal/model"
	"assay/internal/report"
	"assay/internal/tape"
)

// Wire joins the verbs to the river.
func Wire(version string) Works {
	return Works{
		Collect: func(ctx context.Context, tell func(tape.Ask, bool)) *tape.Tape {
			h := host.Watch(host.Local(host.Options{Version: version}), func(a tape.Ask, s host.State) {
				tell(a, s == host.Ended)
			})
			return collect.Tape(ctx, h)
		},
		Judge:    judge,
		Model:    func(t *tape.Tape) *model.Model { return model.Build(facts.Parse(t)) },
		Families: checks.All,
		Describe: func(w io.Writer, m *model.Model) error { return report.WriteJSON(w, m) },
		Data:     func(m *model.Model) any { return m },
	}
}

// judge is audit.Judge, for some apps alone where they are chosen.
func judge(t *tape.Tape, c Choice) (report.Report, *model.Model) {
	if c.App == nil {
		return audit.Judge(t, c.Check)
	}
	m := model.Build(facts.Parse(t))
	some := *m
	some.Deployments = slices.DeleteFunc(slices.Clone(m.Deployments), func(d *model.Deployment) bool { return !c.App(d.Name) })
	var chosen []check.Check
	for _, f := range checks.All() {
		for _, k := range f.Checks() {
			if c.Check == nil || c.Check(k) {
				chosen = append(chosen, k)
			}
		}
	}
	hearings := check.Judge(&some, chosen)
	return report.New(t, &some, hearings, diagnose.Why(&some, hearings)), m
}
