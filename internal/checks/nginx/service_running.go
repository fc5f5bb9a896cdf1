package nginx

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.service.running",
	Title:    "nginx runs",
	Severity: check.Critical,
	Stage:    model.StageServer,
	Breaks:   true,
	Guide:    "000 debugging: check service status; 001 issues: 502",
	Why:      "Nothing is served: visitors get \"connection refused\".",
	Cure:     check.OnHost,
	Ask:      check.OfHost((*model.Model).Proxy, running),
})

func running(h *check.Hearing, n *model.Nginx) check.Verdict {
	_, runs := n.Master.Open(h)
	if runs {
		return check.Passed()
	}
	if _, ok := n.Config.Open(h); !ok || !n.Serves() {
		return check.DoesNotApply("no deployment is served through nginx")
	}
	state := "is not running"
	u, known := n.Unit.Look(h)
	if known == fact.IsKnown {
		state += ": nginx.service is " + u.Active
		if u.Active == "failed" {
			state += " (" + u.Result + ")"
		}
	}
	return check.Failed("nginx "+state, check.Remedy{
		Do:       "Start nginx, and let it come up with the machine.",
		Commands: []string{"sudo systemctl enable --now nginx", "# if it does not start:", "sudo journalctl -u nginx -n 50 --no-pager"},
		Verify:   "systemctl is-active nginx",
		Minutes:  2,
	})
}

// listText joins what was found for a summary: two in full, then a count.
func listText(items []string) string {
	if len(items) <= 2 {
		return strings.Join(items, " and ")
	}
	return fmt.Sprintf("%s and %d more", items[0], len(items)-1)
}
