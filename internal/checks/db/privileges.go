package db

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "db.privileges",
	Title:    "the app logs in to its database as a user of its own, not as the superuser",
	Severity: check.High,
	Stage:    model.StageData,
	Guide:    "000 step 10: a user for the app",
	Why:      "One SQL injection in the app is then a shell on the database's machine: a superuser reads and writes files, and runs programs (COPY ... TO PROGRAM).",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Databases, privileges),
})

func privileges(h *check.Hearing, s *model.Store) check.Verdict {
	r, known := s.SQL.Open(h.Aside())
	switch {
	case s.Kind == "SQLite":
		return check.DoesNotApply("SQLite has no users")
	case !known || r.Class != "":
		return check.CannotTell("the server does not answer the app's login", "see db.connects")
	}
	who := role(s, r)
	super := s.Kind != "PostgreSQL" && who == "root"
	for _, row := range r.Rows["role"] {
		super = super || s.Kind == "PostgreSQL" && len(row) > 2 && row[2] == "t"
	}
	if s.Kind == "PostgreSQL" && len(r.Rows["role"]) == 0 {
		return check.CannotTell("the server does not say what the app's user may do", "")
	}
	if !super {
		return check.Passed()
	}
	h.Saw(s.Told, fact.Source{Where: s.Kind + " at " + or(r.Addr, s.Addr), Text: who + " is a superuser"})
	cure := check.Remedy{Do: "Take the right away, or give the app a user of its own that owns its tables.", Minutes: 10, Verify: "sudo assay check --only db.privileges"}
	if s.Kind == "PostgreSQL" && who != "postgres" {
		cure.Commands = admin(s, "ALTER ROLE "+who+" NOSUPERUSER")
	} else {
		cure.Commands = edit(s)
	}
	return check.Failed(fmt.Sprintf("the app logs in to %s at %s as %s, a superuser", s.Kind, s.Addr, quote(who)), cure)
}
