package nginx

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/plan"
	syntax "assay/internal/syntax/nginx"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.proxy.prefix",
	Title:    "the app gets the paths that it has",
	Severity: check.High,
	Stage:    model.StageServer,
	Breaks:   true,
	Guide:    "000 step 7: proxy_pass, with a slash at its end or without",
	Why:      "Pages answer 404, or their links do.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).HandedOn, proxyPrefix),
})

func proxyPrefix(h *check.Hearing, x *model.Handed) check.Verdict {
	if x.Prefix == "/" {
		return check.DoesNotApply("the whole site is the app's")
	}
	a, _ := x.Code.Open(h)
	rule, has := a.Under(x.Prefix)
	at := "# " + where(x.Pass.File, x.Pass.Line) + ": " + x.Pass.Name + " " + x.Pass.Arg(0)
	r := check.Remedy{Verify: "curl -sI " + strings.TrimSuffix(x.Site().URL(), "/") + x.Prefix, Minutes: 5}
	switch {
	case x.Strips && has:
		h.Saw(model.SourceOf(x.Pass))
		r.Do = "Without a slash behind the address nginx hands the path on as it is."
		r.Commands = []string{at, "proxy_pass " + bare(x.Pass.Arg(0)) + ";", test}
		r.Steps = plan.Nginx("let nginx hand "+x.Prefix+" on with its whole path", x.Pass).Replace(r.Commands[1])
		return check.Failed(fmt.Sprintf("nginx takes %s away from the path, and the app's routes have it (%s): proxy_pass %s ends in a slash", x.Prefix, rule.Rule, x.Pass.Arg(0)), r).
			Because("The app does not know the paths that it is asked for: 404.")
	case x.Strips && !x.Told && !has && !x.Beside():
		h.Saw(model.SourceOf(x.Pass))
		prefix := strings.TrimSuffix(x.Prefix, "/")
		r.Do = "Tell the app under which path it is: in a header, which ProxyFix takes with x_prefix=1."
		r.Commands = []string{at, "proxy_set_header X-Forwarded-Prefix " + prefix + ";", "# in the app: app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_prefix=1)", "sudo nginx -t && sudo systemctl reload nginx"}
		if x.Server.Gunicorn() {
			r.Do = "Tell gunicorn under which path the app is: it then takes that from the whole path itself, and the app's links begin with it."
			r.Commands = []string{at, "proxy_pass " + bare(x.Pass.Arg(0)) + ";", "proxy_set_header SCRIPT_NAME " + prefix + ";", test}
			r.Steps = mounted(x, prefix)
		}
		return check.Failed(fmt.Sprintf("the app is mounted under %s and is not told so: its links lead to the root of %s, where it is not", x.Prefix, x.Site().Subject()), r).
			Because("The first page opens; its links, forms, redirects and style sheets do not.")
	}
	return check.Passed()
}

// bare is an address without the slash that takes the location's prefix away.
func bare(pass string) string { return strings.TrimSuffix(strings.TrimSuffix(pass, "/"), ":") }

// mounted tells gunicorn the prefix, which it believes of those who may tell it
// the scheme (gunicorn's forwarder_headers).
func mounted(x *model.Handed, prefix string) []plan.Step {
	at := x.Pass.Parent
	if in := syntax.Effective(at, "proxy_set_header"); at.Name != "location" || len(in) > 0 && in[0].Parent != at {
		return nil // with one of its own the location would lose the others
	}
	say := "tell gunicorn that the app is under " + prefix
	return plan.All(plan.Nginx(say, x.Pass).Replace("proxy_pass "+bare(x.Pass.Arg(0))+";"),
		plan.Nginx(say, x.Pass).After("proxy_set_header SCRIPT_NAME "+prefix+";"))
}
