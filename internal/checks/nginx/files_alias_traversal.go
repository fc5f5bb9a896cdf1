package nginx

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
	syntax "assay/internal/syntax/nginx"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.files.alias-traversal",
	Title:    "a location's alias gives out its own folder alone",
	Severity: check.Critical,
	Stage:    model.StageStatic,
	Guide:    "000 step 6: location and alias; 001: the location without slashes",
	Why:      "Anybody can fetch what lies beside the public folder: the app's source, its .env, its database.",
	Cure:     check.OnHost,
	Ask:      check.Both(check.OfHost((*model.Model).StrayAliases, aliasTraversal), check.Each((*model.Deployment).OpenAliases, aliasTraversal)),
})

func aliasTraversal(h *check.Hearing, a *model.Alias) check.Verdict {
	h.Saw(a.Block(), a.Source)
	if a.Inner {
		return check.DoesNotApply("internal: only the app leads there")
	}
	up := path.Dir(path.Clean(a.Dir))
	said := fmt.Sprintf("%s../ of %s leads out of %s into %s", a.Path, a.Site().Subject(), path.Clean(a.Dir), up)
	r, state := a.Served.Look(h)
	verdict := check.Failed
	switch {
	case state == fact.IsKnown && r.Same:
		said += ", as a request shows"
		if x := beside(h, a); x != "" {
			said += ": " + x + " lies there"
		}
	case a.Refused != "":
		return check.Passed()
	case a.Kept:
		said += ", though not everybody may ask"
		verdict = check.Warned
	case state == fact.IsKnown && r.Status > 0:
		said += fmt.Sprintf(", and what answers %d now is not in the configuration", r.Status)
		verdict = check.Warned
	}
	return verdict(said, check.Remedy{
		Do: "Let the location end in a slash, as its alias does.",
		Commands: []string{
			fmt.Sprintf("# %s:%d, in place of location %s", a.Block().Where, a.Block().Line, a.Path),
			"location " + a.Path + "/ {",
			"    alias " + a.Dir + ";",
			"sudo nginx -t && sudo systemctl reload nginx",
		},
		Verify:  "curl -s -o /dev/null -w '%{http_code}\\n' --path-as-is '" + strings.TrimSuffix(a.Site().URL(), "/") + verifyPath(a) + "'   # 404",
		Minutes: 5,
		Steps:   slashed("let location "+a.Path+" end in a slash, as its alias does", a.Site().Statement(a.Block())),
	})
}

// slashed lets a location end in a slash; nil where another has that path.
func slashed(say string, d *syntax.Directive) []plan.Step {
	l, ok := syntax.ParseLocation(d)
	if !ok || slices.ContainsFunc(d.Parent.Locations(), func(o syntax.Location) bool { return !o.IsRegex() && o.Path == l.Path+"/" }) {
		return nil
	}
	head, bare := strings.CutSuffix(d.Written(), l.Path)
	if !bare { // quoted
		return nil
	}
	return plan.Nginx(say, d).Head(head + l.Path + "/")
}

func verifyPath(a *model.Alias) string {
	if a.URI != "" {
		return a.URI
	}
	return a.Path + "../" + path.Base(a.Dir) + "/"
}

// beside names a file of the folder above that nobody outside should have.
func beside(h *check.Hearing, a *model.Alias) string {
	list, _ := a.Beside.Look(h.Aside())
	for _, want := range []string{".env", "config.py", "wsgi.py", "app.py", "__init__.py"} {
		for _, e := range list {
			if e.Path == want && e.Type == "file" {
				return want
			}
		}
	}
	return ""
}
