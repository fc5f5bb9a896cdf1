package nginx

import (
	"fmt"
	"path"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/plan"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.files.prefix-sibling",
	Title:    "a location for a folder takes that folder alone",
	Severity: check.Medium,
	Stage:    model.StageStatic,
	Guide:    "001 static files: location /static { alias /var/www/myapp/static; }",
	Why:      "What is laid beside the public folder under a longer name (a copy, an archive, a private folder) is public too.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).GluedPlaces, prefixSibling),
})

func prefixSibling(h *check.Hearing, g *model.Glued) check.Verdict {
	beside, _ := g.Beside.Open(h.Aside())
	if len(beside) == 0 && !g.Alias {
		return check.Passed() // a root is seldom meant to end in a slash, and nothing lies there
	}
	h.Saw(g.Block(), g.Source)
	at := fmt.Sprintf("location %s of %s", g.Path, g.Site().Subject())
	r := check.Remedy{
		Do:       "Let the location end in a slash, and its alias too.",
		Commands: []string{"# " + where(g.Block().Where, g.Block().Line) + ", in place of location " + g.Path, "location " + g.Path + "/ {", "    alias " + g.Dir + "/;", test},
		Verify:   "curl -s -o /dev/null -w '%{http_code}\\n' " + strings.TrimSuffix(g.Site().URL(), "/") + g.Path + "x   # what the app answers",
		Minutes:  5,
	}
	say, block := "let location "+g.Path+" take its own folder alone", g.Site().Statement(g.Block())
	r.Steps = plan.All(slashed(say, block), plan.NginxRewritten(say, g.Site().Statement(g.Source), g.Dir, g.Dir+"/"))
	if !g.Alias {
		r.Steps = slashed(say, block)
		r.Commands = []string{"# " + where(g.Block().Where, g.Block().Line) + ", in place of location " + g.Path, "location " + g.Path + "/ {", test}
		r.Do = "Let the location end in a slash."
	}
	if len(beside) == 0 {
		return check.Warned(at+" has no slash at its end: "+g.Path+"-old and "+g.Path+".zip are looked for beside "+g.Dir, r).
			Because("Nothing lies there now; a copy or an archive of the folder beside it would be public.")
	}
	var names []string
	for _, x := range beside[:min(3, len(beside))] {
		names = append(names, path.Base(x.Path))
	}
	first := beside[0]
	r.Verify = "curl -s -o /dev/null -w '%{http_code}\\n' " + strings.TrimSuffix(g.Site().URL(), "/") + first.URL
	return check.Failed(fmt.Sprintf("%s also gives out what lies beside %s: %s", at, g.Dir, check.List(names)), r)
}
