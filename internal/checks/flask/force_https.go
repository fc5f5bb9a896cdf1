package flask

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "flask.force-https",
	Title:    "an app that sends visitors to https sends them to its own site",
	Severity: check.High,
	Stage:    model.StageCode,
	Breaks:   true,
	Guide:    "001: FORCE_HTTPS",
	Why:      "Visitors are sent to an address that is not theirs: the site does not open.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Forcings, forceHTTPS),
})

func forceHTTPS(h *check.Hearing, x *model.Forcing) check.Verdict {
	for _, l := range x.Steps {
		_, _ = l.Reply.Open(h)
	}
	switch {
	case x.End == model.JourneyLoops || x.End == model.JourneyLong:
		return check.DoesNotApply("it leads in a circle, which nginx.redirect.loop says")
	case x.Host == "":
		return check.Passed()
	}
	h.Saw(x.At)
	r := check.Remedy{
		Do: "Hand the visitor's Host on. Leave the redirect to nginx, which knows how he came, and take the app's own out (FORCE_HTTPS = False, Talisman(force_https=False)).",
		Commands: []string{"# " + fmt.Sprintf("%s:%d", x.At.Where, x.At.Line) + ", beside proxy_pass", "proxy_set_header Host $host;", "proxy_set_header X-Forwarded-Proto $scheme;",
			"sudo nginx -t && sudo systemctl reload nginx"},
		Verify: "curl -sIL --max-redirs 10 -o /dev/null -w '%{http_code} %{url_effective}\\n' " + x.Start, Minutes: 15,
	}
	who := check.List(x.From) + " never open"
	if len(x.From) == 1 {
		who += "s"
	}
	if strings.HasPrefix(x.Leg.From, "http:") {
		return check.Failed(fmt.Sprintf("%s: the app sends visitors to %s, which is nginx's name for it", who, x.Leg.To), r)
	}
	said := fmt.Sprintf("%s: the app takes https for http, and sends visitors to %s, which is nginx's name for it", who, x.Leg.To)
	if !x.Told {
		r.Do += " It has to take the visitor's scheme from nginx as well, or it sends him in a circle."
		r.Commands = append(r.Commands, "from werkzeug.middleware.proxy_fix import ProxyFix", "app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)")
	}
	return check.Failed(said, r)
}
