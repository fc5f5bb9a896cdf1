// Package audit is the river in one sentence: see, build, judge, explain, report.
package audit

import (
	"context"
	"slices"

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

// Choice narrows an audit; the zero value takes everything.
type Choice struct {
	Check  func(check.Check) bool // nil: every check
	App    func(name string) bool // nil: every deployment
	Outage bool                   // what breaks requests first
}

// Run audits a host, and gives the tape on which the report rests.
func Run(ctx context.Context, h host.Reader, c Choice) (report.Report, *tape.Tape) {
	t := collect.Tape(ctx, h)
	r, _ := Judge(t, c)
	return r, t
}

// Judge audits a recording: the same tape gives the same report. The model that
// it returns holds every deployment, chosen or not.
func Judge(t *tape.Tape, c Choice) (report.Report, *model.Model) {
	whole := model.Build(facts.Parse(t))
	m := *whole
	if c.App != nil {
		m.Deployments = slices.DeleteFunc(slices.Clone(whole.Deployments), func(d *model.Deployment) bool { return !c.App(d.Name) })
	}
	hearings := check.Judge(&m, chosen(c.Check))
	return report.New(t, &m, hearings, diagnose.Why(&m, hearings), c.Outage, c.ids()), whole
}

// ids are today's of every check and of its former ones; nil where not all are asked.
func (c Choice) ids() map[string]string {
	if c.Check != nil || c.App != nil {
		return nil
	}
	out := map[string]string{}
	for _, k := range chosen(nil) {
		out[k.ID] = k.ID
		for _, old := range k.Formerly {
			out[old] = k.ID
		}
	}
	return out
}

func chosen(only func(check.Check) bool) []check.Check {
	var out []check.Check
	for _, f := range checks.All() {
		for _, c := range f.Checks() {
			if only == nil || only(c) {
				out = append(out, c)
			}
		}
	}
	return out
}
