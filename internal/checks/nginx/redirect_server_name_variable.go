package nginx

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/plan"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.redirect.server-name-variable",
	Title:    "a redirect keeps the name that the visitor typed",
	Severity: check.Low,
	Stage:    model.StageServer,
	Guide:    "001 step 5: return 301 https://$server_name$request_uri",
	Why:      "$server_name is the block's first name, whatever the visitor typed.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Renamings, serverName),
})

func serverName(h *check.Hearing, x *model.Renaming) check.Verdict {
	h.Saw(model.SourceOf(x.By))
	r := check.Remedy{
		Do:       "Redirect to $host: the name that was asked for, and only names of this block come here.",
		Commands: []string{"# " + where(x.By.File, x.By.Line), "return 301 https://$host$request_uri;", test},
		Minutes:  2,
		Steps:    renamed(x, "$host"),
	}
	if x.Dead {
		r.Verify = "curl -sI http://localhost/ | grep -i location"
		r.Do = "Name the site in the redirect, or in the block's server_name."
		if len(x.Others) == 0 {
			r.Commands[1] = "return 301 https://" + x.Main + "$request_uri;"
			r.Steps = renamed(x, x.Main)
		}
		return check.Failed(fmt.Sprintf("visitors are sent to https://%s/, which is nobody's name: $server_name in %s", x.First, where(x.By.File, x.By.Line)), r)
	}
	if len(x.Others) == 0 {
		return check.Passed()
	}
	r.Verify = "curl -sI http://" + x.Others[0] + "/ | grep -i location"
	return check.Failed(fmt.Sprintf("http://%s leads to https://%s, though https://%s has the site too: $server_name is the block's first name", x.Others[0], x.First, x.Others[0]), r).
		Because("Visitors of " + strings.Join(x.Others, ", ") + " change to another name, lose what they were logged in with, and their own name never learns HSTS.")
}

// renamed sends visitors to another name in each redirect of the block.
func renamed(x *model.Renaming, to string) []plan.Step {
	if to == "" {
		return nil
	}
	var steps [][]plan.Step
	for _, d := range x.Alike {
		steps = append(steps, plan.NginxRewritten("let the redirect lead to the name that was asked for", d, "://$server_name", "://"+to))
	}
	return plan.All(steps...)
}
