package cache

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "cache.user-content",
	Title:    "no page of one visitor is kept for the others",
	Severity: check.Critical,
	Stage:    model.StageCode,
	Guide:    "001: caching; beyond the guides: what a key must hold",
	Why:      "The key is the path alone: the first visitor's page, with his name, his orders and his form's token, is served to everybody until it expires.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Apps, userContent),
})

func userContent(h *check.Hearing, s *model.AppServer) check.Verdict {
	app, ok := s.Code.Open(h)
	if !ok {
		return check.DoesNotApply("it is no Flask app")
	}
	views := app.CachedViews()
	if len(views) == 0 || !app.Caches() {
		return check.DoesNotApply("no view's answer is kept")
	}
	var worst *check.Verdict
	rank := 0
	for _, v := range views {
		if got, r := kept(h, app, s, v); r > rank {
			worst, rank = &got, r
		}
	}
	if worst != nil {
		return *worst
	}
	return check.Passed()
}

func kept(h *check.Hearing, app *model.App, s *model.AppServer, v model.CachedView) (check.Verdict, int) {
	name := v.View.Name + " (" + v.Rule + ")"
	switch {
	case v.ByUser:
	case v.Opaque && (v.Inside || len(v.Own)+len(v.Shown) > 0):
		return check.CannotTell("whether the key under which "+name+" is kept knows the visitor: it is made by a function that shows no sign of him",
			"name current_user or session in it"), 1
	case v.Inside:
		h.Saw(app.Place(v.View))
		return check.Failed(name+" is kept before its login is asked for: whoever comes first answers for all", mend(app, s, v)).
			Because("A member's page is served to strangers, or the way to the login to members, until it expires. The decorators say so; it was not tried, since that takes two accounts."), 4
	case len(v.Own)+len(v.Shown) > 0:
		h.Saw(app.Place(v.View))
		by := check.List(v.Own)
		if len(v.Own) == 0 {
			by = check.List(v.Shown) + " in its templates"
		}
		return check.Failed(name+" is one visitor's, by "+by+", and is kept for all under its path", mend(app, s, v)).
			Because("The first visitor's page, with what is his on it, is served to everybody until it expires. The code says so; it was not tried, since that takes two accounts."), 3
	case v.Query:
		h.Saw(app.Place(v.View))
		r := mend(app, s, v)
		r.Do, r.Commands[1] = "Let the key hold the query.", "@cache.cached(query_string=True)"
		return check.Warned(name+" reads the query, and is kept for all under its path", r).
			Because("Whoever searches or turns a page gets what the one before him asked for."), 2
	}
	return check.Verdict{}, 0
}

func mend(app *model.App, s *model.AppServer, v model.CachedView) check.Remedy {
	key := "current_user.get_id()"
	for _, n := range v.View.Uses {
		if n == "get_jwt_identity" {
			key = "get_jwt_identity()"
		}
	}
	place := app.Place(v.View)
	r := check.Remedy{Minutes: 20, Do: "Keep the data that all share, not the page; or let the key hold the visitor.",
		Commands: []string{fmt.Sprintf("# %s:%d", place.Where, place.Line),
			`@cache.cached(make_cache_key=lambda *a, **k: f"{` + key + `}:{request.full_path}")`}}
	if v.Inside {
		r.Do = "Ask for the login outside the cache: the decorator above is run first."
		r.Commands = []string{r.Commands[0], "@login_required", "@cache.cached(timeout=60)  # where it shows each member his own, with the key below", "# " + r.Commands[1]}
	}
	if u := s.UnitName(); u != "" {
		r.Commands = append(r.Commands, "sudo systemctl restart "+u)
	}
	return r
}
