package nginx

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.proxy.script-name-smuggling",
	Title:    "no visitor tells the app where it is mounted",
	Severity: check.High,
	Stage:    model.StageServer,
	Guide:    "beyond the guides",
	Why:      "nginx judges one path and the app answers for another: with SCRIPT_NAME: /x a visitor asks for /x/admin, past every location that guards /admin.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Smuggleds, smuggling),
})

func smuggling(h *check.Hearing, x *model.Smuggled) check.Verdict {
	with, _ := x.With.Open(h)
	plain, _ := x.Plain.Open(h)
	if with.Error != "" || with.Status == plain.Status || with.Status >= 400 {
		return check.Passed() // it was dropped on the way
	}
	h.Saw(model.SourceOf(x.By))
	return check.Failed(fmt.Sprintf("a visitor of %s moves the app's mount point by a header SCRIPT_NAME: %s %s lets it through, and gunicorn takes it", x.Site().Subject(), x.By.Name, x.By.Arg(0)), check.Remedy{
		Do:       "Let nginx drop headers with an underscore, as it does by itself. Where something needs one of them, let it drop these.",
		Commands: []string{"# " + where(x.By.File, x.By.Line) + ": take the line out; or, beside each proxy_pass", `proxy_set_header SCRIPT_NAME "";`, `proxy_set_header PATH_INFO "";`, `proxy_set_header REMOTE_USER "";`, test},
		Verify:   x.Curl + "   # 404",
		Minutes:  5,
	})
}
