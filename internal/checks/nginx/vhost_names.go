package nginx

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/plan"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.vhost.names",
	Title:    "every name of the certificate that leads here has a server block",
	Severity: check.High,
	Stage:    model.StageServer,
	Breaks:   true,
	Guide:    "000 step 7: server_name",
	Why:      "Visitors of the name get another site, its certificate, or nothing.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Unlisteds, unlisted),
})

func unlisted(h *check.Hearing, u *model.Unlisted) check.Verdict {
	block := u.Listed.Source()
	h.Saw(block, u.Answers)
	var steps [][]plan.Step
	for _, d := range u.Lines {
		steps = append(steps, plan.Nginx("let the site answer to every name of its certificate", d).Replace(strings.TrimSuffix(d.Written(), ";")+" "+strings.Join(u.Missing(), " ")+";"))
	}
	return check.Failed(fmt.Sprintf("%s leads to this host and stands in no server_name: %s:%d answers in its place", u.Name, u.Answers.Where, u.Answers.Line), check.Remedy{
		Do:       "Add the name to the block, or take it out of DNS.",
		Commands: []string{fmt.Sprintf("# %s:%d, on port 80 and 443", block.Where, block.Line), "server_name " + strings.Join(u.Listed.Names, " ") + " " + u.Name + ";", "sudo nginx -t && sudo systemctl reload nginx"},
		Verify:   "curl -sI https://" + u.Name + "/",
		Minutes:  5,
		Steps:    plan.All(steps...),
	})
}
