package deploy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"assay/internal/host"
	"assay/internal/plan"
	"assay/internal/setup"
	"assay/internal/syntax/dsn"
	"assay/internal/syntax/envfile"
)

// Migration is one of Alembic's, as its file says it.
type Migration struct {
	File, Revision string
	Down           []string
	Body           string // of upgrade()
}

const versions = "migrations/versions"

var (
	isRevision = regexp.MustCompile(`(?m)^revision(?:\s*:[^=\n]+)?\s*=\s*["']([^"'\n]+)["']`)
	isDown     = regexp.MustCompile(`(?m)^down_revision(?:\s*:[^=\n]+)?\s*=\s*(\([^)]*\)|\[[^\]]*\]|[^\n]*)`)
	aString    = regexp.MustCompile(`["']([^"'\n]+)["']`)
	anUpgrade  = regexp.MustCompile(`(?ms)^def upgrade\(.*?(?:^def |\z)`)
)

// Migrations reads those of a folder. None of it is executed, and nothing outside
// of the folder is opened.
func Migrations(dir string) ([]Migration, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	names, err := fs.Glob(root.FS(), versions+"/*.py")
	var out []Migration
	for _, n := range names {
		text, err := regular(root, n)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", n, err)
		}
		m := Migration{File: path.Base(n), Body: anUpgrade.FindString(text)}
		if r := isRevision.FindStringSubmatch(text); r != nil {
			m.Revision = r[1]
		}
		if d := isDown.FindStringSubmatch(text); d != nil {
			for _, s := range aString.FindAllStringSubmatch(d[1], -1) {
				m.Down = append(m.Down, s[1])
			}
		}
		if m.Revision != "" {
			out = append(out, m)
		}
	}
	return out, err
}

const mostMigration = 1 << 20

func regular(root *os.Root, name string) (string, error) {
	f, err := root.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		return "", errors.Join(err, errors.New("it is no regular file"))
	}
	b, err := io.ReadAll(io.LimitReader(f, mostMigration))
	return string(b), err
}

// Heads are the revisions that none stands on.
func Heads(all []Migration) (out []string) {
	for _, m := range all {
		if !slices.ContainsFunc(all, func(o Migration) bool { return slices.Contains(o.Down, m.Revision) }) {
			out = append(out, m.Revision)
		}
	}
	return out
}

// Pending are those that a database at a revision has not had, the first one
// first; known says that the revision is among them all.
func Pending(all []Migration, at string) (out []Migration, known bool) {
	had := map[string]bool{}
	var have func(string)
	have = func(r string) {
		for _, m := range all {
			if m.Revision == r && !had[r] {
				had[r] = true
				for _, d := range m.Down {
					have(d)
				}
			}
		}
	}
	have(at)
	for len(out)+len(had) < len(all) {
		n := len(out)
		for _, m := range all {
			ready := !slices.ContainsFunc(m.Down, func(d string) bool {
				return !had[d] && !slices.ContainsFunc(out, func(o Migration) bool { return o.Revision == d })
			})
			if ready && !had[m.Revision] && !slices.ContainsFunc(out, func(o Migration) bool { return o.Revision == m.Revision }) {
				out = append(out, m)
			}
		}
		if len(out) == n { // one stands on what is not there: Alembic will say so
			break
		}
	}
	return out, at == "-" || had[at]
}

// Data is what a turn does to the database.
type Data struct {
	At      string // the revision that it has
	Pending []Migration
	Unknown []string // revisions and migrations that the release does not have
	Kind    string   // of the database, where it can be dumped here
	Name    string   // or file
	Dump    bool
}

// Schema asks what a new release does to the database.
func Schema(ctx context.Context, w host.Writer, s Site, app setup.App, source string, dump bool) (Data, error) {
	if !app.Migrates {
		return Data{}, nil
	}
	all, err := Migrations(source)
	if err != nil || len(all) == 0 {
		return Data{}, err
	}
	if h := Heads(all); len(h) != 1 {
		return Data{}, fmt.Errorf("the migrations have %d ends: %s\nhint: flask db merge heads, and deploy that", len(h), strings.Join(h, ", "))
	}
	at, err := host.Revision(ctx, w, s.Release(s.Serving), s.Account, s.EnvFile(), s.Entry)
	if err != nil {
		return Data{}, fmt.Errorf("ask the database for its schema: %w", err)
	}
	d := Data{At: at}
	pending, known := Pending(all, at)
	if !known {
		d.Unknown = []string{at}
		return d, nil
	}
	if d.Pending = pending; len(pending) == 0 || !dump {
		return d, nil
	}
	d.Dump = true
	d.Kind, d.Name, err = database(s)
	return d, err
}

// database is the one that can be dumped from here: a file, or PostgreSQL's on
// this host.
func database(s Site) (kind, name string, err error) {
	text, err := os.ReadFile(s.EnvFile())
	if err != nil {
		return "", "", err
	}
	f := envfile.Parse(s.EnvFile(), string(text))
	for _, n := range setup.DatabaseNames {
		e, given := f.Get(n)
		if !given {
			continue
		}
		l, err := dsn.ParseLogin(e.Value)
		host := l.Host
		if h := l.Get("host"); host == "" {
			host = h
		}
		switch {
		case err != nil:
		case l.Engine == "sqlite" && filepath.IsAbs(l.Database):
			return l.Engine, l.Database, nil
		case l.Engine == "postgresql" && (host == "" || strings.HasPrefix(host, "/") || host == "localhost" || host == "127.0.0.1" || host == "::1"):
			return l.Engine, l.Database, nil
		}
		return "", "", fmt.Errorf("the database of %s (%s) cannot be dumped from here, and it is to be migrated\nhint: dump it where it lies; --no-dump migrates without one", n, l.Engine)
	}
	return "", "", errors.New("nobody knows which database is to be dumped before it is migrated\nhint: dump it by hand; --no-dump migrates without one")
}

// data are the steps of it.
func (t Turn) data() plan.Plan {
	d, s := t.Data, t.Site
	if len(d.Pending) == 0 {
		return plan.Plan{}
	}
	var steps []plan.Step
	if d.Dump {
		steps = append(steps, plan.Done("write the database down as it is", "dump", d.Kind, d.Name, s.Account, s.Release(t.To)))
	}
	var names []string
	for _, m := range d.Pending {
		names = append(names, m.Revision)
	}
	return plan.Plan{Say: "Data", Steps: append(steps, plan.Done("bring the database from "+d.At+" to "+strings.Join(names, ", ")+", while the release before serves on",
		"upgrade", s.Release(t.To), s.Account, s.EnvFile(), s.Entry, d.At))}
}

// Unknown are the migrations that the serving release has and another one has
// not, by their files.
func Unknown(s Site, other string) (out []string) {
	have, _ := Migrations(s.Release(other))
	all, _ := Migrations(s.Release(s.Serving))
	for _, m := range all {
		if !slices.ContainsFunc(have, func(o Migration) bool { return o.Revision == m.Revision }) {
			out = append(out, m.Revision)
		}
	}
	return out
}
