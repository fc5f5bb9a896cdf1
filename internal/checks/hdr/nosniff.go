package hdr

import (
	"strings"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "hdr.nosniff",
	Title:    "browsers take answers for what they say they are",
	Severity: check.Low,
	Stage:    model.StageServer,
	Guide:    "001 security: X-Content-Type-Options",
	Why:      "A browser that guesses may take a text, a picture or a JSON answer with a visitor's words in it for a script.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Showings, nosniff),
})

func nosniff(h *check.Hearing, x *model.Showing) check.Verdict {
	const header = "X-Content-Type-Options"
	shown := answers(h, x)
	var without []page
	for _, p := range shown {
		first, _, _ := strings.Cut(p.reply.Get("x-content-type-options"), ",")
		if p.reply.Status < 300 && !strings.EqualFold(strings.TrimSpace(first), "nosniff") {
			without = append(without, p)
		}
	}
	switch {
	case len(shown) == 0:
		return nothing(x, "nothing answers")
	case len(without) == 0:
		return check.Passed()
	}
	p := without[0]
	p.saw(h, header)
	r := add(x, p, header, "nosniff")
	r.Do = "Send it with every answer."
	return check.Failed(of(without)+" "+come(without)+" without "+header+": nosniff"+lost(h, p, header), r)
}
