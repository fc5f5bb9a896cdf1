// Package audit is the river in one sentence: see, build, judge, explain, report.
package audit

import (
	"context"

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

// Run audits a host.
func Run(ctx context.Context, h host.Reader, only func(check.Check) bool) (report.Report, *tape.Tape) {
	t := collect.Tape(ctx, h)
	r, _ := Judge(t, only)
	return r, t
}

// Judge audits a recording: the same tape gives the same report. only chooses
// the checks; nil takes all.
func Judge(t *tape.Tape, only func(check.Check) bool) (report.Report, *model.Model) {
	m := model.Build(facts.Parse(t))
	hearings := check.Judge(m, chosen(only))
	return report.New(t, m, hearings, diagnose.Why(m, hearings)), m
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
