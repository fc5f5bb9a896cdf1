package nginx

import (
	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.proxy.xff",
	Title:    "nginx tells the app who visits",
	Severity: check.High,
	Stage:    model.StageServer,
	Guide:    "000 step 7: proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for",
	Why:      "Behind nginx every visitor has one address, nginx's own; and an X-Forwarded-For that a visitor makes up comes through as it is.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Forwardeds, forwardedFor),
})

func forwardedFor(h *check.Hearing, x *model.Forwarded) check.Verdict {
	app, ok := x.Server.Code.Open(h)
	if !ok {
		return check.DoesNotApply("it is no Flask app")
	}
	trusts, _ := app.Believes().Open(h)
	if believes(trusts, "remote") {
		return check.DoesNotApply("the app believes a header for the address: what nginx makes of that is told of there")
	}
	for _, why := range x.Unseen {
		h.Missed(why, true)
	}
	var silent ways
	any := false
	for _, w := range x.Ways {
		if w.Kept || !w.HTTP() || w.Front != nil {
			continue
		}
		any = true
		if w.ToldVisitor() || w.Displaced("X-Forwarded-For") != nil {
			continue
		}
		if v := w.Gets("X-Forwarded-For"); v.Doubt != "" {
			return check.CannotTell("whether nginx tells the app who visits, in "+w.At()+": "+v.Doubt, "")
		}
		silent = append(silent, w)
	}
	switch {
	case !any:
		return check.DoesNotApply("no visitor's connection ends at nginx on the way to the app")
	case len(silent) == 0:
		return check.Passed()
	}
	h.Saw(model.SourceOf(silent[0].Last().Pass))
	r := setHeader(silent, "X-Forwarded-For", "$proxy_add_x_forwarded_for")
	return check.Failed("nginx does not tell the app who visits: no X-Forwarded-For in "+silent.String(), r).At(check.Medium)
}
