package db

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "db.migrations.current",
	Title:    "the database has the tables that the code expects",
	Severity: check.Critical,
	Stage:    model.StageData,
	Breaks:   true,
	Guide:    "000 step 11: flask db upgrade",
	Why:      "A page that asks for a column or a table that is not there gives 500 Internal Server Error.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Schemas, current),
})

func current(h *check.Hearing, s *model.Schema) check.Verdict {
	r, known := s.SQL.Open(h)
	if !known || r.Class != "" && (s.Kind != "SQLite" || r.Class != tape.StoreAbsent) {
		return check.CannotTell("the database does not answer the app's login", "see db.connects")
	}
	m := s.App.Migrations
	for _, x := range m.Revisions {
		if x.Error != "" {
			return check.CannotTell("read "+x.File+": "+x.Error, "")
		}
	}
	h.Saw(fact.Source{Where: m.Dir, Text: revisions(m.Heads) + " is where the code's migrations end", Ask: s.App.Source.Ask})
	have, verdict := noted(h, s, r)
	if verdict != nil {
		return *verdict
	}
	h.Saw(fact.Source{Where: s.Kind + " at " + or(r.Addr, s.Addr), Text: s.Table + " holds " + revisions(have)})
	for _, x := range have {
		if !s.Known(x) {
			return check.Failed(fmt.Sprintf("%s is at revision %s, which the code's migrations do not have", at(s), x), unknownRemedy(s)).
				Because("The code is older than its database, or another branch: columns that were renamed or dropped are asked for, and flask db upgrade ends with \"Can't locate revision\".")
		}
	}
	if missing := s.Pending(have); len(missing) > 0 {
		return check.Failed(fmt.Sprintf("%s is behind the code: %s %s not been applied", at(s), revisions(missing), plural(missing)), upgradeRemedy(s, r))
	}
	if len(m.Heads) > 1 {
		return check.Warned(fmt.Sprintf("the migrations have %d ends, %s", len(m.Heads), check.List(m.Heads)), check.Remedy{
			Do: "Join them with a migration, and deploy that.", Commands: []string{"flask db merge heads"}, Verify: "flask db heads", Minutes: 10, Cure: check.InCode}).
			Because("The next flask db upgrade ends with \"Multiple head revisions are present\".").Breaking(false)
	}
	return check.Passed()
}

func at(s *model.Schema) string { return "the database " + quote(or(s.Database, s.Addr)) }

func plural(l []string) string {
	if len(l) == 1 {
		return "has"
	}
	return "have"
}

func revisions(l []string) string {
	switch {
	case len(l) == 0:
		return "no revision"
	case len(l) > 3:
		return fmt.Sprintf("%d revisions (%s ...)", len(l), strings.Join(l[:2], ", "))
	}
	return "revision " + check.List(l)
}

// noted is what Alembic's table holds. Where there is none, the tables of the
// app say whether they were made without it.
func noted(h *check.Hearing, s *model.Schema, r tape.SQLReply) ([]string, *check.Verdict) {
	rows, asked := r.Rows["version"]
	if asked {
		var have []string
		for _, row := range rows {
			have = append(have, row[0])
		}
		return have, nil
	}
	no := r.Refused["version"]
	gone := r.Class == tape.StoreAbsent || strings.Contains(no, "no such table") || strings.HasPrefix(no, "42P01") || strings.HasPrefix(no, "1146") || strings.HasPrefix(no, "3F000")
	var v check.Verdict
	tables := slices.DeleteFunc(slices.Clone(r.Rows["tables"]), func(row []string) bool { return len(row) < 2 || row[1] == s.Table })
	h.Saw(fact.Source{Where: s.Kind + " at " + or(r.Addr, s.Addr), Text: strings.TrimSpace("SELECT version_num FROM " + s.Table + ": " + or(no, "there is no such database yet"))})
	switch {
	case !gone:
		v = check.CannotTell("read "+s.Table+": "+no, "give the app's user the right to read it")
	case s.App.Migrations.CustomEnv:
		v = check.CannotTell("env.py names Alembic's table in a way that cannot be read", "")
	case len(tables) == 0:
		v = check.Failed(at(s)+" is empty: no migration has ever been applied to it", upgradeRemedy(s, r))
	default:
		v = check.Failed(at(s)+" has tables that no migration has made ("+s.Table+" is missing)", stampRemedy(s)).
			Because("They were made by db.create_all or restored in part. The next flask db upgrade begins at the first migration, and ends at the first table that exists already.").
			Breaking(false).At(check.High)
	}
	return nil, &v
}

// flask is the command as the service would run it: its user, its environment.
func flask(s *model.Schema, words string) string {
	srv := s.Server
	var n fact.Notes
	u, _ := srv.User.Look(&n)
	dir := s.App.Cwd
	bin := "flask"
	if s.App.Prefix != "" {
		bin = s.App.Prefix + "/bin/flask"
	}
	app := ""
	if t := s.App.Target; t != "" && !strings.HasPrefix(t, "wsgi:") && !strings.HasPrefix(t, "app:") {
		app = fmt.Sprintf(" --app '%s'", t)
	}
	env := ""
	if unit, state := srv.Unit.Look(&n); state == fact.IsKnown {
		if t, ts := unit.Files.Look(&n); ts == fact.IsKnown {
			for _, f := range t.All("Service", "EnvironmentFile") {
				env += " -p EnvironmentFile=" + f.Value
			}
		}
	}
	return fmt.Sprintf("sudo systemd-run --pty --wait -p User=%s -p WorkingDirectory=%s%s %s%s %s", or(u.Name, "root"), dir, env, bin, app, words)
}

func upgradeRemedy(s *model.Schema, r tape.SQLReply) check.Remedy {
	var c []string
	if s.Kind == "PostgreSQL" && s.Local && len(r.Rows["tables"]) > 0 {
		c = append(c, fmt.Sprintf("sudo -u postgres pg_dump -Fc -f /var/lib/postgresql/%s-before.dump %s", s.Database, s.Database))
	}
	return check.Remedy{Do: "Make a backup, and apply the migrations with the service's own environment.", Commands: append(c, flask(s, "db upgrade")),
		Verify: flask(s, "db current"), Minutes: 10}
}

func unknownRemedy(s *model.Schema) check.Remedy {
	return check.Remedy{Do: "Deploy the code that has that migration. If the code was rolled back on purpose, take the database back with the newer code first (flask db downgrade), from a backup if data would be lost.",
		Commands: []string{"grep -rl " + quote("revision = ") + " " + s.App.Migrations.Dir, flask(s, "db heads")}, Verify: flask(s, "db current"), Minutes: 30, Cure: check.InCode}
}

func stampRemedy(s *model.Schema) check.Remedy {
	return check.Remedy{Do: "Compare the tables with the models; if they are the same, note it. Take db.create_all out of the code: it never changes a table that exists.",
		Commands: []string{flask(s, "db stamp head")}, Verify: flask(s, "db current"), Minutes: 30}
}
