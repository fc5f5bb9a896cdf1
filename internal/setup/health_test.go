package setup

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const healthRoute = `@app.route("/health")`

// What is offered is a diff that git takes, and Python that compiles, with the route
// where it counts.
func TestHealthPatch(t *testing.T) {
	for name, c := range map[string]struct {
		entry string
		files map[string]string
		want  string // the module as it is then
	}{
		"a module": {"app:app", map[string]string{"app.py": "from flask import Flask\n\napp = Flask(\n    __name__,  # here\n)\napp.config[\"A\"] = 1\n\n\n@app.route(\"/\")\ndef index():\n    return \"hello\"\n"},
			"from flask import Flask\n\napp = Flask(\n    __name__,  # here\n)\n\n\n" + healthRoute + "\ndef health():\n    return {\"status\": \"ok\"}\n\n\napp.config[\"A\"] = 1\n\n\n@app.route(\"/\")\ndef index():\n    return \"hello\"\n"},
		"at its end": {"app:app", map[string]string{"app.py": "import flask\napp: flask.Flask = flask.Flask(__name__)\n"},
			"import flask\napp: flask.Flask = flask.Flask(__name__)\n\n\n" + healthRoute + "\ndef health():\n    return {\"status\": \"ok\"}\n"},
		"a factory": {"shop:create_app()", map[string]string{"shop/__init__.py": "'''app = Flask(__name__)\nreturn app'''\nfrom flask import Flask\n\ndef create_app(test=None):\n    app = Flask(__name__)\n    @app.route('/')\n    def index():\n        return 'x'\n    x = '''\n    # no comment'''\n    # done\n    return app\n\nother = 1\n"},
			"'''app = Flask(__name__)\nreturn app'''\nfrom flask import Flask\n\ndef create_app(test=None):\n    app = Flask(__name__)\n    @app.route('/')\n    def index():\n        return 'x'\n    x = '''\n    # no comment'''\n\n    " + healthRoute + "\n    def health():\n        return {\"status\": \"ok\"}\n\n    # done\n    return app\n\nother = 1\n"},
		"a factory behind wsgi.py, with tabs": {"wsgi:app", map[string]string{"wsgi.py": "from shop.web import (create_app)\napp = create_app({'a': 1})\n", "shop/web.py": "from flask import (\n\tBlueprint, Flask,\n)\ndef create_app(over):\n\tapp = Flask(__name__)\n\tif over:\n\t\tapp.config.update(over)\n\n\treturn app\n"},
			"from flask import (\n\tBlueprint, Flask,\n)\ndef create_app(over):\n\tapp = Flask(__name__)\n\tif over:\n\t\tapp.config.update(over)\n\n\t" + healthRoute + "\n\tdef health():\n\t\treturn {\"status\": \"ok\"}\n\n\treturn app\n"},
	} {
		c.files["requirements.txt"] = "flask\n"
		dir := folderOf(t, c.files)
		a, err := Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		file, diff := HealthPatch(Intent{Source: dir, Entry: c.entry}, a)
		git := exec.Command("git", "apply", "-p1", "-")
		git.Dir, git.Stdin = dir, strings.NewReader(diff)
		if out, err := git.CombinedOutput(); err != nil {
			t.Errorf("%s: git apply: %v\n%s%s", name, err, out, diff)
			continue
		}
		module := filepath.Join(dir, file)
		if b, err := os.ReadFile(module); err != nil || string(b) != c.want {
			t.Errorf("%s: %v\n%s", name, err, b)
		}
		if out, err := exec.Command("python3", "-m", "py_compile", module).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		if a, err := Read(dir); err != nil || a.Health != "/health" {
			t.Errorf("%s: %+v %v", name, a, err)
		}
	}
}

// Where anything is not certain, nothing is offered.
func TestNoHealthPatch(t *testing.T) {
	const head = "from flask import Flask\n"
	for entry, modules := range map[string][]string{
		"app:app": {
			head + "app = Flask(__name__)\n@app.route('/')\ndef healthy(): ...\n",
			head + "app = Flask(__name__)\napp.add_url_rule('/health', 'health', print)\n",
			head + "app = Flask(__name__)\r\n",
			head + "app = Flask(__name__)",
			head + "app = Flask(__name__)\napp = wrapped(app)\n",
			head + "app = Flask(__name__)\na, app = f(app)\n",
			head + "a = app = Flask(__name__)\n",
			head + "app = Flask(__name__).wsgi_app\n",
			head + "app = Flask(__name__); app.run()\n",
			head + "app = wrapped(Flask(__name__))\n",
			head + "if True:\n    app = Flask(__name__)\n",
			head + "app = Flask(__name__)\nfrom other import app\n",
			head + "app = Flask(__name__\n",
			"from flask import Flask as F\nfrom mine import Flask\napp = Flask(__name__)\n",
			"'''\napp = Flask(__name__)\n'''\n",
			"from .shop import create_app\napp = create_app()\n",
		},
		"app:create_app()": {
			head + "def create_app():\n    app = Flask(__name__)\n    if x:\n        return app\n    return app\n",
			head + "def create_app():\n    app = Flask(__name__)\n    if x:\n        app = wrapped(app)\n    return app\n",
			head + "def create_app():\n    app = Flask(__name__)\n    return wrapped(app)\n",
			head + "def create_app():\n    return Flask(__name__)\n",
			head + "def create_app(): return Flask(__name__)\n",
			head + "@cached\ndef create_app():\n    app = Flask(__name__)\n    return app\n",
			head + "def create_app():\n    global app\n    app = Flask(__name__)\n    return app\n",
			head + "def create_app():\n    app = Flask(__name__)\n    return app\ndef create_app():\n    app = Flask(__name__)\n    return app\n",
			head + "def create_app():\n    app = Flask(__name__)\n    with app.app_context():\n        return app\n",
			"from shop import create_app\n",
		},
	} {
		for _, text := range modules {
			dir := folderOf(t, map[string]string{"app.py": text, "requirements.txt": "flask\n"})
			a, err := Read(dir)
			if err != nil {
				t.Fatal(err)
			}
			if _, diff := HealthPatch(Intent{Source: dir, Entry: entry}, a); diff != "" {
				t.Errorf("%q:\n%s", text, diff)
			}
		}
	}
}
