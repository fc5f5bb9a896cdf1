package hdr

import (
	"strings"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "hdr.xss-protection",
	Title:    "the XSS filter of old browsers is left alone or off",
	Severity: check.Low,
	Stage:    model.StageServer,
	Guide:    "001 security: X-XSS-Protection",
	Why:      "The filter of old browsers can be made to cut out a page's own scripts, and tells other sites by that what the page holds. That is why no browser has it any more.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Showings, xssProtection),
})

func xssProtection(h *check.Hearing, x *model.Showing) check.Verdict {
	const header = "X-XSS-Protection"
	shown := answers(h, x)
	var on, filters []page
	for _, p := range shown {
		says := strings.ReplaceAll(strings.ToLower(p.reply.Get("x-xss-protection")), " ", "")
		switch {
		case says == "" || strings.HasPrefix(says, "0"):
		case strings.HasPrefix(says, "1;mode=block"):
			on = append(on, p)
		default:
			filters = append(filters, p)
		}
	}
	bad := append(filters, on...)
	switch {
	case len(shown) == 0:
		return nothing(x, "nothing answers")
	case len(bad) == 0:
		return check.Passed()
	}
	p := bad[0]
	p.saw(h, header)
	r := change(h, x, p, header, "0")
	r.Do = "Take the header away, or say 0. What it was for a Content-Security-Policy does."
	said := of(bad) + " " + come(bad) + " with X-XSS-Protection: " + p.reply.Get("x-xss-protection")
	if len(filters) > 0 {
		return check.Failed(said, r)
	}
	return check.Warned(said+", which is advice of ten years ago", r)
}
