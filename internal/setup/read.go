package setup

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"assay/internal/host"
	"assay/internal/syntax/lockfile"
)

// App is what an app's files say about it, before any of them is executed.
type App struct {
	Entries  []string // ways to start it, the likeliest first
	Packages []string // the names of those that it wants, in lower case, - for _
	List     string   // where they stand: requirements.txt, uv.lock
	Locked   string   // the same as pip reads it, where it does not read List itself
	Listed   string   // the text that pip reads
	Needs    []string // variables that it cannot do without
	Asks     []string // variables that it looks at
	Static   string   // its static folder, relative to it; "" where it has none
	MaxBody  int64    // bytes of a request's body, 0 where it sets no limit
	Migrates bool     // Flask-Migrate with a folder of migrations
	Health   string   // a route that says how it is
	Metrics  string   // a route for a collector of numbers
	Uploads  string   // the URL's path below which uploaded files are served
	SQLite   bool     // it names an SQLite file
	Sets     []string // headers that it sets by itself, in lower case
	Python   string   // "3.11": the least that it says it needs

	speaksOfHealth bool // the word stands somewhere in its code
}

// Has says that a package is wanted.
func (a App) Has(names ...string) bool {
	return slices.ContainsFunc(a.Packages, func(p string) bool { return slices.Contains(names, p) })
}

// numbers says that its workers share numbers for a collector in a folder.
func (a App) numbers() bool { return a.Has("prometheus-client", "prometheus-flask-exporter") }

// More are the packages that a site wants beside the app's own.
func (a App) More() []string {
	if a.Has("gunicorn") {
		return nil
	}
	return []string{"gunicorn"}
}

const (
	mostRead   = 4 << 20 // a lock of uv's names each wheel
	mostSource = 5000
)

// Read reads an app's folder. Nothing outside of it is opened, nothing that is no
// regular file, and nothing of it is executed.
func Read(source string) (App, error) {
	root, err := os.OpenRoot(source)
	if err != nil {
		return App{}, fmt.Errorf("read the app: %w", err)
	}
	defer root.Close()
	r := reading{root: root, seen: map[string]bool{}, lists: map[string]string{}}
	if err := fs.WalkDir(root.FS(), ".", r.visit); err != nil {
		return App{}, fmt.Errorf("read the app in %s: %w", source, err)
	}
	if err := r.list(source); err != nil {
		return App{}, err
	}
	if !r.app.Has("flask") {
		return App{}, fmt.Errorf("%s/%s does not ask for Flask: is this the app's own folder?", source, r.app.List)
	}
	r.entries()
	if r.app.Has("flask-talisman") {
		r.app.Sets = ownHeaders
	}
	slices.Sort(r.app.Needs)
	slices.Sort(r.app.Asks)
	return r.app, nil
}

type reading struct {
	root    *os.Root
	app     App
	files   int
	seen    map[string]bool
	found   map[string]string // by module: what makes the app in it
	statics []string
	lists   map[string]string // texts that may name the packages, by file
}

// list takes the best of what names the app's packages.
func (r *reading) list(source string) error {
	for _, name := range lockfile.Names {
		text, there := r.lists[name]
		if !there {
			continue
		}
		if !lockfile.ForPip(name) {
			locked, err := lockfile.Requirements(name, text, r.lists["pyproject.toml"])
			if errors.Is(err, lockfile.ErrNone) {
				continue
			}
			if err != nil {
				return fmt.Errorf("%s/%s: %w", source, name, err)
			}
			r.app.Locked, text = locked, locked
		}
		r.app.List, r.app.Listed, r.app.Packages = name, text, packagesOf(text)
		return nil
	}
	return fmt.Errorf("%s holds neither requirements.txt nor a lock file: nobody can know which packages the app needs\nhint: pip freeze > requirements.txt where it runs", source)
}

var (
	makes    = regexp.MustCompile(`(?m)^(\w+)\s*(?::[^=\n]+)?=\s*(?:flask\.)?Flask\(`)
	calls    = regexp.MustCompile(`(?m)^(\w+)\s*(?::[^=\n]+)?=\s*(create_app|make_app)\(`)
	factory  = regexp.MustCompile(`(?m)^def (create_app|make_app)\(([^)]*)\)`)
	anyFlask = regexp.MustCompile(`(?:=|return)\s*(?:flask\.)?Flask\(`)
	needs    = regexp.MustCompile(`os\.environ\[["']([A-Z][A-Z0-9_]*)["']\]`)
	asks     = regexp.MustCompile(`(?:os\.environ\.get|os\.getenv|environ\.get|getenv)\(\s*["']([A-Z][A-Z0-9_]*)["']`)
	maxBody  = regexp.MustCompile(`MAX_CONTENT_LENGTH["']?\]?\s*[:=]\s*([0-9][0-9_ *]*)`)
	routes   = regexp.MustCompile(`(?:route|get)\(\s*["'](/[^"'<]*)(<[^"']*)?["']`)
	sqlite   = regexp.MustCompile(`sqlite:///`)
	pyNeeds  = regexp.MustCompile(`requires-python\s*=\s*["']\s*>=\s*(3\.\d+)`)
)

// ownHeaders are those that nginx leaves to an app which sets them: twice the same
// is one that nobody can change.
var ownHeaders = []string{"strict-transport-security", "x-content-type-options"}

var healthPaths = []string{"/health", "/healthz", "/health/", "/healthcheck", "/_health", "/ready", "/readyz", "/livez", "/status", "/ping"}

func (r *reading) visit(name string, d fs.DirEntry, err error) error {
	if err != nil {
		return err
	}
	if d.IsDir() {
		if name != "." && (slices.Contains(host.NotReleased, d.Name()) || strings.HasPrefix(d.Name(), ".") || d.Name() == "tests" || d.Name() == "test") {
			return fs.SkipDir
		}
		if d.Name() == "static" {
			r.statics = append(r.statics, name)
		}
		return nil
	}
	if r.files++; r.files > mostSource*10 {
		return errors.New("it holds too many files to be an app's own folder")
	}
	switch {
	case slices.Contains(lockfile.Names, name):
		text, err := r.text(name)
		if err != nil {
			return err
		}
		r.lists[name] = text
		if m := pyNeeds.FindStringSubmatch(text); name == "pyproject.toml" && m != nil {
			r.app.Python = m[1]
		}
	case name == "migrations/env.py":
		r.app.Migrates = true
	case strings.HasSuffix(name, ".py") && !strings.HasPrefix(name, "migrations/"):
		text, err := r.text(name)
		if err != nil {
			return err
		}
		r.source(name, text)
	}
	return nil
}

func (r *reading) text(name string) (string, error) {
	f, err := r.root.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		return "", err
	}
	b, err := io.ReadAll(io.LimitReader(f, mostRead))
	return string(b), err
}

func (r *reading) source(name, text string) {
	if r.found == nil {
		r.found = map[string]string{}
	}
	module := strings.TrimSuffix(strings.ReplaceAll(strings.TrimSuffix(name, ".py"), "/", "."), ".__init__")
	switch {
	case makes.MatchString(text):
		r.found[module] = makes.FindStringSubmatch(text)[1]
	case calls.MatchString(text):
		r.found[module] = calls.FindStringSubmatch(text)[1]
	case factory.MatchString(text):
		if m := factory.FindStringSubmatch(text); callable(m[2]) {
			r.found[module] = m[1] + "()"
		}
	}
	if anyFlask.MatchString(text) {
		if folder := path.Join(path.Dir(name), "static"); r.app.Static == "" && r.is(folder) {
			r.app.Static = folder
		}
	}
	for _, m := range needs.FindAllStringSubmatch(text, -1) {
		r.app.Needs = once(r.app.Needs, m[1])
	}
	for _, m := range asks.FindAllStringSubmatch(text, -1) {
		r.app.Asks = once(r.app.Asks, m[1])
	}
	if m := maxBody.FindStringSubmatch(text); m != nil {
		r.app.MaxBody = product(m[1])
	}
	for _, h := range ownHeaders {
		if strings.Contains(strings.ToLower(text), h) {
			r.app.Sets = once(r.app.Sets, h)
		}
	}
	r.app.speaksOfHealth = r.app.speaksOfHealth || strings.Contains(strings.ToLower(text), "health")
	r.app.SQLite = r.app.SQLite || sqlite.MatchString(text)
	for _, m := range routes.FindAllStringSubmatch(text, -1) {
		switch {
		case m[2] == "" && slices.Contains(healthPaths, m[1]) && (r.app.Health == "" || slices.Index(healthPaths, m[1]) < slices.Index(healthPaths, r.app.Health)):
			r.app.Health = m[1]
		case m[2] == "" && m[1] == "/metrics":
			r.app.Metrics = m[1]
		}
	}
}

func (r *reading) is(folder string) bool {
	st, err := r.root.Stat(folder)
	return err == nil && st.IsDir()
}

// callable says that a function can be called without arguments.
func callable(parameters string) bool {
	for _, p := range strings.Split(parameters, ",") {
		if p = strings.TrimSpace(p); p != "" && !strings.Contains(p, "=") && !strings.HasPrefix(p, "*") {
			return false
		}
	}
	return true
}

// entries puts first what is made to be started: wsgi.py, then what stands at the
// top, then what is shorter.
func (r *reading) entries() {
	rank := func(module string) int {
		if i := slices.Index([]string{"wsgi", "app", "main", "application", "run", "server"}, module); i >= 0 {
			return i
		}
		return 10 + strings.Count(module, ".")
	}
	var modules []string
	for m := range r.found {
		modules = append(modules, m)
	}
	slices.SortFunc(modules, func(a, b string) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	for _, m := range modules {
		r.app.Entries = append(r.app.Entries, m+":"+r.found[m])
	}
}

var requirement = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9._-]*)`)

func packagesOf(text string) []string {
	var out []string
	for l := range strings.Lines(text) {
		if m := requirement.FindString(strings.TrimSpace(l)); m != "" {
			out = once(out, strings.ToLower(strings.NewReplacer("_", "-", ".", "-").Replace(m)))
		}
	}
	return out
}

func product(s string) int64 {
	n := int64(1)
	for _, f := range strings.Split(s, "*") {
		v, err := strconv.ParseInt(strings.ReplaceAll(strings.TrimSpace(f), "_", ""), 10, 64)
		if err != nil || v <= 0 || n > 1<<40/v {
			return 0
		}
		n *= v
	}
	return n
}

func once(list []string, v string) []string {
	if slices.Contains(list, v) {
		return list
	}
	return append(list, v)
}
