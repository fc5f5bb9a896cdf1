package apply

import (
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/plan"
	"assay/internal/report"
)

// Compared says what a change made worse, and what of cures (keys of findings)
// is there still.
//
// Worse is a finding that was not there, of a check that was answered before. A
// finding that only shows since something in front of it was mended is no harm
// that we did: of a check that could not be answered then, or of a deployment
// whose requests failed then.
func Compared(before, after report.Report, cures []string) (worse, uncured []report.Finding) {
	c := report.Compare(before, after)
	down := func(deployment string) bool {
		return slices.ContainsFunc(before.Findings, func(f report.Finding) bool { return f.Breaks && (f.Deployment == deployment || deployment == "") })
	}
	for _, f := range c.New {
		passed := slices.ContainsFunc(before.Passed, func(p report.Passed) bool { return p.ID == f.ID })
		unseen := slices.ContainsFunc(before.Unknown, func(u report.Unknown) bool { return u.ID == f.ID })
		if !unseen && (passed && !parting(f) || !down(f.Deployment)) && !replaced(f, before, cures) {
			worse = append(worse, f)
		}
	}
	worse = append(worse, c.Worse...)
	for _, f := range after.Findings {
		if slices.Contains(cures, f.Key) {
			uncured = append(uncured, f)
		}
	}
	for _, f := range c.Unseen {
		if slices.Contains(cures, f.Key) && !asBlind(f, before, after) {
			uncured = append(uncured, f)
		}
	}
	return worse, uncured
}

// harms are those of worse that count against a plan.
func harms(p plan.Plan, worse []report.Finding) []report.Finding {
	bar, _ := check.ParseSeverity(p.Bar)
	return slices.DeleteFunc(worse, func(f report.Finding) bool {
		s, _ := check.ParseSeverity(f.Severity)
		return !f.Breaks && s < bar || slices.Contains(p.Expects, f.ID)
	})
}

// renamed is a report with the names that a plan gives: what is wrong with one
// release is no news of the next.
func renamed(r report.Report, names map[string]string) report.Report {
	if len(names) == 0 {
		return r
	}
	var pairs []string
	for old, now := range names {
		pairs = append(pairs, old, now)
	}
	to := strings.NewReplacer(pairs...)
	r.Findings, r.Unknown = slices.Clone(r.Findings), slices.Clone(r.Unknown)
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Key, f.Deployment, f.Subject = to.Replace(f.Key), to.Replace(f.Deployment), to.Replace(f.Subject)
	}
	for i := range r.Unknown {
		u := &r.Unknown[i]
		u.Deployment, u.Subject = to.Replace(u.Deployment), to.Replace(u.Subject)
	}
	return r
}

// parting says that a finding is what the log tells and no request fails by: of a
// service that hung, it is how it was stopped.
func parting(f report.Finding) bool {
	return !f.Breaks && slices.ContainsFunc(f.Evidence, func(e report.Evidence) bool { return strings.HasPrefix(e.Where, "journalctl ") })
}

// asBlind says that all which hides a finding now was unseen before as well, and
// the finding was made all the same: then it is gone.
func asBlind(f report.Finding, before, after report.Report) bool {
	return !slices.ContainsFunc(after.Unknown, func(u report.Unknown) bool {
		return u.ID == f.ID && (u.Deployment == f.Deployment || u.Deployment == "") &&
			(u.Key() == f.Key || !slices.ContainsFunc(before.Unknown, func(o report.Unknown) bool { return o.Key() == u.Key() }))
	})
}

// replaced says that a new finding is one that was there, of another subject: one
// that the same check still finds after a part of it was mended.
func replaced(f report.Finding, before report.Report, cures []string) bool {
	return slices.ContainsFunc(before.Findings, func(o report.Finding) bool {
		return o.ID == f.ID && o.Deployment == f.Deployment && slices.Contains(cures, o.Key) && !harder(f, o)
	})
}

func harder(a, b report.Finding) bool {
	now, _ := check.ParseSeverity(a.Severity)
	was, _ := check.ParseSeverity(b.Severity)
	return now > was || a.Breaks && !b.Breaks
}

// compared judges a change whose report before is gone with the process: by the
// keys that the journal kept.
func compared(e *Entry, after report.Report) (worse, uncured []report.Finding) {
	for _, f := range after.Findings {
		switch {
		case slices.Contains(e.Plan.Cures, f.Key):
			uncured = append(uncured, f)
		case f.Breaks && !slices.Contains(e.Before, f.Key):
			worse = append(worse, f)
		}
	}
	return worse, uncured
}
