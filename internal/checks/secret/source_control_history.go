package secret

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/tape"
)

// inHistory are the secrets in the versions that git keeps, of a visit that
// looked there, without those that were found in the files; lost are those that
// no commit has.
func inHistory(h *check.Hearing, s *model.AppServer, known []tape.Leak) (past, lost []tape.Leak) {
	r, state := s.History.Look(h.Aside())
	if state != fact.IsKnown {
		return nil, nil
	}
	a, _ := s.Code.Look(h.Aside())
	ask := tape.Ask{Kind: tape.KindLeaks, Name: a.CodeRoot(), Arg: tape.History + a.Ref}
	if r.More != "" {
		h.Missed(fact.Why{Text: "search the git history of " + r.Top + ": " + r.More, Ask: ask}, false)
	}
	for _, l := range r.Hits {
		if slices.ContainsFunc(known, func(k tape.Leak) bool { return k.Name == l.Name }) {
			continue
		}
		where := path.Join(r.Top, ".git")
		h.Saw(fact.Source{Where: where, Text: fmt.Sprintf("%s stands in object %s, line %d", l.Name, abbreviated(l.Object), l.Line), Ask: ask})
		if l.Loose {
			lost = append(lost, l)
		} else {
			past = append(past, l)
		}
	}
	return past, lost
}

func abbreviated(id string) string { return id[:min(len(id), 7)] }

// committed is "SECRET_KEY as it is now stands in the git history: 3f2a91c
// (config.py)".
func committed(list []tape.Leak) string {
	var names, places []string
	for _, l := range list {
		if !slices.Contains(names, l.Name) {
			names = append(names, l.Name)
		}
		place := "object " + abbreviated(l.Object)
		if l.Commit != "" {
			place = abbreviated(l.Commit) + " (" + l.Path + ")"
		}
		if !slices.Contains(places, place) && len(places) < 4 {
			places = append(places, place)
		}
	}
	where := " in the git history: "
	if list[0].Loose {
		where = " among git's objects, in no commit: "
	}
	if len(names) == 1 {
		return names[0] + " as it is now stands" + where + check.List(places)
	}
	return check.List(names) + " as they are now stand" + where + check.List(places)
}

func and(past []tape.Leak) string {
	if len(past) == 0 {
		return ""
	}
	return "; " + committed(past)
}

func replace(s *model.AppServer, top string, list []tape.Leak) check.Remedy {
	r := check.Remedy{
		Do: "Make a new one, where the secret is used: whoever has a copy of the repository has the old one, whatever is done to this copy. " +
			"Then what the history holds is worth nothing, and may stay. To rewrite it (git filter-repo) comes second, if at all: it changes the id of every commit, and everybody must clone anew.",
		Minutes: 30,
		Verify:  "sudo assay check --deep --only secret.source-control",
	}
	for _, l := range list[:min(len(list), 3)] {
		line := "# " + l.Name + ": git -C " + top + " show " + abbreviated(l.Object)
		if l.Commit != "" {
			line = fmt.Sprintf("# %s: git -C %s show %s:%s, line %d", l.Name, top, abbreviated(l.Commit), l.Path, l.Line)
		}
		r.Commands = append(r.Commands, strings.ReplaceAll(line, "\n", " "))
	}
	if u := s.UnitName(); u != "" {
		r.Commands = append(r.Commands, "# the new value into the file that EnvironmentFile= of "+u+" names", "sudo systemctl restart "+u)
	}
	return r
}
