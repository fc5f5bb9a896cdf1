package setup

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"assay/internal/plan"
)

func folderOf(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestReadAnApp(t *testing.T) {
	dir := folderOf(t, map[string]string{
		"requirements.txt":  "Flask>=2\n# a comment\n-r more.txt\nFlask_Migrate==4\npsycopg2-binary\n",
		"wsgi.py":           "from shop import create_app\napp = create_app()\n",
		"shop/__init__.py":  "from flask import Flask\ndef create_app(test=None):\n    app = Flask(__name__)\n    app.config['MAX_CONTENT_LENGTH'] = 8 * 1024 * 1024\n    return app\n",
		"shop/config.py":    "import os\nKEY = os.environ['SECRET_KEY']\nX = os.environ.get('SENTRY_DSN')\n",
		"shop/ops.py":       "@bp.route('/health')\ndef health(): ...\n@bp.get(\"/metrics\")\ndef m(): ...\n",
		"shop/static/a.css": "", "migrations/env.py": "", "tests/test_it.py": "import os\nos.environ['NOT_THIS']\n", "venv/lib/x.py": "os.environ['NOR_THIS']",
	})
	a, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a.Entries, []string{"wsgi:app", "shop:create_app()"}) || !slices.Equal(a.Needs, []string{"SECRET_KEY"}) || !slices.Equal(a.Asks, []string{"SENTRY_DSN"}) {
		t.Errorf("%+v", a)
	}
	if a.Static != "shop/static" || a.MaxBody != 8<<20 || !a.Migrates || a.Health != "/health" || a.Metrics != "/metrics" || !a.Has("flask-migrate") || a.Has("-r") {
		t.Errorf("%+v", a)
	}
}

func TestWhatIsNoAppIsRefused(t *testing.T) {
	for want, files := range map[string]map[string]string{
		"holds neither requirements.txt nor": {"app.py": "app = Flask(__name__)\n"},
		"does not ask for Flask":             {"app.py": "app = Flask(__name__)\n", "requirements.txt": "django\n"},
	} {
		if _, err := Read(folderOf(t, files)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
}

// A factory that wants an argument is no way to start an app.
func TestEntries(t *testing.T) {
	a, err := Read(folderOf(t, map[string]string{"app.py": "def create_app(config):\n    return Flask(__name__)\n", "requirements.txt": "flask\n"}))
	if err != nil || len(a.Entries) > 0 {
		t.Error(a.Entries, err)
	}
}

// A folder is read as root and may be anybody's: what leads out of it is not
// opened, and what never ends is not waited for.
func TestAHostileFolder(t *testing.T) {
	dir := folderOf(t, map[string]string{"requirements.txt": "flask\n", "app.py": "from flask import Flask\napp = Flask(__name__)\n"})
	secret := filepath.Join(t.TempDir(), "secret.py")
	if err := os.WriteFile(secret, []byte("os.environ['LEAKED']"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(dir, "evil.py")); err != nil {
		t.Fatal(err)
	}
	if a, err := Read(dir); err == nil && slices.Contains(a.Needs, "LEAKED") {
		t.Error("a link out of the folder was followed")
	}
	if err := os.Remove(filepath.Join(dir, "evil.py")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.py"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(dir); err != nil {
		t.Error(err)
	}
}

func TestIntents(t *testing.T) {
	good := Intent{Name: "shop", Entry: "wsgi:app", Domains: []string{"shop.example"}, Email: "ops@shop.example"}
	if err := good.Valid(); err != nil {
		t.Error(err)
	}
	for want, spoil := range map[string]func(*Intent){
		"--name":   func(i *Intent) { i.Name = "postgres" },
		"--domain": func(i *Intent) { i.Domains = []string{"shop.example; include /etc"} },
		"--email":  func(i *Intent) { i.Email = "--server=x@y.example" },
		"--entry":  func(i *Intent) { i.Entry = "wsgi:app --reload" },
	} {
		bad := good
		spoil(&bad)
		if err := bad.Valid(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// What a secret became is what was written; what an operator changed is not.
func TestSame(t *testing.T) {
	body := "A=1\nKEY=" + plan.Secret + "\nZ=2\n"
	for text, want := range map[string]bool{"A=1\nKEY=abc\nZ=2\n": true, "A=1\nKEY=abc\nZ=3\n": false, "KEY=abc\nZ=2\n": false} {
		if same(body, text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

// The plan of a whole site has each variable that the app asks for, no secret of
// its own making in the open, and nginx's half only where the app has something.
func TestPlan(t *testing.T) {
	a := App{Packages: []string{"flask", "gunicorn"}, List: "requirements.txt", Needs: []string{"SECRET_KEY", "DATABASE_URL"}, Sets: []string{"x-content-type-options"}}
	i := Intent{Name: "shop", Source: "/x", Entry: "shop:create_app()", Domains: []string{"shop.example"}, Email: "a@b.example", Store: SQLite}
	p := Plan(i, a, Machine{ID: "debian", Version: "13", CPUs: 2, Memory: 4 << 30, SSH: []string{"2222"}}, "1")
	var all strings.Builder
	for _, s := range p.All() {
		all.WriteString(s.Path + "\n" + s.Body + strings.Join(s.Args, " ") + "\n")
		for _, l := range s.Lines {
			all.WriteString(strings.Join(l.New, "\n"))
		}
	}
	text := all.String()
	for _, want := range []string{"DATABASE_URL=sqlite:////srv/shop/data/shop.db", "SECRET_KEY=" + plan.Secret, "http2 on;", "2222/tcp", "'shop:create_app()'", "ReadWritePaths=/run/shop /srv/shop/data", "VACUUM INTO"} {
		if !strings.Contains(text, want) {
			t.Errorf("the plan lacks %q", want)
		}
	}
	for _, not := range []string{"postgres", "redis", "location /static/", "location /uploads/", "nosniff", "migrate", "%!"} {
		if strings.Contains(text, not) {
			t.Errorf("the plan has %q", not)
		}
	}
}

func TestReleaseNames(t *testing.T) {
	i := Intent{Name: "no-such-app-here", Source: folderOf(t, map[string]string{"a.py": "1", ".git/x": "1"})}
	now := time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	one, err := Release(i, now)
	if err != nil || !strings.HasPrefix(one, "20261123T140000-") {
		t.Fatal(one, err)
	}
	if err := os.WriteFile(filepath.Join(i.Source, ".git/x"), []byte("2"), 0o644); err != nil {
		t.Fatal(err)
	}
	if same, _ := Release(i, now); same != one {
		t.Error("what is not released changes the name")
	}
	if err := os.WriteFile(filepath.Join(i.Source, "a.py"), []byte("2"), 0o644); err != nil {
		t.Fatal(err)
	}
	if other, _ := Release(i, now); other == one {
		t.Error("other code has the same name")
	}
}

// A value that was given is written, and shown to nobody.
func TestShown(t *testing.T) {
	i := Intent{Name: "shop", Entry: "a:app", Domains: []string{"shop.example"}, Email: "a@b.example", Store: NoStore, Env: map[string]string{"MAIL_PASSWORD": "hunter 2"}}
	p := Plan(i, App{Packages: []string{"flask"}, Needs: []string{"MAIL_PASSWORD"}}, Machine{}, "1")
	text := func(p plan.Plan) (all string) {
		for _, s := range p.All() {
			all += s.Body
		}
		return all
	}
	if s := text(p); !strings.Contains(s, "MAIL_PASSWORD=\"hunter 2\"\n") {
		t.Error("the value is not written")
	}
	if s := text(Shown(p, i)); strings.Contains(s, "hunter") || !strings.Contains(s, "MAIL_PASSWORD=[given]\n") {
		t.Error("the value is shown")
	}
	if s := text(p); !strings.Contains(s, "hunter") {
		t.Error("showing a plan changed it")
	}
}

// What an app says as it fails may hold what it was given.
func TestVeil(t *testing.T) {
	i := Intent{Name: "shop", Entry: "a:app", Env: map[string]string{"MAIL": "smtp://me:correct-horse@mail.example", "REGION": "eu", "PLACE": "behind the mill"}}
	got := i.veil("ValueError: eu, behind the mill, correct-horse, smtp://me:correct-horse@mail.example")
	if strings.Contains(got, "horse") || strings.Contains(got, "mill") || !strings.HasPrefix(got, "ValueError: eu, [given], ") {
		t.Error(got)
	}
	if i.veil("") != "" {
		t.Error("something of nothing")
	}
}
