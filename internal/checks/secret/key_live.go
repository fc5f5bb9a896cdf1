package secret

import (
	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/plan"
)

var _ = Family.Add(check.Check{
	ID:       "secret.key.live",
	Title:    "running workers sign with the key that the app loads now",
	Severity: check.High,
	Stage:    model.StageCode,
	Guide:    "000 step 2: rotate the key, and restart",
	Why:      "The next restart logs everybody out. Until then what has loaded the new key (the command line, a queue's worker, another host) refuses the site's sessions and links.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Apps, keyLive),
})

func keyLive(h *check.Hearing, s *model.AppServer) check.Verdict {
	a, ok := s.Code.Open(h.Aside())
	if !ok {
		return check.DoesNotApply(s.Name + " is no Flask app")
	}
	_, signs := a.SignsAt()
	anew, known := a.MadeAnew()
	switch {
	case !signs || a.Key().Empty():
		return check.DoesNotApply("the app signs nothing")
	case !a.Cookies():
		return check.DoesNotApply("its sessions are those of " + a.App.App.Session + ", which are no signed cookies")
	case anew:
		return check.DoesNotApply("each import makes a key of its own")
	}
	r, ok := s.Sessions.Open(h.Aside())
	switch {
	case !ok:
		return check.DoesNotApply("nothing listens that could be asked")
	case r.Cookies == 0 && r.Error != "":
		return check.CannotTell("ask the app for a session: "+r.Error, "look again when the app answers")
	case r.Cookies == 0 || r.Foreign == r.Cookies:
		return check.DoesNotApply("no page that strangers see gives a session")
	case r.Other == 0 && r.Fallback == 0:
		return check.Passed()
	case !known:
		return check.CannotTell("SECRET_KEY stands in no variable and in no file that the app reads, and the app was not loaded a second time: each import may make one of its own", "sudo assay check gives it more time")
	}
	_, _ = s.Sessions.Look(h)
	h.Saw(a.Key().Source)
	switch {
	case r.Other == r.Cookies:
		return check.Failed("the workers sign sessions with another SECRET_KEY than the one that the app loads now", again(s))
	case r.Other > 0:
		return check.Failed("some workers sign sessions with another SECRET_KEY than the one that the app loads now", again(s)).
			Because("Whoever logged in at one worker is a stranger at the next: logged in and out by chance, and forms are refused.")
	}
	return check.Warned("workers sign sessions with a key that is now only one of SECRET_KEY_FALLBACKS", again(s)).
		Because("The old key is still in use. When it is taken out of the list, everybody who came since is logged out.")
}

func again(s *model.AppServer) check.Remedy {
	r := check.Remedy{Do: "Restart the service, so that every worker loads the key that is there now.", Minutes: 2, Verify: "sudo assay check --only secret.key.live"}
	if u := s.UnitName(); u != "" {
		r.Commands = []string{"sudo systemctl restart " + u}
		r.Steps = plan.Systemctl("let every worker load the key that is there now", "restart", u)
	}
	return r
}
