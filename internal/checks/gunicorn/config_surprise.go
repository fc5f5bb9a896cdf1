package gunicorn

import (
	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "gunicorn.config-surprise",
	Title:    "what is set for gunicorn has an effect",
	Severity: check.Low,
	Stage:    model.StageApp,
	Guide:    "001 gunicorn: worker_connections and keepalive with sync",
	Why:      "Who changes it there changes nothing, and does not notice.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Surprises, configSurprise),
})

func configSurprise(h *check.Hearing, x *model.Surprise) check.Verdict {
	h.Saw(x.Lines...)
	at := x.Lines[0].Where
	switch x.Kind {
	case "overruled":
		return check.Failed(x.Name+" in "+at+" has no effect: "+x.By+" says something else, and wins",
			settingRemedy(x.Server, x.Name, "Keep "+x.Name+" in one of the two places."))
	case "idle":
		return check.Warned("gunicorn's "+x.Name+" has no effect: "+x.By,
			settingRemedy(x.Server, x.Name, "Take "+x.Name+" out, or choose workers that know it (--threads 4 makes them gthread)."))
	}
	r := settingRemedy(x.Server, x.Name, "Write "+x.By+". gunicorn passes over names that it does not know.")
	return check.Failed(x.Name+" in "+at+" is no setting of gunicorn's: "+x.By+" was meant", r).
		Because("gunicorn passes over it without a word, and its default is in force.")
}
