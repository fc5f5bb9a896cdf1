package gunicorn

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
)

var _ = Family.Add(check.Check{
	ID:       "gunicorn.max-requests",
	Title:    "workers are replaced rarely, and not all at once",
	Severity: check.Low,
	Stage:    model.StageApp,
	Guide:    "001 gunicorn: max_requests with jitter",
	Why:      "Workers that started together reach the limit together: for the time of an import fewer of them, or none, answer.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Gunicorns, maxRequests),
})

// seldom is a number of requests over which the import of an app does not count.
const seldom = 200

func maxRequests(h *check.Hearing, s *model.AppServer) check.Verdict {
	most, ok := s.Number("max_requests").Open(h.Aside())
	if !ok || most == 0 {
		_, _ = s.Number("max_requests").Look(h)
		return check.Passed()
	}
	if most < seldom {
		_, _ = s.Number("max_requests").Look(h)
		text := fmt.Sprintf("gunicorn replaces a worker after every %d requests (max_requests)", most)
		if most == 1 {
			text = "gunicorn replaces a worker after each request (max_requests is 1)"
		}
		return check.Failed(text, withSteps(settingRemedy(s, "max_requests", "Set max_requests to 1000 or more with a max_requests_jitter of a tenth of it, or take it away."),
			plan.Gunicorn("let a worker serve some 1000 requests", s, "max_requests", "1000", "max_requests_jitter", "100"))).At(check.Medium).
			Because("Each new worker imports the app again: processor time goes into that, and requests wait for it.")
	}
	jitter, ok := s.Number("max_requests_jitter").Open(h)
	workers, known := s.Want.Look(h.Aside())
	if !ok || jitter > 0 || known == fact.IsKnown && workers < 2 {
		return check.Passed()
	}
	_, _ = s.Number("max_requests").Look(h)
	return check.Failed(fmt.Sprintf("gunicorn's workers all reach max_requests (%d) at about the same time: max_requests_jitter is 0", most),
		withSteps(settingRemedy(s, "max_requests", fmt.Sprintf("Set max_requests_jitter to about %d.", max(most/10, 1))),
			plan.Gunicorn("let gunicorn replace its workers one after the other", s, "max_requests_jitter", fmt.Sprint(max(most/10, 1)))))
}
