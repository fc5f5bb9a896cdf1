package host

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"assay/internal/tape"
)

// load imports the app in the sandbox, as its server will.
func (y *tryout) load(ctx context.Context) error {
	s := service{argv: []string{venvOf(y.release) + "/bin/gunicorn", "--config", y.at(y.Config), y.Entry}, dir: y.release}
	s.env = append(s.env, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "HOME="+tryouts)
	for _, e := range y.Env {
		s.env = append(s.env, y.moved(e))
	}
	if dirs, _ := filepath.Glob(y.tree + "/usr/lib/*-linux-gnu*"); len(dirs) > 0 {
		s.env = append(s.env, "LD_LIBRARY_PATH="+strings.Join(dirs, ":"))
	}
	c, v := y.cell(ctx, s, tape.Identity{UID: y.uid, GID: y.uid}, "", "load the app")
	if v.Status == tape.Unseen {
		return unknown("%s", v.Why)
	}
	p, err := imprison(ctx, c)
	if err != nil {
		return unknown("there is no sandbox to import it in: %v", err)
	}
	return y.verdict(result(p))
}

// certain are the errors that no database, network or disk brings about. A driver
// that is no Python goes past what the sandbox tells of Python's sockets, and an
// app may say what it likes when its database is not there.
var certain = []string{"ModuleNotFoundError", "ImportError", "AppImportError", "SyntaxError", "IndentationError", "TabError", "NameError", "AttributeError", "TypeError"}

// verdict is an error only where the app would fail on its finished host as well.
func (y *tryout) verdict(r tape.App) error {
	e := r.Error
	if r.Ended != "" {
		return unknown("its import: %s", r.Ended)
	}
	if e == nil {
		return nil
	}
	said := e.Type
	if e.Text != "" {
		said += ": " + gist(e.Text)
	}
	for _, f := range slices.Backward(e.Frames) {
		if f.Own {
			said += fmt.Sprintf(" (%s line %d)", strings.TrimPrefix(f.File, y.release+"/"), f.Line)
			break
		}
	}
	said = strings.ReplaceAll(said, tryouts, y.Home)
	unset := e.Type == "KeyError" && slices.ContainsFunc(r.Env, func(v tape.EnvRead) bool { return v.Required && !v.Set && e.Text == "'"+v.Key+"'" })
	sure := unset || slices.Contains(certain, e.Type) && !strings.Contains(e.Text, "NoneType")
	all := strings.ReplaceAll(e.Text+e.Cause, y.release, "") // its own files are there
	switch {
	case e.Refused != "", !sure && (y.Stores || len(r.Refused) > 0):
		return unknown("its import may want what is not there yet: %s", said)
	case containsAny(all, append(y.Later, tryouts, y.Home)...):
		return unknown("its import wants what is not there yet: %s", said)
	// A library of the system's, or a disk on which nothing may be executed.
	case containsAny(all, "shared object file", "libpq", "failed to map segment"):
		return unknown("its import wants a library: %s", said)
	}
	hint := ""
	switch {
	case e.Type == "ModuleNotFoundError":
		hint = "\nhint: add the package that brings it to " + y.Named
	case unset:
		hint = fmt.Sprintf("\nhint: --env-file FILE with a line %s=...", strings.Trim(e.Text, "'"))
	}
	return fmt.Errorf("the app does not load: %s%s", said, hint)
}
