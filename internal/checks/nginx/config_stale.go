package nginx

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.config.stale",
	Title:    "nginx runs what its files say",
	Severity: check.High,
	Stage:    model.StageServer,
	Guide:    "000 step 8: reload nginx",
	Why:      "Visitors meet the configuration of before; what the files say comes into force at some later reload or reboot, when nobody thinks of it.",
	Cure:     check.OnHost,
	Ask:      check.OfHost((*model.Model).NginxAges, configStale),
})

func configStale(h *check.Hearing, x *model.NginxAge) check.Verdict {
	if _, runs := x.Master.Open(h); !runs {
		return check.DoesNotApply("nginx does not run")
	}
	cfg, ok := x.Config.Open(h)
	if !ok {
		return check.DoesNotApply("nginx has no configuration")
	}
	t, _ := x.Test.Open(h)
	if !t.OK {
		return check.DoesNotApply("nginx refuses what its files say, which is told of")
	}
	for _, why := range cfg.Unseen {
		h.Missed(why, true)
	}
	r := check.Remedy{
		Do:       "Look at what changed, then let nginx load it. If it still does not, its error log says why.",
		Commands: []string{test, "sudo tail -n 5 /var/log/nginx/error.log"},
		Verify:   "sudo assay check --only nginx.config",
		Minutes:  2,
	}
	deaf, _ := x.Deaf.Look(h)
	left, _ := x.Left.Look(h)
	newer, state := x.Newer.Look(h)
	switch {
	case len(deaf) > 0:
		l := deaf[0]
		h.Saw(model.SourceOf(l.Directive))
		return check.Failed(fmt.Sprintf("nginx does not listen on %s, as %s tells it to: it has not loaded that", model.ListenText(l), where(l.Directive.File, l.Directive.Line)), r)
	case len(left) > 0:
		return check.Failed(fmt.Sprintf("nginx listens on %s, which no file tells it to any more: it has not loaded them", left[0].Addr), r)
	case state == fact.IsKnown && len(newer) > 0:
		if len(newer) > 3 {
			newer = append(newer[:3], fmt.Sprintf("%d more", len(newer)-3))
		}
		r.Commands = append([]string{"ls -lL --time-sort " + newer[0]}, r.Commands...)
		return check.Warned("nginx has not loaded "+check.List(newer)+" as it is now: that was written after its workers began", r)
	}
	return check.Passed()
}
