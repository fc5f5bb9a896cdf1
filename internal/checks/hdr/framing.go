package hdr

import (
	"strings"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "hdr.framing",
	Title:    "no other site can put the pages into a frame",
	Severity: check.Medium,
	Stage:    model.StageServer,
	Guide:    "001 security: X-Frame-Options",
	Why:      "Another site lays the page, unseen, over its own, and what a visitor clicks there he clicks here, logged in: buy, delete, allow.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Showings, framing),
})

func framing(h *check.Hearing, x *model.Showing) check.Verdict {
	const header = "X-Frame-Options"
	shown := html(answers(h, x))
	var open, ignored []page
	for _, p := range shown {
		switch says := strings.ToUpper(strings.TrimSpace(p.reply.Get("x-frame-options"))); {
		case frames(p), says == "DENY", says == "SAMEORIGIN":
		case strings.HasPrefix(says, "ALLOW-FROM"):
			ignored = append(ignored, p)
		default:
			open = append(open, p)
		}
	}
	bad := append(open, ignored...)
	switch {
	case len(shown) == 0:
		return nothing(x, "no page answers that a browser would show")
	case len(bad) == 0:
		return check.Passed()
	case !clickable(h, x, shown):
		return check.DoesNotApply("the app has no form, and no route that changes anything")
	}
	p := bad[0]
	p.saw(h, header)
	if len(open) == 0 {
		r := change(h, x, p, "Content-Security-Policy", "frame-ancestors 'self' https://partner.example")
		r.Do = "Name who may, with frame-ancestors in Content-Security-Policy: no browser knows ALLOW-FROM any more."
		return check.Warned(of(bad)+" "+come(bad)+" with X-Frame-Options: ALLOW-FROM, which browsers ignore: every site may frame them", r)
	}
	r := add(x, p, header, "SAMEORIGIN")
	r.Do = "Allow your own site alone, or nobody (DENY); who may is named with frame-ancestors in Content-Security-Policy."
	return check.Failed(of(open)+" may stand in a frame of any other site: no X-Frame-Options, no frame-ancestors"+lost(h, p, header), r)
}

// frames says that some policy of the page has a word on frames. In a <meta> it
// does not count (CSP 3, 6.4.2).
func frames(p page) bool {
	for _, c := range policies(p.reply.All("content-security-policy")) {
		if who, ok := c["frame-ancestors"]; ok && !everybody(who) {
			return true
		}
	}
	return false
}

func everybody(sources []string) bool {
	for _, s := range sources {
		if s == "*" || s == "https:" || s == "http:" {
			return true
		}
	}
	return false
}

// clickable says that a click can change something: there is a form on a page,
// or a route of the app for one.
func clickable(h *check.Hearing, x *model.Showing, shown []page) bool {
	for _, p := range shown {
		if body := strings.ToLower(p.reply.Body); strings.Contains(body, "<form") && strings.Contains(body, "post") {
			return true
		}
	}
	if x.Server == nil {
		return false
	}
	app, state := x.Server.Code.Open(h)
	if !state {
		return false
	}
	rule, ok := app.Changes()
	if ok {
		src := app.Source
		src.Text = "a route for " + strings.Join(rule.Methods, ", ") + ": " + rule.Rule
		h.Saw(src)
	}
	return ok
}
