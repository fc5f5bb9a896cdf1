package secret

import (
	"fmt"
	"slices"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "secret.key.per-worker",
	Title:    "SECRET_KEY is not made anew at each import",
	Severity: check.High,
	Stage:    model.StageCode,
	Guide:    "001: os.environ.get('SECRET_KEY') or secrets.token_hex(32)",
	Why:      "A worker does not know the key of another one: whoever logged in at one is a stranger at the next, and forms are refused.",
	Cure:     check.InCode,
	Ask:      check.Both(check.Each((*model.Deployment).Apps, keyPerWorker), check.Each((*model.Deployment).KeyFallbacks, keyFallback)),
})

func keyPerWorker(h *check.Hearing, s *model.AppServer) check.Verdict {
	a, ok := s.Code.Open(h.Aside())
	if !ok {
		return check.DoesNotApply(s.Name + " is no Flask app")
	}
	at, signs := a.SignsAt()
	key := a.Key()
	anew, known := a.MadeAnew()
	switch {
	case !signs:
		return check.DoesNotApply("nothing in the app signs: no session, no message, no login, no token")
	case key.Empty():
		return check.DoesNotApply("SECRET_KEY is not set at all")
	case anew:
		h.Saw(key.Source, at)
		return madeAnew(h, s, a)
	case a.KeyLine != nil && a.KeyLine.Env != "" && a.KeyLine.Random != "":
		return check.DoesNotApply("the variable " + a.KeyLine.Env + " is there, and decides")
	case !known:
		return check.CannotTell("SECRET_KEY stands in no variable and in no file that the app reads, and the app was not loaded a second time", "look again")
	}
	return check.Passed()
}

func madeAnew(h *check.Hearing, s *model.AppServer, a *model.App) check.Verdict {
	by := "is another one at each import"
	if a.KeyLine != nil && a.KeyLine.Random != "" {
		by = "is made by " + a.KeyLine.Random + " at each import"
	}
	if a.KeyLine != nil && a.KeyLine.Env != "" {
		by += ", since the service has no " + a.KeyLine.Env
		if slices.ContainsFunc(a.Env, func(r tape.EnvRead) bool { return r.Key == a.KeyLine.Env && r.Set }) {
			by += " but an empty one"
		}
	}
	n, staff := s.Staff(h.Aside(), a)
	v := check.Failed(fmt.Sprintf("SECRET_KEY %s: %s", by, staff), fixedKey(s, a))
	if n == 1 || a.Preload() {
		return v.Because("Each restart makes a new key: everybody is logged out at once, what they had in their session is gone, and forms that were open are refused.")
	}
	return v.Because(fmt.Sprintf("Each worker has a key of its own. Whoever logged in is known to one request in %d or so and a stranger to the others; forms are refused by chance; and a restart logs everybody out.", n))
}

func keyFallback(h *check.Hearing, f *model.KeyFallback) check.Verdict {
	s, a := f.Server, f.App
	h.Saw(a.Key().Source)
	return check.Warned(fmt.Sprintf("without the variable %s the app makes a SECRET_KEY of its own by %s", a.KeyLine.Env, a.KeyLine.Random), noFallback(s, a)).
		Because("The key is the same everywhere today. A start without the variable (a lost file, an empty value, another unit) fails nowhere: logins come and go by chance instead.")
}

// noFallback is for a key that is well, and would be made by chance without its variable.
func noFallback(s *model.AppServer, a *model.App) check.Remedy {
	r := fixedKey(s, a)
	r.Do, r.Cure, r.Steps = "Let the app stop where "+a.KeyLine.Env+" is missing.", check.InCode, nil
	r.Commands = []string{fmt.Sprintf("# %s:%d", a.KeyLine.File, a.KeyLine.Line), `SECRET_KEY = os.environ["` + a.KeyLine.Env + `"]`}
	if u := s.UnitName(); u != "" {
		r.Commands = append(r.Commands, "sudo systemctl restart "+u)
	}
	return r
}

func fixedKey(s *model.AppServer, a *model.App) check.Remedy {
	r := newKey(s, a, []string{"SECRET_KEY"})
	name := "SECRET_KEY"
	if a.KeyLine != nil && a.KeyLine.Env != "" {
		name = a.KeyLine.Env
		r = newKey(s, a, []string{name})
	}
	r.Do = "Set " + name + " for the service, and let the app stop where it is missing."
	if a.KeyLine != nil {
		r.Commands = slices.Insert(r.Commands, len(r.Commands)-1, fmt.Sprintf("# %s:%d", a.KeyLine.File, a.KeyLine.Line), `SECRET_KEY = os.environ["`+name+`"]`)
	}
	r.Cure = check.OnHost
	r.Minutes = 10
	return r
}
