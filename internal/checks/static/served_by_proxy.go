package static

import (
	"fmt"
	"path"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/plan"
)

var _ = Family.Add(check.Check{
	ID:       "static.served-by-proxy",
	Title:    "nginx sends the static files, and not the app's workers",
	Severity: check.Medium,
	Stage:    model.StageStatic,
	Guide:    "000 step 12: static files",
	Why:      "A page with ten files takes eleven requests of the few that the workers answer at a time; a slow reader holds a worker for as long as he reads.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).AssetSites, servedByProxy),
})

func servedByProxy(h *check.Hearing, x *model.Assets) check.Verdict {
	app, ok := x.Code.Open(h)
	switch {
	case !ok:
		return check.DoesNotApply("it is no Flask app")
	case x.Doubt != "":
		return check.CannotTell("which location has "+x.URI+": "+x.Doubt, "")
	case x.Pass.Where == "":
		return check.Passed()
	}
	h.Saw(x.Pass)
	for _, m := range app.Chain {
		if strings.Contains(strings.ToLower(m.Class), "whitenoise") {
			return check.DoesNotApply("WhiteNoise sends them on purpose")
		}
	}
	if x.Cached {
		return check.DoesNotApply("nginx keeps what the app answers there")
	}
	dir := slash(path.Clean(app.App.App.StaticFolder))
	prefix := slash(app.App.App.StaticURL)
	return check.Failed(fmt.Sprintf("the app's workers send each static file of %s themselves: %s goes to the app", x.Subject(), prefix), check.Remedy{
		Do:       "Give nginx a location for them, and see that its user may read the folder.",
		Commands: []string{"# beside " + x.Pass.String(), "location " + prefix + " {", "    alias " + dir + ";", "    expires 1h;", "}", "sudo nginx -t && sudo systemctl reload nginx"},
		Verify:   "curl -sI " + strings.TrimSuffix(x.URL(), "/") + x.URI,
		Minutes:  5,
		Steps:    located(x, prefix, dir),
	})
}

// located gives nginx the files, beside the location that has them now.
func located(x *model.Assets, prefix, dir string) []plan.Step {
	pass := x.Statement(x.Pass)
	if pass == nil || pass.In("location") == nil || pass.In("location").Arg(0) != "/" {
		return nil
	}
	return plan.Nginx("let nginx send the files of "+prefix+" itself", pass.In("location")).
		Before("location "+prefix+" {", "    alias "+dir+";", "    expires 1h;", "}", "")
}
