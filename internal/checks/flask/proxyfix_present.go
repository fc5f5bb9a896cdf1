package flask

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "flask.proxyfix.present",
	Title:    "behind a proxy, the app knows the visitor's address",
	Severity: check.Medium,
	Stage:    model.StageCode,
	Guide:    "001: ProxyFix",
	Why:      "Each visitor has the proxy's address in the app: its logs, limits and bans take all of them for one.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Forwardeds, proxyPresent),
})

func proxyPresent(h *check.Hearing, x *model.Forwarded) check.Verdict {
	app, ok := x.Server.Code.Open(h)
	if !ok {
		return check.DoesNotApply("it is no Flask app")
	}
	trusts, _ := app.Believes().Open(h)
	if slices.ContainsFunc(trusts, func(t tape.Trust) bool { return t.Into == "remote" }) {
		return check.Passed()
	}
	chain := app.Source
	var names []string
	for _, m := range app.Chain {
		names = append(names, m.Class)
	}
	chain.Text = "around the app: " + strings.Join(names, ", ")
	h.Saw(chain)
	r := check.Remedy{
		Do:       "Wrap the app in ProxyFix, with the number of proxies in front of it that add the visitor's address.",
		Commands: append([]string{"from werkzeug.middleware.proxy_fix import ProxyFix", "app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)"}, restart(x.Server)...),
		Minutes:  10, Verify: "sudo assay check --only flask.proxyfix",
	}
	said := "no ProxyFix: the app takes each visitor's address for the proxy's"
	for _, e := range app.Extensions {
		if e.Name == "limiter" {
			return check.Failed(fmt.Sprintf("%s, and its rate limits (%s) count by it", said, e.Class), r)
		}
	}
	return check.Warned(said, r)
}
