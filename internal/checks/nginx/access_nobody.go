package nginx

import (
	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.access.nobody",
	Title:    "no rule of nginx refuses everybody",
	Severity: check.Critical,
	Stage:    model.StageServer,
	Breaks:   true,
	Guide:    "000 debugging: 403 Forbidden",
	Why:      "Every visitor gets 403 Forbidden.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Entrances, nobody),
})

func nobody(h *check.Hearing, e *model.Entrance) check.Verdict {
	if e.Barred.Where == "" {
		return check.Passed()
	}
	h.Saw(e.Barred)
	return check.Failed("nginx refuses every visitor of "+e.Subject()+": deny all, and nobody is allowed, in "+where(e.Barred.Where, e.Barred.Line), check.Remedy{
		Do:       "Take the rule out, or name before it who may come.",
		Commands: []string{"# " + where(e.Barred.Where, e.Barred.Line) + ": " + e.Barred.Text, "sudo nginx -t && sudo systemctl reload nginx"},
		Verify:   "curl -sI " + e.URL(),
		Minutes:  2,
	})
}
