package static

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "static.linked",
	Title:    "what the front page asks for is there",
	Severity: check.High,
	Stage:    model.StageStatic,
	Breaks:   true,
	Guide:    "000 step 12: static files",
	Why:      "Visitors get the page without its style, or with scripts that never run.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Linkeds, linked),
})

func linked(h *check.Hearing, x *model.Linked) check.Verdict {
	page, _ := x.Reply.Open(h)
	if page.Status != 200 {
		return check.DoesNotApply("the front page is not shown: " + x.Gets())
	}
	var gone []string
	var first model.LinkedFile
	refused := ""
	for _, l := range x.Files {
		r, state := l.Reply.Look(h)
		switch {
		case state != fact.IsKnown:
		case r.Status == 404 || r.Status == 410:
			if gone = append(gone, l.URI); len(gone) == 1 {
				first = l
			}
		case r.Status >= 400:
			refused = fmt.Sprintf("%s answers %d, before anybody looks whether it is there", l.URI, r.Status)
		}
	}
	switch {
	case len(gone) > 0:
	case refused != "":
		return check.DoesNotApply(refused)
	default:
		return check.Passed()
	}
	verb := "answers"
	if len(gone) > 1 {
		verb = "answer"
	}
	said := fmt.Sprintf("the front page of %s asks for %s, which %s 404", x.URL(), check.List(gone), verb)
	if first.File != "" && len(gone) == 1 {
		said += ": there is no " + first.File
	}
	return check.Failed(said, check.Remedy{
		Do:       "If it is made by a step of the deploy (a bundler, a compiler of style sheets), run that step, and let the deploy fail without it. Else correct the link, or nginx's location.",
		Commands: []string{"ls -l " + where(first)},
		Verify:   x.Curl(first.URI) + " -o /dev/null -w '%{http_code}\\n'",
		Minutes:  15,
	})
}

func where(l model.LinkedFile) string {
	if l.File != "" {
		return l.File
	}
	return "<the app's static folder>"
}
