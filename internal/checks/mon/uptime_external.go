package mon

import (
	"time"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "mon.uptime-external",
	Title:    "somebody asks for the site from outside, and calls when it does not answer",
	Severity: check.Medium,
	Stage:    model.StageDNS,
	Guide:    "000 step 19: monitor uptime; 001 uptime monitoring",
	Why:      "A host cannot report its own end: customers notice first.",
	Cure:     check.Elsewhere,
	Ask:      check.Each((*model.Deployment).Watches, uptime),
})

// A log that reaches back that far, and has so many lines, would show a check.
const (
	reaches = 6 * time.Hour
	lines   = 20
)

func uptime(h *check.Hearing, x *model.Watch) check.Verdict {
	p, there := x.Probes.Look(h.Aside())
	if p.By != "" {
		h.Saw(p.Line)
		return check.Proven()
	}
	said, state := x.Said.Uptime.Look(h)
	if state != fact.IsKnown {
		return check.CannotTell("no uptime check shows in the end of nginx's access log, and none is declared", "say in "+model.OperatorFile+" who asks: uptime = \"Pingdom, every minute, mail to ops\"")
	}
	by := model.Prober(said)
	if by == "" {
		return check.Proven()
	}
	if there != fact.IsKnown || p.Others < lines || x.Now.Sub(p.From) < reaches {
		return check.Passed()
	}
	x.Probes.Open(h)
	return check.Warned(by+" is declared to ask for the site, and nginx's access log of the last hours does not know it", check.Remedy{
		Do: "See whether the check is still there, paid for, and asks this site.", Commands: []string{"sudo grep -ci '" + by + "' /var/log/nginx/access.log"},
		Verify: "sudo assay check --only mon.uptime-external", Minutes: 10,
	})
}
