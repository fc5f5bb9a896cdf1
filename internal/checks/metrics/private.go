package metrics

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "metrics.private",
	Title:    "the app's numbers are not for strangers",
	Severity: check.Medium,
	Stage:    model.StageServer,
	Guide:    "001 monitoring: metrics available at /metrics",
	Why:      "Everybody reads which pages there are, how often each is used and how often it fails, and which versions run.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).MetricsPages, private),
})

func private(h *check.Hearing, x *model.Metrics) check.Verdict {
	_, ok := x.Code.Open(h)
	switch {
	case !ok:
		return check.DoesNotApply("it is no Flask app")
	case x.Spot == nil || x.Spot.Front == nil:
		return check.Passed()
	case x.Spot.Kept.Where != "":
		h.Saw(x.Spot.Kept)
		return check.Passed()
	}
	r, _ := x.Public.Open(h)
	if dark, _ := x.Dark.Look(&fact.Notes{}); dark && !r.Exposes() {
		return check.DoesNotApply("the site does not answer: its numbers show to nobody now")
	}
	if !r.Exposes() {
		return check.Passed()
	}
	h.Saw(x.Spot.At)
	if x.Spot.Depends.Where != "" {
		h.Saw(x.Spot.Depends)
		return check.CannotTell(x.Spot.URL()+" gives its numbers to this host; what nginx answers others is decided by "+x.Spot.Depends.Text,
			"ask for it from another machine: curl -sI "+x.Spot.URL())
	}
	if x.Spot.ByAddress() {
		return check.CannotTell(x.Spot.URL()+" gives its numbers to this host; the app decides by the visitor's address",
			"ask for it from another machine: curl -sI "+x.Spot.URL())
	}
	return check.Failed(fmt.Sprintf("%s shows everybody the app's numbers", x.Spot.URL()), check.Remedy{
		Do: "Let nginx hand the page to the collector alone. A collector on this host asks the app itself, or by 127.0.0.1.",
		Commands: []string{"# in the server block of " + x.Spot.Front.Site.Subject(), "location = " + x.Spot.Path + " {", "    allow 127.0.0.1;", "    allow ::1;", "    deny all;",
			"    # and what location / says: proxy_pass, proxy_set_header", "}", "sudo nginx -t && sudo systemctl reload nginx"},
		Verify: "curl -so /dev/null -w '%{http_code}\\n' " + x.Spot.URL() + "   # from another machine: 403", Minutes: 10,
	})
}
