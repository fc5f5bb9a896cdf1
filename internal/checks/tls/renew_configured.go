package tls

import (
	"fmt"
	"slices"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/model"
	"assay/internal/plan"
)

var _ = Family.Add(check.Check{
	ID:       "tls.renew.configured",
	Title:    "something renews the certificate by the clock",
	Severity: check.High,
	Stage:    model.StageTLS,
	Guide:    "000 step 11: renewal",
	Why:      "On the day that the certificate ends, browsers refuse the site.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Renewals, renewConfigured),
})

func renewConfigured(h *check.Hearing, r *model.Renewal) check.Verdict {
	var asleep *model.Job
	for _, j := range r.Jobs {
		if j.Sleeps() == "" {
			return check.Proven()
		}
		if asleep == nil || j.Service != "" && asleep.Service == "" {
			asleep = j
		}
	}
	for _, why := range r.Unseen {
		h.Missed(why, false)
	}
	if len(r.Unseen) > 0 {
		return check.Passed() // unknown: one may be there
	}
	h.Saw(r.Used)
	cure := check.Remedy{
		Do:       "Let something renew it: certbot's own timer, twice a day.",
		Commands: []string{"sudo systemctl enable --now certbot.timer"},
		Verify:   "systemctl list-timers certbot.timer",
		Minutes:  2,
	}
	if asleep == nil {
		switch _, own := r.Conf.Look(h.Aside()); own {
		case fact.IsAbsent:
			return check.DoesNotApply("certbot does not renew this certificate")
		case fact.IsUnknown:
			_, _ = r.Conf.Look(h)
			return check.Passed() // unknown: another client may
		}
	}
	why := "no timer and no cron job runs an ACME client"
	t, state := r.Timer.Look(h)
	if state == fact.IsKnown {
		cure.Steps = timer(t)
	}
	switch {
	case state == fact.IsKnown && t["LoadState"] == "masked":
		why = "certbot.timer is masked"
		cure.Commands = append([]string{"sudo systemctl unmask certbot.timer"}, cure.Commands...)
	case state == fact.IsKnown && t["LoadState"] == "loaded" && t["ActiveState"] != "active":
		why = "certbot.timer is " + t["ActiveState"]
	case asleep != nil:
		h.Saw(asleep.Place)
		why = asleep.Sleeps()
	default:
		h.Saw(r.Looked)
	}
	return check.Failed(fmt.Sprintf("nothing renews the certificate %s: %s", r.Lineage, why), cure)
}

// timer turns on certbot's own, where it is there.
func timer(t facts.Props) []plan.Step {
	const name, say = "certbot.timer", "let certbot's timer renew the certificate"
	if t["LoadState"] != "loaded" || t["ActiveState"] == "active" {
		return nil // who masked it did so on purpose
	}
	return slices.Concat(plan.Systemctl(say, "enable", name), plan.Systemctl(say, "start", name))
}
