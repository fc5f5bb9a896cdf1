package nginx

import (
	"slices"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.proxy.proto-behind-lb",
	Title:    "behind a balancer that ends TLS, the app is told https",
	Severity: check.High,
	Stage:    model.StageServer,
	Guide:    "000 step 7: proxy_set_header X-Forwarded-Proto $scheme",
	Why:      "The app takes every visit for plain http: addresses that it makes begin with http://, and what sends http to https sends everybody in a circle.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Forwardeds, protoBehindLB),
})

func protoBehindLB(h *check.Hearing, x *model.Forwarded) check.Verdict {
	app, ok := x.Server.Code.Open(h)
	if !ok {
		return check.DoesNotApply("it is no Flask app")
	}
	for _, why := range x.Unseen {
		h.Missed(why, true)
	}
	i := slices.IndexFunc(x.Ways, func(w *model.Approach) bool {
		text, _ := w.Text("X-Forwarded-Proto")
		return !w.Kept && !w.TLS() && w.HTTP() && (text == "$scheme" || text == "http")
	})
	if i < 0 {
		return check.DoesNotApply("nginx ends TLS itself, or hands on what it is told")
	}
	w := x.Ways[i]
	elsewhere, _ := x.Elsewhere.Look(h)
	cookie, set := app.Setting("SESSION_COOKIE_SECURE")
	believed := w.Front != nil && set && model.Is(cookie)
	if !elsewhere && !believed {
		return check.DoesNotApply("nothing says that visitors come by https")
	}
	text, d := w.Text("X-Forwarded-Proto")
	h.Saw(model.SourceOf(d))
	proof := "another machine answers https for its names"
	if !elsewhere {
		h.Saw(*w.Front, app.From(cookie))
		proof = "a proxy stands in front, and the app's cookies are for https alone"
	}
	return check.Failed("nginx tells the app http, and visitors come by https: X-Forwarded-Proto is "+text+" in "+where(d.File, d.Line)+"; "+proof, check.Remedy{
		Do: "Hand on the balancer's word, and nobody else's: let nginx be reached from the balancer alone (firewall, or allow/deny), or believe the header from its address only.",
		Commands: []string{"# in http { ... }", "map $http_x_forwarded_proto $visitor_scheme {", "    https   https;", "    default $scheme;", "}",
			"# " + where(d.File, d.Line), "proxy_set_header X-Forwarded-Proto $visitor_scheme;", test},
		Verify:  "curl -sI https://" + w.Hops[0].Site().Subject() + "/ | grep -i location",
		Minutes: 10,
	})
}
