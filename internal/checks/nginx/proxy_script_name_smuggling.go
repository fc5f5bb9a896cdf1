package nginx

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/plan"
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
		Do:       "Let nginx drop these. Where nothing needs a header with an underscore, let it drop all of them, as it does by itself.",
		Commands: []string{"# beside each proxy_pass, or take the line out: " + where(x.By.File, x.By.Line), `proxy_set_header SCRIPT_NAME "";`, `proxy_set_header PATH_INFO "";`, `proxy_set_header REMOTE_USER "";`, test},
		Verify:   x.Curl + "   # 404",
		Minutes:  5,
		Steps:    dropped(x.Site(), "SCRIPT_NAME", "PATH_INFO", "REMOTE_USER"),
	})
}

// dropped lets nginx hand headers on to nothing behind the site: whoever needs
// another one with an underscore keeps it.
func dropped(s *model.Site, headers ...string) []plan.Step {
	var steps [][]plan.Step
	for _, r := range s.Routes {
		if r.Pass.Name != "proxy_pass" {
			return nil
		}
		for _, name := range headers {
			steps = append(steps, plan.NginxListed("let nginx drop what a visitor says of the app's mount point", r.Pass.Parent, "proxy_set_header", name, "proxy_set_header "+name+` "";`))
		}
	}
	return plan.All(steps...)
}
