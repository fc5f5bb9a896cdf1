package model

import (
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/regex"
	"assay/internal/syntax/gunicorn"
	syntax "assay/internal/syntax/unit"
	"assay/internal/tape"
)

// Evident is what a unit most likely means where its files name what is not
// there: there is just one of its kind that it can be.
type Evident struct {
	Account string                     // whom the app's folders belong to
	Program string                     // of that name, in a virtual environment of the app
	Python  string                     // of the virtual environment in which the program lies
	Target  [2]string                  // the app's place as gunicorn is told it, and where it is
	Shut    fact.Of[tape.AccessReport] // of a file of the app or a log that the service was refused
	Logs    string                     // the folder below /var/log that is not there, and a log is to lie in
}

// evident looks for what would do in the place of what is missing.
func (b *builder) evident(u *Unit, t UnitText, c ExecContext) Evident {
	var e Evident
	var n fact.Notes
	if _, state := c.User.Look(&n); state == fact.IsAbsent {
		e.Account = b.owner(u, t, c.Folder)
		return e
	}
	name := path.Base(c.Program)
	script, scripted := syntax.Unshelled(t.starts())
	switch {
	case scripted:
		e.Program = script.Program
		if !path.IsAbs(script.Program) {
			e.Program = b.only(c, path.Base(script.Program), script.Venv)
		}
	case path.IsAbs(c.Program) && gone(c.Runs), c.HasMissed != "":
		e.Program = b.only(c, name, c.HasMissed)
	}
	said, _ := u.Complaint()
	if astrayApp.MatchString(said.Text) {
		e.Target = b.appIn(t, c.Folder)
	}
	if m := shutFile.FindStringSubmatch(said.Text); m != nil {
		want := "r"
		if m[1] == "" {
			want = "w"
		}
		file := m[1] + m[2] + m[3]
		e.Shut = b.asService(c, file, want)
		if gone(e.Shut) && strings.HasPrefix(file, "/var/log/") && path.Dir(file) != "/var/log" {
			e.Logs = path.Dir(path.Clean(file))
		}
	}
	if c.Interpreter != "" && gone(c.Interprets) {
		python := path.Join(path.Dir(c.Program), "python3")
		if r, state := b.asService(c, python, "x").Look(&n); state == fact.IsKnown && r.OK {
			e.Python = python
		}
	}
	return e
}

func gone(access fact.Of[tape.AccessReport]) bool {
	r, state := access.Look(&fact.Notes{})
	return state == fact.IsAbsent || state == fact.IsKnown && r.Error == "no such file or directory"
}

// only is the one program of a name that the service may run: in a given virtual
// environment, or else in those of the app.
func (b *builder) only(c ExecContext, name, venv string) string {
	list := []string{venv}
	var n fact.Notes
	if venv == "" {
		list, _ = b.venvs(c.Folder, name).Look(&n)
	}
	var found []string
	for _, v := range list {
		p := path.Join(v, "bin", name)
		if r, state := b.asService(c, p, "x").Look(&n); state == fact.IsKnown && r.OK {
			found = append(found, p)
		}
	}
	if len(found) != 1 {
		return ""
	}
	return found[0]
}

// owner is the one account, other than Debian's own, that is called like the
// unit or owns the app's folders.
func (b *builder) owner(u *Unit, t UnitText, folder string) string {
	var n fact.Notes
	var found []string
	add := func(who string, uid int) {
		if uid >= 100 && uid != 65534 && !slices.Contains(found, who) {
			found = append(found, who)
		}
	}
	if who, state := b.user(strings.TrimSuffix(u.Name, ".service")).Look(&n); state == fact.IsKnown {
		add(who.Name, who.UID)
	}
	folders := []string{folder}
	for _, s := range t.All("Service", "ReadWritePaths") {
		for p := range strings.FieldsSeq(s.Value) {
			folders = append(folders, strings.TrimLeft(p, "-+"))
		}
	}
	for _, f := range folders {
		var st tape.Stat
		state := fact.IsAbsent
		if path.IsAbs(f) && f != "/" {
			st, state = b.f.Stat(f, false).Look(&n)
		}
		if name := b.userName(st.UID); state == fact.IsKnown && strings.Trim(name, "0123456789") != "" {
			add(name, st.UID)
		}
	}
	if len(found) != 1 {
		return ""
	}
	return found[0]
}

// starts is the command line of the service as its files write it, "" where
// there is none or more than one.
func (t UnitText) starts() string {
	if all := t.All("Service", "ExecStart"); len(all) == 1 {
		return all[0].Value
	}
	return ""
}

// astrayApp is gunicorn's word for a place in which there is no app (20.1 to 23).
var astrayApp = regex.New(`^Failed to find attribute |^Application object must be callable|^Failed to parse |did you mean |No module named '\w+\.py'`)

// shutFile is the word of Python and of gunicorn for a file that may not be read
// or written.
var shutFile = regex.New(`^PermissionError: \[Errno 13\] Permission denied: '(/[^']+)'|'(/[^']+)' isn't writable|^FileNotFoundError: \[Errno 2\] No such file or directory: '(/var/log/[^']+)'`)

// flaskApp is a module's own line that makes the app: Flask itself, or what is
// called as factories are.
var flaskApp = regex.New(`(?m)^(\w+)(?:\s*:\s*[\w.]+)?\s*=\s*(?:\w+\.)*(?:Flask|(?:create|make|build|get)_(?:app|application|wsgi_app))\(`)

// appIn is the app in the module that gunicorn is told, where it has just one.
func (b *builder) appIn(t UnitText, folder string) [2]string {
	var n fact.Notes
	if len(t.Exec) != 1 {
		return [2]string{}
	}
	args := gunicorn.ParseArgs(t.Exec[0].WithEnv(values(t.Env)), "")
	told := args.App.String()
	if v, ok := args.Get("chdir"); ok && path.IsAbs(v.Text) {
		folder = v.Text
	}
	module := strings.TrimSuffix(args.App.Module, ".py")
	module = strings.ReplaceAll(module, "/", ".")
	if told == "" || module == "" {
		return [2]string{}
	}
	file := path.Join(folder, strings.ReplaceAll(module, ".", "/"))
	text, state := b.f.File(file + ".py").Look(&n)
	if state == fact.IsAbsent {
		text, _ = b.f.File(file + "/__init__.py").Look(&n)
	}
	found := ""
	for _, m := range flaskApp.FindAllStringSubmatch(text, -1) {
		if found != "" && found != m[1] {
			return [2]string{}
		}
		found = m[1]
	}
	if found == "" {
		return [2]string{}
	}
	return [2]string{told, module + ":" + found}
}
