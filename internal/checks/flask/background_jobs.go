package flask

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "flask.background-jobs",
	Title:    "no worker runs jobs beside its requests",
	Severity: check.Medium,
	Stage:    model.StageCode,
	Guide:    "001 gunicorn: workers",
	Why:      "Each worker does the work by itself: mails and bills go out as many times as there are workers, and again with each restart.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Apps, backgroundJobs),
})

func backgroundJobs(h *check.Hearing, s *model.AppServer) check.Verdict {
	a, ok := s.Code.Open(h)
	if !ok {
		return check.DoesNotApply("it is no Flask app")
	}
	switch {
	case a.Jobs == nil && len(a.Threads) > 0:
		return check.CannotTell("tell whose the threads are that the import leaves running", "make a new recording with this version of assay")
	case len(a.Jobs) == 0:
		return check.Passed()
	}
	pre, _ := s.Preload.Open(h)
	workers, _ := s.Workers.Open(h)
	if len(workers) < 2 && !pre {
		return check.Passed()
	}
	for _, lock := range append(a.Opened, wrote(a)...) {
		if strings.Contains(strings.ToLower(lock), "lock") {
			return check.CannotTell("the import takes a lock ("+lock+"), which may let one worker alone begin", "")
		}
	}
	j := a.Jobs[0]
	for _, o := range a.Jobs {
		if o.Name == "APScheduler" {
			j = o
		}
	}
	where := ""
	if j.File != "" {
		where = fmt.Sprintf(" (%s:%d)", j.File, j.Line)
		h.Saw(fact.Source{Where: j.File, Line: j.Line, Text: "thread " + j.Name, Ask: a.Source.Ask})
	} else {
		src := a.Source
		src.Text = "threads after the import: " + strings.Join(a.Threads, ", ")
		h.Saw(src)
	}
	r := check.Remedy{
		Do:      "Let a unit of its own do the jobs (a timer, flask command, or a queue's worker), so that there is one of them whatever the number of workers.",
		Minutes: 60, Verify: "sudo assay check --only flask.background-jobs",
	}
	what := "thread " + j.Name + where
	if j.Name == "APScheduler" {
		what = "APScheduler"
	}
	if pre {
		return check.Warned("the import starts "+what+" before the workers are forked: it runs in none of them", r).
			Because("Threads do not survive a fork: what it does is done by the arbiter, with connections that the workers have too, or not at all.")
	}
	say := check.Warned
	if j.Name == "APScheduler" {
		say = check.Failed
	}
	return say(fmt.Sprintf("the import starts %s, once in each of %d workers", what, len(workers)), r)
}

func wrote(a *model.App) []string {
	var out []string
	for _, w := range a.Wrote {
		out = append(out, w.Path)
	}
	return out
}
