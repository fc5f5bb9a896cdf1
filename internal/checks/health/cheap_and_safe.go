package health

import (
	"fmt"
	"slices"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "health.cheap-and-safe",
	Title:    "the health check tells strangers nothing but its verdict",
	Severity: check.Low,
	Stage:    model.StageCode,
	Guide:    "001 monitoring: health check endpoint",
	Why:      "Whoever asks learns the driver, the address, the user and the name of the database, just when something is wrong.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Healths, safe),
})

var told = map[string]string{"traceback": "a traceback", "address": "the database's address", "exception": "the exception's own text"}

func safe(h *check.Hearing, x *model.Health) check.Verdict {
	app, ok := x.Code.Open(h)
	switch {
	case !ok:
		return check.DoesNotApply("it is no Flask app")
	case x.Spot == nil:
		return check.Passed()
	case x.Spot.Kept.Where != "" || x.Spot.Self.Where != "" || x.Spot.Front == nil:
		return check.DoesNotApply("strangers do not get it")
	}
	calls, _ := x.Calls.Open(h.Aside())
	for _, c := range calls {
		if len(c.Tells) == 0 {
			continue
		}
		var what []string
		for _, t := range c.Tells {
			if s := told[t]; s != "" && !slices.Contains(what, s) {
				what = append(what, s)
			}
		}
		src := app.At(nil, fmt.Sprintf("%s, with nothing to be reached: %s in its answer", c.Rule, check.List(what)))
		if v, is := app.Views[c.Endpoint]; is && v.File != "" {
			src.Where, src.Line = v.File, v.Line
		}
		h.Saw(src)
		return check.Failed(fmt.Sprintf("when the database cannot be reached, %s shows strangers %s", c.Rule, check.List(what)), check.Remedy{
			Do:       "Write the cause to the log, and say no more than that it failed.",
			Commands: []string{fmt.Sprintf("# %s:%d", src.Where, src.Line), "app.logger.exception(\"health: database\")", "checks[\"database\"] = \"failed\"   # in place of str(e)"},
			Verify:   "sudo assay check --only health.cheap-and-safe", Minutes: 10,
		})
	}
	return check.Passed()
}
