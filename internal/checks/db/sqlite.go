package db

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

var _ = Family.Add(check.Check{
	ID:       "db.sqlite",
	Title:    "SQLite is the database on purpose, and its file outlives a deployment",
	Severity: check.High,
	Stage:    model.StageData,
	Guide:    "001: DATABASE_URL",
	Why:      "What visitors entered is in a file that nobody knows of: the next release, or the next worker, begins with an empty one.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).SQLites, sqliteOnPurpose),
})

func sqliteOnPurpose(h *check.Hearing, s *model.Store) check.Verdict {
	a, ok := s.Server.Code.Open(h.Aside())
	if !ok || s.Engine == nil {
		return check.DoesNotApply("the app is not seen to use it")
	}
	h.Saw(s.Told)
	n, _ := s.Server.Staff(h, a)
	r := check.Remedy{
		Do:       "Name the database in the service's environment: PostgreSQL, or a file with a whole path in a folder that is the data's alone.",
		Commands: []string{"sudo install -d -o SERVICE-USER -m 750 /var/lib/myapp", "# into the service's environment file", "DATABASE_URL=sqlite:////var/lib/myapp/app.db"},
		Minutes:  30, Verify: "sudo assay check --only db.",
	}
	if u := s.Server.UnitName(); u != "" {
		r.Commands = append(r.Commands, "sudo systemctl restart "+u)
	}
	if e, unset := unsetURL(a); unset {
		h.Saw(a.At(&tape.Frame{File: e.File, Line: e.Line}, e.Key+" is read here, and is not set"))
		return check.Failed(fmt.Sprintf("%s is not set, so the app falls back to %s", e.Key, fileOf(s)), r)
	}
	if s.Database == "" {
		return check.Failed(fmt.Sprintf("the app keeps its data in memory (sqlite://): each of %d workers has its own, until it ends", n), r)
	}
	reply, _ := s.SQL.Open(h)
	if reply.Class != "" || reply.Cell("file", "writable") == "no" {
		return check.DoesNotApply("it does not open, or is only read: see db.connects")
	}
	switch where := inRelease(s, a); {
	case where == "release":
		return check.Failed(fmt.Sprintf("the database %s lies in a release: the next one begins with an empty database", s.Database), r)
	case reply.Cell("file", "journal_mode") != "wal" && n > 1:
		r.Do = "Let readers and a writer work side by side (WAL; it stays so), or use PostgreSQL."
		r.Commands = []string{fmt.Sprintf("sudo -u SERVICE-USER sqlite3 %s 'PRAGMA journal_mode=WAL'", s.Database)}
		return check.Warned(fmt.Sprintf("%d workers share %s, whose journal lets one of them in at a time", n, s.Database), r).
			Because("While one writes all others wait, five seconds at most: then pages end with database is locked.")
	case where == "code":
		return check.Warned(fmt.Sprintf("the database %s lies in the folder of the code", s.Database), r).At(check.Low).
			Because("A deployment that clears the folder takes the data along (rsync --delete, git clean, a new checkout).")
	}
	return check.Passed()
}

// unsetURL is the variable that should have named another database.
func unsetURL(a *model.App) (tape.EnvRead, bool) {
	i := slices.IndexFunc(a.Env, func(e tape.EnvRead) bool {
		return !e.Set && !e.Required && (strings.HasSuffix(e.Key, "DATABASE_URL") || strings.HasSuffix(e.Key, "DATABASE_URI") || e.Key == "DB_URL")
	})
	if i < 0 || len(a.Engines) != 1 {
		return tape.EnvRead{}, false
	}
	return a.Env[i], true
}

func fileOf(s *model.Store) string {
	if s.Database == "" {
		return "SQLite in memory"
	}
	return "SQLite, " + s.Database
}

// inRelease says whether a file goes with a release, or at least lies beside the
// code.
func inRelease(s *model.Store, a *model.App) string {
	var n fact.Notes
	u, _ := s.Server.Unit.Look(&n)
	root := path.Clean(a.CodeRoot())
	switch in := func(dir string) bool { return dir != "." && strings.HasPrefix(s.Database, dir+"/") }; {
	case strings.Contains(s.Database, "/releases/") && in(root):
		return "release"
	case u != nil && u.WorkingDir != "" && a.Cwd != "" && path.Clean(u.WorkingDir) != path.Clean(a.Cwd) && in(path.Clean(a.Cwd)):
		return "release"
	case in(root):
		return "code"
	}
	return ""
}
