package nginx

import (
	"strings"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/plan"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.headers.add-header-lost",
	Title:    "no location loses the security headers of its server",
	Severity: check.Medium,
	Stage:    model.StageServer,
	Guide:    "001 static files: add_header in a location",
	Why:      "Pages go without the protection that the server block seems to give them.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Shadowings, addHeaderLost),
})

func addHeaderLost(h *check.Hearing, x *model.Shadowing) check.Verdict {
	var lost, lines, again []string
	for _, d := range x.Lost {
		name := strings.ToLower(d.Arg(0))
		switch {
		case x.Pass != nil:
			own, _ := x.Plain.Open(h.Aside())
			if own.Get(name) != "" {
				continue // the app's own
			}
		case name != "x-content-type-options" && name != "content-security-policy":
			continue // a style sheet or a picture stands under the page's own
		}
		lost = append(lost, d.Arg(0))
		lines = append(lines, "add_header "+d.Arg(0)+" "+quoted(d.Arg(1))+" always;")
		again = append(again, always(d))
		h.Saw(model.SourceOf(d))
	}
	if len(lost) == 0 {
		return check.Passed()
	}
	h.Saw(model.SourceOf(x.Own))
	at := model.SourceOf(x.Own)
	said := "location " + x.Path + " of " + x.Site().Subject() + " goes without " + check.List(lost) + ": its own add_header " + x.Own.Arg(0) + " takes the place of the server's"
	r := check.Remedy{
		Do:       "Say them again beside it: a level with an add_header of its own inherits none. A file that both include keeps them in one place.",
		Commands: append(append([]string{"# " + where(at.Where, at.Line) + ", beside it"}, lines...), test),
		Verify:   "curl -sI " + strings.TrimSuffix(x.Site().URL(), "/") + x.Path + " | grep -i " + strings.ToLower(lost[0]),
		Minutes:  5,
		Steps:    plan.Nginx("let location "+x.Path+" send "+check.List(lost)+" too", x.Last()).After(again...),
	}
	if x.Pass == nil && !x.Uploads {
		return check.Warned(said, r).Because("A browser may take a file there for another kind than it is said to be, and run it.")
	}
	if x.Uploads {
		return check.Failed(said, r).Because("What a visitor sent in may run as a page of the site in another visitor's browser.")
	}
	return check.Failed(said, r)
}
