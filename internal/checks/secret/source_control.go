package secret

import (
	"fmt"
	"path"
	"slices"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "secret.source-control",
	Title:    "no secret of the running app stands in its code",
	Severity: check.Critical,
	Stage:    model.StageCode,
	Guide:    "000 step 2: .env is not committed; 001 configuration",
	Why:      "Everybody who ever had the repository (a laptop, a build server, a fork) has the keys of production.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Apps, sourceControl),
})

func sourceControl(h *check.Hearing, s *model.AppServer) check.Verdict {
	a, ok := s.Code.Open(h.Aside())
	if !ok {
		return check.DoesNotApply(s.Name + " is no Flask app")
	}
	r, ok := s.Leaks.Open(h.Aside())
	if !ok {
		return check.DoesNotApply("the app's code has no folder of its own")
	}
	var tracked, source, loose, shapes []tape.Leak
	for _, l := range r.Hits {
		place := a.LeakPlace(r, l)
		switch {
		case !l.Live && place == model.LeakTracked:
			shapes = append(shapes, l)
		case !l.Live || place == model.LeakKept:
		case place == model.LeakTracked:
			tracked = append(tracked, l)
		case place == model.LeakSource:
			source = append(source, l)
		default:
			loose = append(loose, l)
		}
	}
	past, lost := inHistory(h, s, append(slices.Clone(tracked), source...))
	switch {
	case len(tracked) > 0:
		return check.Failed("under version control: "+leaked(h, a, s, append(tracked, source...))+and(past), rotate(s, a, tracked))
	case len(source) > 0:
		return check.Failed("in the app's own code: "+leaked(h, a, s, source)+and(past), rotate(s, a, source))
	case len(past) > 0:
		return check.Failed(committed(past), replace(s, r.Top, past))
	case r.Git != "" && r.Top != "":
		h.Missed(fact.Why{Text: r.Git, Ask: tape.Ask{Kind: tape.KindLeaks, Name: a.CodeRoot(), Arg: a.Ref}}, false)
	}
	if r.More != "" {
		h.Missed(fact.Why{Text: "look for secrets in " + a.CodeRoot() + ": " + r.More, Ask: tape.Ask{Kind: tape.KindLeaks, Name: a.CodeRoot(), Arg: a.Ref}}, false)
	}
	switch {
	case len(lost) > 0:
		return check.Warned(committed(lost), replace(s, r.Top, lost)).
			Because("No commit on this host has it: it was added once and not committed, or what had it was removed. It goes with every copy of the folder, until git clears it away.")
	case len(loose) > 0:
		return check.Warned("beside the app's code: "+leaked(h, a, s, loose), rotate(s, a, loose)).
			Because("The folder came from somewhere, and there is no repository here to tell whether this file did. If it did, everybody who has the code has the keys of production.")
	case len(shapes) > 0:
		return check.Warned("under version control: "+leaked(h, a, s, shapes), rotate(s, a, shapes)).
			Because("The running app does not use it, or not any more; its owner's service still takes it from everybody who has the repository.")
	}
	return check.Passed()
}

// leaked is "SECRET_KEY in shop/config.py and the password of DATABASE_URL in
// alembic.ini".
func leaked(h *check.Hearing, a *model.App, s *model.AppServer, list []tape.Leak) string {
	var out []string
	for _, l := range list {
		if what := l.Name + " in " + l.Path; !slices.Contains(out, what) && len(out) < 4 {
			out = append(out, what)
			h.Saw(fact.Source{Where: path.Join(a.CodeRoot(), l.Path), Line: l.Line, Text: l.Name + " stands here", Ask: tape.Ask{Kind: tape.KindLeaks, Name: a.CodeRoot(), Arg: a.Ref}})
		}
	}
	return check.List(out)
}

func rotate(s *model.AppServer, a *model.App, list []tape.Leak) check.Remedy {
	first := list[0]
	r := check.Remedy{
		Do:      "Make a new one first, where the secret is used; then take it out of the file and read it from the environment. To remove it from the file alone changes nothing: it is known, and the repository keeps every version.",
		Minutes: 30,
		Verify:  "sudo assay check --only secret.source-control",
		Commands: []string{
			"# " + fmt.Sprintf("%s:%d", path.Join(a.CodeRoot(), first.Path), first.Line),
		},
	}
	if u := s.UnitName(); u != "" {
		r.Commands = append(r.Commands, "# the new value into the file that EnvironmentFile= of "+u+" names", "sudo systemctl restart "+u)
	}
	if first.Tracked && path.Ext(first.Path) == ".env" || path.Base(first.Path) == ".env" {
		r.Commands = append(r.Commands, "cd "+a.CodeRoot()+" && git rm --cached "+first.Path+" && echo "+first.Path+" >>.gitignore")
	}
	return r
}
