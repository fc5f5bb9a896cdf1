package db

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "db.migrations.same-db",
	Title:    "flask db upgrade in a shell meets the service's database",
	Severity: check.High,
	Stage:    model.StageData,
	Guide:    "000 step 11: flask db upgrade",
	Why:      "The migration says that it succeeded, on another database: the service's stays as it was, and the new code asks it for columns that are not there.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Schemas, sameDB),
})

func sameDB(h *check.Hearing, s *model.Schema) check.Verdict {
	h.Saw(s.Told)
	all, _ := s.Shell.Open(h)
	for _, x := range all {
		if !x.Another(s.Store) {
			continue
		}
		h.Saw(x.Told)
		rem := check.Remedy{
			Do:       "Run the migrations with the service's own environment, and take the other address away, so that a command without it fails instead of succeeding elsewhere.",
			Commands: []string{fmt.Sprintf("# %s:%d", x.Told.Where, x.Told.Line), flask(s, "db upgrade")},
			Verify:   flask(s, "db current"),
			Minutes:  10,
		}
		say := fmt.Sprintf("in a shell flask db upgrade goes to %s, and the service uses %s", is(x), is(s.Store))
		if x.Name == "the code" {
			rem.Cure = check.InCode
			rem.Do = "Run the migrations with the service's own environment. In the code, demand the variable (os.environ[...]) and give it no address to fall back to."
			return check.Warned(say, rem).At(check.Low)
		}
		return check.Failed(say, rem)
	}
	return check.Passed()
}

func is(s *model.Store) string {
	if s.Kind == "SQLite" && s.Addr == "" {
		return "a SQLite file"
	}
	if s.Kind == "SQLite" {
		return "SQLite " + s.Addr
	}
	return s.Kind + " " + s.Database + " at " + s.Addr
}
