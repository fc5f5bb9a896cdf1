package nginx

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/plan"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.headers.splitting",
	Title:    "no path brings headers of its own into an answer or to the app",
	Severity: check.High,
	Stage:    model.StageServer,
	Guide:    "beyond the guides",
	Why:      "Who follows a link that somebody made gets headers of that one's choice from the site: a cookie, another page.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Splits, splitting),
})

// undecoded puts the path as it was sent into each line of the kind. Behind a
// rewrite nginx adds the query, which that path has already.
func undecoded(x *model.Split) []plan.Step {
	var steps [][]plan.Step
	for _, d := range x.Alike {
		if d.Name == "rewrite" {
			return nil
		}
		is := decoded.Replace(d.Written())
		steps = append(steps, plan.Nginx("let nginx hand a path on as it was sent", d).Replace(is))
	}
	return plan.All(steps...)
}

var decoded = strings.NewReplacer("$uri$is_args$args", "$request_uri", "$uri?$args", "$request_uri", "$uri?$query_string", "$request_uri",
	"$document_uri", "$request_uri", "${document_uri}", "$request_uri", "${uri}", "$request_uri", "$uri", "$request_uri")

func splitting(h *check.Hearing, x *model.Split) check.Verdict {
	at := where(x.By.File, x.By.Line)
	r := check.Remedy{
		Do:       "Take $request_uri, which holds the path as it was sent. For return and rewrite it already has the query.",
		Commands: []string{"# " + at, x.By.Name + " ... $request_uri ...;", test},
		Verify:   "sudo nginx -T 2>/dev/null | grep -nE '(return|rewrite|add_header|proxy_).*uri'",
		Minutes:  5,
	}
	r.Steps = undecoded(x)
	if x.By.Name == "return" {
		r.Commands[1] = "return 301 https://$host$request_uri;"
	}
	if x.Onward {
		h.Saw(model.SourceOf(x.By))
		return check.Failed(fmt.Sprintf("a visitor of %s writes headers into what nginx sends the app: %s of %s holds the decoded path (%s)", x.Site().Subject(), x.By.Name, at, x.Text), r).
			Because("%0d%0a in a path becomes a new line there: X-Forwarded-For, a second Host, or a whole request of his own that nginx does not see.")
	}
	reply, _ := x.Reply.Open(h)
	if reply.Get(model.Splitting) == "" {
		return check.Passed() // nginx refused the request, or another block took it
	}
	h.Saw(model.SourceOf(x.By))
	r.Verify = x.Curl + " | grep -i " + model.Splitting + "   # nothing"
	return check.Failed(fmt.Sprintf("a link brings headers of its own into an answer of %s: %s of %s holds the decoded path (%s)", x.Site().Subject(), x.By.Name, at, x.Text), r)
}
