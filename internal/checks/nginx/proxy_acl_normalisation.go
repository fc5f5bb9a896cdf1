package nginx

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.proxy.acl-normalisation",
	Title:    "what nginx guards, it guards under every path by which the app serves it",
	Severity: check.High,
	Stage:    model.StageServer,
	Guide:    "beyond the guides",
	Why:      "Anybody gets a page that nginx seems to keep for a few.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).SideDoors, aclNormalisation),
})

func aclNormalisation(h *check.Hearing, x *model.SideDoor) check.Verdict {
	r, state := x.Reply.Look(h)
	if state == fact.IsKnown && (r.Error != "" || r.Status >= 300) {
		return check.Passed() // the app itself keeps it, or has no such page
	}
	if state == fact.IsUnknown {
		return check.Passed() // unknown
	}
	h.Saw(model.SourceOf(x.Guard))
	by := "the server block"
	if x.By != nil {
		h.Saw(model.SourceOf(x.By))
		by = model.SourceOf(x.By).Text
	}
	said := fmt.Sprintf("nginx guards location %s of %s, and hands %s to the app for everybody (%s)", x.GuardedPlace(), x.Site().Subject(), x.Path, by)
	cure := check.Remedy{
		Do:       "Let the guard begin where the app's pages do, and go before every pattern: ^~, without a slash at its end. Better still, let the app itself ask who comes.",
		Commands: []string{"# " + where(x.Guard.File, x.Guard.Line), "location ^~ " + beginning(x.Rule) + " {", test},
		Verify:   x.Curl + "   # 401 or 403",
		Minutes:  10,
	}
	if state == fact.IsAbsent {
		return check.Warned(said, cure)
	}
	return check.Failed(said, cure)
}

// beginning is the first part of a rule's path.
func beginning(rule string) string {
	for i := 1; i < len(rule); i++ {
		if rule[i] == '/' || rule[i] == '<' {
			return rule[:i]
		}
	}
	return rule
}
