package nginx

import (
	"fmt"
	"slices"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.proxy.host",
	Title:    "the app gets the Host that the visitor asked for",
	Severity: check.High,
	Stage:    model.StageServer,
	Breaks:   true,
	Guide:    "000 step 7: proxy_set_header Host",
	Why:      "Redirects and links with a full address lead visitors to a name that is not theirs.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).HandedOn, proxyHost),
})

func proxyHost(h *check.Hearing, x *model.Handed) check.Verdict {
	if x.Host == "" {
		return check.Passed()
	}
	if x.Twin() {
		return check.DoesNotApply("the site's own location is the same")
	}
	lost := false // the app answers to one Host alone, and gets another
	a, state := x.Code.Look(h)
	switch state {
	case fact.IsAbsent:
		return check.DoesNotApply("the app is no Flask app")
	case fact.IsUnknown:
		return check.Passed() // unknown: it may take the name from elsewhere
	}
	if a != nil {
		c, _ := a.Setting("SERVER_NAME")
		lost = a.MatchesHost() && slices.Contains(x.Site().Names, model.Text(c)) && model.Text(c) != x.Host
		if a.Named() && !lost {
			return check.DoesNotApply("the app takes its own name from SERVER_NAME")
		}
		trusts, _ := a.Believes().Open(h)
		for _, t := range trusts {
			if t.Into == "host" {
				return check.DoesNotApply("the app takes the name from " + t.Header)
			}
		}
	}
	h.Saw(x.HostAt)
	because := fmt.Sprintf("Redirects and links that the app makes with a full address lead visitors to %s.", x.Host)
	if lost {
		because = "The app has SERVER_NAME, and no page for another Host: visitors get 404."
	}
	return check.Failed(fmt.Sprintf("nginx asks the app behind %s for the host %s, not for the visitor's: no proxy_set_header Host is in force", x.Where(), x.Host), check.Remedy{
		Do:       "Hand the visitor's Host on. A location with a proxy_set_header of its own inherits none: it needs all of them.",
		Commands: []string{"# beside " + where(x.Pass.File, x.Pass.Line) + ": " + x.Pass.Name + " " + x.Pass.Arg(0), "proxy_set_header Host $host;", "sudo nginx -t && sudo systemctl reload nginx"},
		Verify:   "curl -sI " + x.Site().URL() + " | grep -i location",
		Minutes:  5,
		Steps:    plan.NginxListed("let nginx hand the visitor's Host on", x.Pass.Parent, "proxy_set_header", "Host", "proxy_set_header Host $host;"),
	}).Because(because)
}
