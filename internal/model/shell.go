package model

import (
	"path"
	"path/filepath"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/regex"
	"assay/internal/syntax/envfile"
)

var (
	// iniURL is the database of alembic.ini, for who runs alembic itself.
	iniURL = regex.New(`(?m)^\s*sqlalchemy\.url\s*[=:]\s*(\S+)`)
	// literalURL is a URL that stands in a line of code.
	literalURL = regex.New(`["']((?:sqlite|postgres|postgresql|mysql|mariadb)(?:\+\w+)?://[^"']*)["']`)
)

// shell finds where "flask db upgrade" goes when somebody types it in the app's
// folder, without the service's environment: what python-dotenv loads there
// (Flask's command line does so where it is installed), what the code falls back
// to, and what alembic.ini says where Flask-Migrate is not in between.
func (b *builder) shell(st *Store) fact.Of[[]*Store] {
	if st.Engine == nil || st.Engine.Bind != "default" {
		return fact.Absent[[]*Store]()
	}
	return fact.Bind(st.Server.Code, func(a *App) fact.Of[[]*Store] {
		if a.Migrations.Dir == "" {
			return fact.Absent[[]*Store]()
		}
		var n fact.Notes
		out := b.dotenv(st, a, &n)
		if len(out) == 0 {
			out = b.fallback(st, a, &n)
		}
		if !a.Migrations.Extension {
			out = append(out, b.alembicINI(st, a, &n)...)
		}
		if n.Blind() {
			return fact.Unknown[[]*Store](n.Why())
		}
		return fact.Known(out, n.Sources...)
	})
}

// dotenv: .env wins over .flaskenv (flask/cli.py, load_dotenv, 2.2 to 3.1), and
// both are looked for from the working folder upwards.
func (b *builder) dotenv(st *Store, a *App, n *fact.Notes) []*Store {
	env, _ := b.environment(st.Server).Look(n)
	if a.dist("python-dotenv") == "" || env["FLASK_SKIP_DOTENV"].Value == "1" {
		return nil
	}
	for _, name := range []string{".env", ".flaskenv"} {
		for dir, up := filepath.Clean(a.Cwd), 0; up < 3; dir, up = path.Dir(dir), up+1 {
			file := path.Join(dir, name)
			text, state := b.f.File(file).Look(n)
			if state != fact.IsKnown {
				if dir == "/" || state == fact.IsUnknown {
					break
				}
				continue
			}
			for _, e := range envfile.Parse(file, exported.ReplaceAllString(text, "$1")).Entries {
				if e.Name != st.Name && !(strings.HasPrefix(st.Name, "engine ") && slices.Contains(storeVariables, e.Name)) {
					continue
				}
				if x := b.newStore(st.Server, e.Value, e.Name, ""); x != nil && x.SQLKind() {
					x.Told = fact.Source{Where: file, Line: e.Line, Text: e.Name + " is " + x.Kind + ", " + x.At()}
					return []*Store{x}
				}
			}
			break
		}
	}
	return nil
}

var exported = regex.New(`(?m)^\s*export\s+([A-Za-z_])`)

// dist is the version of an installed distribution, "" where it is not there.
func (a *App) dist(name string) string {
	for k, v := range a.Dists {
		if strings.EqualFold(strings.NewReplacer("_", "-", ".", "-").Replace(k), name) {
			return v
		}
	}
	return ""
}

// fallback is a URL in the line that reads the variable, where the code can do
// without it.
func (b *builder) fallback(st *Store, a *App, n *fact.Notes) []*Store {
	for _, r := range a.Env {
		if r.Key != st.Name || r.Required || r.File == "" {
			continue
		}
		text, state := b.f.File(r.File).Look(n)
		lines := strings.Split(text, "\n")
		if state != fact.IsKnown || r.Line < 1 || r.Line > len(lines) {
			continue
		}
		near := strings.Join(lines[r.Line-1:min(r.Line+1, len(lines))], "\n")
		m := literalURL.FindStringSubmatch(near)
		if m == nil {
			continue
		}
		if x := b.newStore(st.Server, m[1], "the code", ""); x != nil {
			if strings.HasSuffix(m[1], "/") { // the rest is put together by the code
				x.Addr = ""
			}
			x.Told = fact.Source{Where: r.File, Line: r.Line, Text: strings.TrimSpace(lines[r.Line-1])}
			return []*Store{x}
		}
	}
	return nil
}

func (b *builder) alembicINI(st *Store, a *App, n *fact.Notes) []*Store {
	for _, file := range []string{path.Join(a.Cwd, "alembic.ini"), path.Join(path.Dir(a.Migrations.Dir), "alembic.ini")} {
		text, _ := b.f.File(file).Look(n)
		m := iniURL.FindStringSubmatchIndex(text)
		if m == nil {
			continue
		}
		if x := b.newStore(st.Server, text[m[2]:m[3]], "alembic.ini", ""); x != nil {
			x.Told = fact.Source{Where: file, Line: 1 + strings.Count(text[:m[2]], "\n"), Text: "sqlalchemy.url is " + x.Kind + ", " + x.At()}
			return []*Store{x}
		}
	}
	return nil
}

// Another says that two URLs lead to different databases. Of SQLite a relative
// path says nothing by itself.
func (s *Store) Another(o *Store) bool {
	if s.Kind == "SQLite" && o.Kind == "SQLite" {
		return path.IsAbs(s.Database) && path.IsAbs(o.Database) && path.Clean(s.Database) != path.Clean(o.Database)
	}
	return !s.sameServer(o) || s.Database != o.Database
}
