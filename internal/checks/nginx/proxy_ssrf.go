package nginx

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.proxy.ssrf",
	Title:    "what a visitor sends does not choose where nginx hands the request",
	Severity: check.Critical,
	Stage:    model.StageServer,
	Guide:    "000 step 6: the server block; beyond the guides: request forgery",
	Why:      "Anybody can let this host ask what only it can reach: the cloud's metadata with its keys, databases, admin pages on 127.0.0.1.",
	Cure:     check.OnHost,
	Ask:      check.Both(check.OfHost((*model.Model).StrayHandoffs, ssrf), check.Each((*model.Deployment).Handoffs, ssrf)),
})

func ssrf(h *check.Hearing, x *model.Handoff) check.Verdict {
	h.Saw(model.SourceOf(x.Pass))
	if x.Inner {
		return check.DoesNotApply("internal: only the app leads there")
	}
	if len(x.Choices) == 0 {
		if x.Doubt != "" {
			return check.CannotTell("where "+x.Pass.Arg(0)+" leads: "+x.Doubt, "see that it can only become addresses that you have listed")
		}
		return check.Passed()
	}
	c := x.Choices[0]
	for _, d := range c.By {
		h.Saw(model.SourceOf(d))
	}
	said := fmt.Sprintf("location %s of %s lets a visitor choose the %s that nginx asks, by %s", x.Path, x.Site().Subject(), c.What, c.From)
	r := check.Remedy{
		Do: "Name the upstream in the configuration. Where there are several, choose among them by a map that lists each, with a default.",
		Commands: []string{
			"# /etc/nginx/conf.d/upstreams.conf",
			"map " + c.From + " $chosen {",
			"    default 127.0.0.1:8000;",
			"    other   127.0.0.1:8001;",
			"}",
			"# " + where(x.Pass.File, x.Pass.Line) + ", in place of " + x.Pass.Name + " " + x.Pass.Arg(0),
			x.Pass.Name + " http://$chosen;",
			"sudo nginx -t && sudo systemctl reload nginx",
		},
		Verify:  "sudo nginx -T 2>/dev/null | grep -n '" + x.Pass.Name + ".*\\$'",
		Minutes: 15,
	}
	if c.From == "$host" || c.From == "$http_host" {
		r.Commands = []string{"# " + where(x.Pass.File, x.Pass.Line) + ", in place of " + x.Pass.Name + " " + x.Pass.Arg(0),
			x.Pass.Name + " http://127.0.0.1:8000;", "proxy_set_header Host $host;", "sudo nginx -t && sudo systemctl reload nginx"}
		r.Do = "Name the upstream in the configuration, and give the name that was asked for in a header."
	}
	if x.Kept {
		return check.Warned(said+", though not everybody may ask", r).Because("Those who may ask can let this host ask what only it can reach: the cloud's metadata with its keys, databases, admin pages on 127.0.0.1.")
	}
	return check.Failed(said, r)
}
