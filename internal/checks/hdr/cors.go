package hdr

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "hdr.cors",
	Guide:    "beyond the guides: who may read across origins",
	Title:    "CORS lets no foreign site act as the visitor",
	Severity: check.Critical,
	Stage:    model.StageCode,
	Why:      "A page that a visitor opens elsewhere reads what only the visitor may see, and does what only the visitor may do.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).CrossSites, crossSite),
})

func crossSite(h *check.Hearing, x *model.CrossSite) check.Verdict {
	var in, twice []*model.Crossing
	answered := false
	for _, c := range x.Asked {
		r, state := c.Reply.Look(h.Aside())
		switch {
		case state != fact.IsKnown:
		case r.Error != "" && (r.Class == "denied" || r.Class == "timeout"):
			h.Missed(fact.Why{Text: "ask " + c.URL() + ": " + r.Error, Hint: "look again when it answers"}, false)
		case r.Error != "" || r.Status >= 502 && r.Status <= 504:
		case c.LetsIn(r):
			in, answered = append(in, c), true
		case len(r.All("access-control-allow-origin")) > 1:
			twice, answered = append(twice, c), true
		default:
			answered = true
		}
	}
	switch {
	case len(in) > 0:
		worst := widest(in)
		for _, c := range worst {
			_, _ = c.Reply.Open(h)
		}
		who := layer(h, worst[0], worst[0].LetsIn)
		return check.Failed(said(worst, who), cure(h, x, worst[0], who))
	case len(twice) > 0:
		_, _ = twice[0].Reply.Open(h)
		return check.Warned("browsers refuse other sites the answers of "+check.List(urls(twice))+": nginx and the app each send Access-Control-Allow-Origin",
			cure(h, x, twice[0], "nginx")).At(check.Medium).
			Because("A browser takes the header only where it stands once: the sites that are meant to get in do not.")
	case !answered:
		return check.DoesNotApply("nothing answers")
	}
	return check.Passed()
}

// widest are those of the worst kind that there is.
func widest(in []*model.Crossing) []*model.Crossing {
	for _, ahead := range []bool{false, true} {
		for _, k := range []model.Foreign{model.AnyOrigin, model.BeginsLikeIt, model.EndsLikeIt, model.NullOrigin} {
			some := slices.DeleteFunc(slices.Clone(in), func(c *model.Crossing) bool { return c.Kind != k || c.Ahead != ahead })
			if len(some) > 0 {
				return some
			}
		}
	}
	return in
}

func urls(list []*model.Crossing) []string {
	var out []string
	for _, c := range list {
		if !slices.Contains(out, c.URL()) {
			out = append(out, c.URL())
		}
	}
	return out
}

// layer says who answers so: the app where it does without nginx too.
func layer(h *check.Hearing, c *model.Crossing, same func(tape.HTTPReply) bool) string {
	if c.Surface.Direct {
		return "the app"
	}
	own, state := c.App.Look(h.Aside())
	switch {
	case state == fact.IsKnown && own.Status > 0 && same(own):
		_, _ = c.App.Open(h)
		return "the app"
	case state == fact.IsKnown && own.Status > 0 || len(c.Headers()) > 0:
		return "nginx"
	}
	return "the site"
}

func said(list []*model.Crossing, who string) string {
	at := check.List(urls(list))
	switch c := list[0]; {
	case c.Ahead:
		return fmt.Sprintf("any other site may send requests to %s as the visitor: %s allows every origin, with credentials, in its answer to OPTIONS", at, who)
	case c.Kind == model.BeginsLikeIt:
		return fmt.Sprintf("a site whose name begins like this one's may read %s as the visitor: %s allows %s, with credentials", at, who, c.Origin)
	case c.Kind == model.EndsLikeIt:
		return fmt.Sprintf("a site whose name ends like this one's may read %s as the visitor: %s allows %s, with credentials", at, who, c.Origin)
	case c.Kind == model.NullOrigin:
		return fmt.Sprintf("any other site may read %s as the visitor, from a sandboxed frame: %s allows the origin null, with credentials", at, who)
	}
	return fmt.Sprintf("any other site may read %s as the visitor: %s allows every origin, with credentials", at, who)
}

func cure(h *check.Hearing, x *model.CrossSite, c *model.Crossing, who string) check.Remedy {
	r := check.Remedy{
		Do:      "Name the origins that may, whole, and give credentials to those alone. Where every site may read, say * and no credentials.",
		Verify:  strings.Replace(c.Surface.Curl(c.Path), "curl ", "curl -i -H 'Origin: "+c.Origin+"' ", 1) + " | grep -i access-control  # nothing",
		Minutes: 15,
	}
	if who == "nginx" {
		r.Cure = check.OnHost
		for _, s := range c.Headers() {
			h.Saw(s)
			r.Commands = append(r.Commands, fmt.Sprintf("# %s:%d  %s", s.Where, s.Line, s.Text))
		}
		r.Commands = append(r.Commands, "# in http, the one list of who may:",
			"map $http_origin $may { default \"\"; https://app.example.com $http_origin; }",
			"# in place of the lines above; an empty value sends no header:",
			"add_header Access-Control-Allow-Origin $may always;", "add_header Vary Origin always;",
			"sudo nginx -t && sudo systemctl reload nginx")
		return r
	}
	if x.Server != nil {
		if dir, state := x.Server.Cwd.Look(&fact.Notes{}); state == fact.IsKnown {
			r.Commands = append(r.Commands, "grep -rnE 'CORS\\(|cross_origin|Access-Control' --include='*.py' "+strings.TrimSuffix(dir, " (deleted)"))
		}
	}
	r.Commands = append(r.Commands, `CORS(app, origins=["https://app.example.com"], supports_credentials=True)  # flask-cors takes what looks like a pattern for one: no \. without ^ and $`)
	if x.Server != nil && x.Server.UnitName() != "" {
		r.Commands = append(r.Commands, "sudo systemctl restart "+x.Server.UnitName())
	}
	return r
}
