package nginx

import (
	"encoding/json"
	"fmt"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.body.size-chain",
	Title:    "nginx lets through what the app takes",
	Severity: check.Medium,
	Stage:    model.StageServer,
	Breaks:   true,
	Guide:    "000 step 7: client_max_body_size",
	Why:      "Uploads that the app would take end at nginx with 413.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).HandedOn, bodySize),
})

func bodySize(h *check.Hearing, x *model.Handed) check.Verdict {
	if x.Path != "/" {
		return check.DoesNotApply("not the site's own location")
	}
	a, _ := x.Code.Open(h)
	c, ok := a.Setting("MAX_CONTENT_LENGTH")
	var limit float64
	if !ok || json.Unmarshal(c.Value, &limit) != nil || limit <= 0 {
		return check.DoesNotApply("the app has no MAX_CONTENT_LENGTH")
	}
	if x.MaxBody < 0 || x.MaxBody == 0 || float64(x.MaxBody) >= limit {
		return check.Passed()
	}
	if x.BodyAt.Where != "" {
		h.Saw(x.BodyAt)
	}
	h.Saw(a.From(c))
	is := "client_max_body_size is " + bytes(float64(x.MaxBody))
	if x.BodyAt.Where == "" {
		is = "without client_max_body_size its limit is 1m"
	}
	return check.Failed(fmt.Sprintf("nginx refuses uploads to %s of more than %s, and the app takes %s: %s", x.Where(), bytes(float64(x.MaxBody)), bytes(limit), is), check.Remedy{
		Do:       "Give both the same limit: in the server block, so that every location has it.",
		Commands: []string{fmt.Sprintf("# the server block at %s", where(x.Site().Server.File, x.Site().Server.Line)), "client_max_body_size " + bytes(limit) + ";", "sudo nginx -t && sudo systemctl reload nginx"},
		Verify:   "sudo nginx -T | grep client_max_body_size",
		Minutes:  5,
	})
}

// bytes says a size as nginx writes it.
func bytes(n float64) string {
	switch i := int64(n); {
	case i%(1<<20) == 0:
		return fmt.Sprintf("%dm", i>>20)
	case i%(1<<10) == 0:
		return fmt.Sprintf("%dk", i>>10)
	default:
		return fmt.Sprint(i)
	}
}
