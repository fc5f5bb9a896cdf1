package health

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "health.truthful",
	Title:    "the health check fails when the database does",
	Severity: check.High,
	Stage:    model.StageCode,
	Guide:    "001 monitoring: health check endpoint",
	Why:      "The monitor stays green while every page that needs the database fails: nobody is called.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Healths, truthful),
})

func truthful(h *check.Hearing, x *model.Health) check.Verdict {
	app, ok := x.Code.Open(h)
	switch {
	case !ok:
		return check.DoesNotApply("it is no Flask app")
	case x.Spot == nil:
		return check.Passed()
	case x.Spot.Self.Where != "" && x.Spot.Kept.Where == "":
		h.Saw(x.Spot.Self, x.Spot.At)
		return check.Failed(fmt.Sprintf("nginx answers %s by itself, and never asks the app, which has a check there", x.Spot.URL()), check.Remedy{
			Do: "Hand the path on to the app.", Minutes: 5, Verify: x.Spot.Curl(), Cure: check.OnHost,
			Commands: []string{fmt.Sprintf("# %s:%d: proxy_pass as in location /, in place of: %s", x.Spot.Self.Where, x.Spot.Self.Line, x.Spot.Self.Text), "sudo nginx -t && sudo systemctl reload nginx"},
		})
	}
	calls, _ := x.Calls.Open(h.Aside())
	liar, lies := model.Liar(calls)
	if lies {
		src := app.Source
		src.Text = fmt.Sprintf("%s, with no database to be reached: %d", liar.Rule, liar.Status)
		if v, is := app.Views[liar.Endpoint]; is && v.File != "" {
			src.Where, src.Line = v.File, v.Line
		}
		h.Saw(src)
		return check.Failed(fmt.Sprintf("%s tries the database, cannot reach it, and answers %s", liar.Rule, model.Status(liar.Status)), honest(x))
	}
	return slander(h, x)
}

// slander: it says that a store is down which answers the app's own login.
func slander(h *check.Hearing, x *model.Health) check.Verdict {
	r, there := x.Direct.Open(h.Aside())
	reply := x.Direct
	if !there || r.Status/100 == 3 { // to https, which the app alone does not know of
		r, _ = x.Through.Open(h.Aside())
		reply = x.Through
	}
	says, store := x.Slander(r)
	if store == nil {
		if x.Accuses(r) {
			x.Weigh(h.Aside())
		}
		if dark, _ := x.Dark.Look(&fact.Notes{}); dark && !there {
			return check.DoesNotApply("the app does not answer, and says nothing of its database")
		}
		return check.Passed()
	}
	reply.Open(h)
	store.SQL.Look(h.Aside())
	h.Saw(x.Spot.At)
	v := check.Failed(fmt.Sprintf("%s says %q, and %s answers the app's own login", x.Spot.Path, says, store.Subject()), honest(x))
	if r.Status == 200 {
		return v.Because("It says so for ever, and 200 with it: when the database does fail, nothing changes, and nobody is called.")
	}
	return v.Because("A monitor that always calls is one that nobody hears.")
}

func honest(x *model.Health) check.Remedy {
	r := check.Remedy{
		Do:       "Let what fails decide the status: 503. In SQLAlchemy 2 a statement is text(\"SELECT 1\"); a bare string raises, whatever the database does.",
		Commands: []string{"# " + place(x.Spot), "db.session.execute(text(\"SELECT 1\"))   # in try/except: ok = False", "return {\"status\": \"ok\" if ok else \"failed\"}, 200 if ok else 503"},
		Verify:   "sudo assay check --only health.truthful", Minutes: 15,
	}
	if u := x.UnitName(); u != "" {
		r.Commands = append(r.Commands, "sudo systemctl restart "+u)
	}
	return r
}

func place(s *model.Spot) string { return fmt.Sprintf("%s:%d", s.At.Where, s.At.Line) }
