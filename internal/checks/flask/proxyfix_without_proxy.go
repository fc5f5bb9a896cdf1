package flask

import (
	"fmt"
	"slices"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "flask.proxyfix.without-proxy",
	Title:    "an app without a proxy believes no proxy's headers",
	Severity: check.High,
	Stage:    model.StageCode,
	Guide:    "001: only enable ProxyFix if your application is actually behind a proxy",
	Why:      "Each visitor writes those headers himself: his address for logs, limits and bans, the name and scheme of the links that the app makes.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Bare, withoutProxy),
})

func withoutProxy(h *check.Hearing, x *model.BareServer) check.Verdict {
	own, _ := x.Cert.Open(h)
	if !own {
		return check.DoesNotApply("it does not end TLS itself; that it can be reached at all is told of")
	}
	app, ok := x.Code.Open(h)
	if !ok {
		return check.DoesNotApply("it is no Flask app")
	}
	trusts, _ := app.Believes().Open(h)
	if len(trusts) == 0 {
		return check.Passed()
	}
	all, _ := x.Listens.Open(h.Aside())
	for _, l := range all {
		reach, state := l.Reach.Look(h)
		if state != fact.IsKnown || !reach.Open || !reach.Public {
			continue
		}
		var names []string
		for _, t := range trusts {
			if !slices.Contains(names, t.Header) {
				names = append(names, t.Header)
			}
		}
		for _, m := range app.Chain {
			if len(m.Trusts) > 0 {
				h.Saw(app.At(nil, "its middleware: "+counts(m)))
			}
		}
		return check.Failed(fmt.Sprintf("visitors come to the app itself, at %s, and it believes %s of them", l.Addr, check.List(names)), check.Remedy{
			Do:       "Take ProxyFix out, or let a setting turn it on where a proxy is in front. Or put one in front, and let gunicorn listen where only that one comes.",
			Commands: append([]string{"grep -rn --include='*.py' ProxyFix " + x.Root(app)}, restart(x.AppServer)...),
			Verify:   "sudo assay check --only flask.proxyfix", Minutes: 15,
		})
	}
	return check.Passed()
}
