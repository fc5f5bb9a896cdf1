package nginx

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/plan"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.limit.pages",
	Title:    "a rate limit on the whole site lets a visitor look around",
	Severity: check.High,
	Stage:    model.StageServer,
	Breaks:   true,
	Guide:    "beyond the guides: limit_req",
	Why:      "Whoever clicks twice gets 503.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Entrances, limitPages),
})

// onePage is what a visitor asks for within a few seconds: a page, then another.
const onePage = 5

func limitPages(h *check.Hearing, e *model.Entrance) check.Verdict {
	if e.Limit.Where == "" {
		return check.DoesNotApply("no limit_req is in force for the site's first page")
	}
	h.Saw(e.Limit, e.Zone)
	if e.PerHour >= 3600 || e.Burst >= onePage {
		return check.Passed()
	}
	return check.Failed(fmt.Sprintf("nginx lets a visitor of %s ask %g times in a minute, and refuses all above: %s", e.Subject(), e.PerHour/60, e.Limit.Text), check.Remedy{
		Do: "Keep a strict limit for the login alone. For the site as a whole leave room for a person who clicks.",
		Commands: []string{"# " + where(e.Zone.Where, e.Zone.Line) + ": rate=10r/s", "# " + where(e.Limit.Where, e.Limit.Line) + ": add burst=40 nodelay",
			"sudo nginx -t && sudo systemctl reload nginx"},
		Steps:   roomForPages(e),
		Verify:  "for i in 1 2 3 4 5; do curl -so /dev/null -w '%{http_code}\\n' " + e.URL() + "; done",
		Minutes: 5,
	})
}

// roomForPages gives the limit room for a person who clicks. Where other places
// go by the same zone, perhaps the login, its rate is for a person to choose.
func roomForPages(e *model.Entrance) []plan.Step {
	limit, zone := e.Statement(e.Limit), e.Statement(e.Zone)
	if limit == nil || zone == nil || e.Shared {
		return nil
	}
	const say = "let a visitor click from page to page"
	return plan.All(plan.NginxRewritten(say, zone, "rate="+rate(zone.Args), "rate=10r/s"),
		plan.Nginx(say, limit).Replace("limit_req "+limit.Arg(0)+" burst=40 nodelay;"))
}

func rate(args []string) string {
	for _, a := range args {
		if v, ok := strings.CutPrefix(a, "rate="); ok {
			return v
		}
	}
	return ""
}
