package nginx

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
	syntax "assay/internal/syntax/nginx"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.files.root-exposes-app",
	Title:    "nginx gives out no source, secrets, repository or database",
	Severity: check.Critical,
	Stage:    model.StageStatic,
	Guide:    "000 step 6: the server block serves static files alone",
	Why:      "Anybody can read it: with SECRET_KEY sessions are forged, with the database's password it is copied.",
	Cure:     check.OnHost,
	Ask:      check.Both(check.OfHost((*model.Model).StrayDisclosures, rootExposes), check.Each((*model.Deployment).Disclosures, rootExposes)),
})

// givenNames is how the kinds of model.Given are called.
var givenNames = map[string]string{"secrets": "secrets", "repository": "the git repository", "database": "a database", "key": "a key",
	"backup": "a backup", "source": "source code"}

func rootExposes(h *check.Hearing, x *model.Disclosure) check.Verdict {
	var given []*model.Given
	var silent string
	for _, g := range x.Files {
		r, state := g.Served.Look(h.Aside())
		switch {
		case state != fact.IsKnown:
		case r.Error != "":
			silent = r.Error
		case r.Status == 200 && (r.Same || r.Unread != "" && r.Size == g.Size):
			_, _ = g.Served.Look(h)
			h.Saw(g.By)
			given = append(given, g)
		}
	}
	if len(given) > 0 {
		return exposed(x, given)
	}
	for _, f := range x.Looked {
		_, _ = f.Look(h.Aside())
	}
	for _, why := range x.Unseen {
		h.Missed(why, false)
	}
	if silent != "" {
		return check.DoesNotApply("nginx did not answer: " + silent)
	}
	return check.Passed()
}

func exposed(x *model.Disclosure, given []*model.Given) check.Verdict {
	var words []string
	said := map[string]bool{}
	for _, g := range given {
		if !said[g.Kind] {
			words = append(words, givenNames[g.Kind]+" ("+g.URI+")")
		}
		said[g.Kind] = true
	}
	first := given[0]
	do := "Let nginx serve only folders that are meant for the public, never the project's own."
	if said["secrets"] || said["key"] || said["source"] || said["repository"] {
		do += " Then change every secret that stands in these files or in the repository: take it for known."
	}
	steps, command, unserved := closed(x, given)
	commands := slices.Concat(inPlace(x, first), []string{"location ~ /\\.(?!well-known/) {", "    deny all;", "}", test})
	if steps != nil {
		commands = []string{fmt.Sprintf("# %s:%d: %s", first.By.Where, first.By.Line, first.By.Text), command, test}
	}
	v := check.Failed("anybody can fetch "+check.List(words)+" from "+x.Subject(), check.Remedy{
		Do:       do,
		Commands: commands,
		Verify:   "curl -s -o /dev/null -w '%{http_code}\\n' '" + strings.TrimSuffix(x.URL(), "/") + first.URI + "'   # 403 or 404",
		Minutes:  15,
		Steps:    steps,
	})
	if unserved {
		return v.Breaking(true).Because("Visitors get the app's files in place of its pages; and with SECRET_KEY sessions are forged, with the database's password it is copied.")
	}
	return v
}

// closed takes the root out that opens the app's folder, where every page that
// goes by it has another way: the app.
func closed(x *model.Disclosure, given []*model.Given) (steps []plan.Step, command string, unserved bool) {
	at := x.Statement(given[0].By)
	if at == nil || at.Name != "root" || slices.ContainsFunc(given, func(g *model.Given) bool { return g.By != given[0].By }) {
		return nil, "", false
	}
	const say = "give out nothing of the app's own folder"
	if at.Parent.Name == "location" && len(at.Parent.Find("try_files")) == 0 {
		if to := x.App(); to != "" && at.Parent.Arg(0) == "/" && len(syntax.Effective(at.Parent, "proxy_set_header")) > 0 {
			command = "proxy_pass http://" + to + ";"
			return plan.Nginx("hand the site's pages to the app, in place of its files", at).Replace(command), command, true
		}
		return nil, "", false
	}
	if at.Parent.Name != "server" || len(at.Parent.Find("try_files")) > 0 {
		return nil, "", false
	}
	some := false
	for _, l := range x.Server.Locations() {
		if in := syntax.Effective(l.Directive, "root"); !slices.Contains(in, at) || len(l.Directive.Find("proxy_pass", "uwsgi_pass", "return")) > 0 {
			continue
		}
		t := l.Directive.Find("try_files")
		if len(t) != 1 || !strings.HasPrefix(t[0].Arg(len(t[0].Args)-1), "@") {
			return nil, "", false
		}
		some = true
	}
	if !some {
		return nil, "", false
	}
	return plan.Nginx(say, at).Delete(), "# take it out: what is no file goes to the app", false
}

// inPlace says what becomes of the line that opens the folder.
func inPlace(x *model.Disclosure, g *model.Given) []string {
	line := fmt.Sprintf("# %s:%d: ", g.By.Where, g.By.Line)
	if slices.ContainsFunc(x.Statics, func(s *model.Static) bool { return s.Assets() && s.Dir != g.Folder }) {
		return []string{line + "take out " + g.By.Text}
	}
	return []string{line + "in place of " + g.By.Text, "location /static/ {", "    alias <the app's static folder>/;", "}"}
}
