package lockfile

import (
	"errors"
	"strings"
	"testing"
)

func check(t *testing.T, name, text, project, want string) {
	t.Helper()
	got, err := Requirements(name, text, project)
	if err != nil {
		t.Fatal(err)
	}
	if want = "# From " + name + ", for pip.\n" + strings.TrimPrefix(want, "\n"); got != want {
		t.Errorf("%s becomes\n%swant\n%s", name, got, want)
	}
}

// As uv 0.9 writes it: what the app needs, with the conditions of the whole way; a
// package in two versions; an extra that is asked for; nothing of the group dev.
func TestUV(t *testing.T) {
	check(t, "uv.lock", `version = 1
revision = 3
requires-python = ">=3.9"
resolution-markers = ["python_full_version >= '3.10'", "python_full_version < '3.10'"]

[[package]]
name = "shop"
version = "0.1.0"
source = { virtual = "." }
dependencies = [
    { name = "flask", extra = ["async"] },
    { name = "click", version = "8.1.8", source = { registry = "https://pypi.org/simple" }, marker = "python_full_version < '3.10'" },
    { name = "click", version = "8.3.1", source = { registry = "https://pypi.org/simple" }, marker = "python_full_version >= '3.10'" },
]

[package.optional-dependencies]
docs = [{ name = "sphinx" }]

[package.dev-dependencies]
dev = [{ name = "pytest" }]

[package.metadata]
requires-dist = [{ name = "flask", extras = ["async"] }]

[[package]]
name = "click"
version = "8.1.8"
source = { registry = "https://pypi.org/simple" }
resolution-markers = ["python_full_version < '3.10'"]
dependencies = [{ name = "colorama", marker = "python_full_version < '3.10' and sys_platform == 'win32'" }]
wheels = [{ url = "https://files.pythonhosted.org/c8-py3-none-any.whl", hash = "sha256:cc", size = 1 }]

[[package]]
name = "click"
version = "8.3.1"
source = { registry = "https://pypi.org/simple" }
resolution-markers = ["python_full_version >= '3.10'"]
dependencies = [{ name = "colorama", marker = "sys_platform == 'win32' or os_name == 'nt'" }]
wheels = [{ url = "https://files.pythonhosted.org/c83-py3-none-any.whl", hash = "sha256:dd", size = 1 }]

[[package]]
name = "colorama"
version = "0.4.6"
source = { registry = "https://pypi.org/simple" }
wheels = [{ url = "https://files.pythonhosted.org/col-py3-none-any.whl", hash = "sha256:aa", size = 1 }]

[[package]]
name = "flask"
version = "3.1.2"
source = { registry = "https://pypi.org/simple" }
dependencies = [{ name = "werkzeug" }]
sdist = { url = "https://files.pythonhosted.org/flask-3.1.2.tar.gz", hash = "sha256:bb", size = 1, upload-time = "2025-08-19T21:03:21.205Z" }
wheels = [{ url = "https://files.pythonhosted.org/flask-3.1.2-py3-none-any.whl", hash = "sha256:aa", size = 1 }]

[package.optional-dependencies]
async = [{ name = "asgiref" }]
dotenv = [{ name = "python-dotenv" }]

[[package]]
name = "asgiref"
version = "3.11.0"
source = { registry = "https://pypi.org/simple" }
wheels = [{ url = "https://files.pythonhosted.org/asgiref.whl", hash = "sha256:cc", size = 1 }]

[[package]]
name = "pytest"
version = "9.0.2"
source = { git = "https://github.com/pytest-dev/pytest?rev=main#1234" }

[[package]]
name = "werkzeug"
version = "3.1.4"
source = { registry = "https://pypi.org/simple" }
dependencies = [{ name = "flask" }]
wheels = [{ url = "https://files.pythonhosted.org/w.whl", hash = "sha256:dd", size = 1 }]
`, "", `
asgiref==3.11.0 \
    --hash=sha256:cc
click==8.1.8 ; python_full_version < '3.10' \
    --hash=sha256:cc
click==8.3.1 ; python_full_version >= '3.10' \
    --hash=sha256:dd
colorama==0.4.6 ; ((sys_platform == 'win32' or os_name == 'nt') and python_full_version >= '3.10') or (python_full_version < '3.10' and python_full_version < '3.10' and sys_platform == 'win32') \
    --hash=sha256:aa
flask==3.1.2 \
    --hash=sha256:aa \
    --hash=sha256:bb
werkzeug==3.1.4 \
    --hash=sha256:dd
`)
}

const poetry1 = `
[[package]]
name = "flask"
version = "2.2.5"
description = "A simple framework for building complex web applications."
category = "main"
optional = false
python-versions = ">=3.7"
files = [
    {file = "Flask-2.2.5-py3-none-any.whl", hash = "sha256:aa"},
    {file = "Flask-2.2.5.tar.gz", hash = "sha256:bb"},
]

[package.dependencies]
asgiref = {version = ">=3.2", optional = true, markers = "extra == \"async\""}
importlib-metadata = {version = ">=3.6.0", markers = "python_version < \"3.10\""}

[package.extras]
async = ["asgiref (>=3.2)"]

[[package]]
name = "importlib-metadata"
version = "6.6.0"
optional = false
files = [{file = "i.whl", hash = "sha256:cc"}]

[[package]]
name = "asgiref"
version = "3.7.2"
optional = false
files = [{file = "a.whl", hash = "sha256:dd"}]

[[package]]
name = "tomli"
version = "2.0.1"
optional = false
files = [{file = "t.whl", hash = "sha256:dd"}]

[[package]]
name = "pytest"
version = "7.3.1"
optional = false
files = [{file = "p.whl", hash = "sha256:dd"}]

[metadata]
lock-version = "2.0"
python-versions = "^3.9"
content-hash = "0"
`

// As poetry 1.x writes it: pyproject.toml says where the way begins.
func TestPoetry1(t *testing.T) {
	project := `[tool.poetry.dependencies]
python = "^3.9"
Flask = {version = "^2.2", extras = ["async"]}
tomli = {version = "*", python = "<3.11"}
[tool.poetry.group.dev.dependencies]
pytest = "^7"
`
	check(t, "poetry.lock", poetry1, project, `
asgiref==3.7.2 \
    --hash=sha256:dd
flask==2.2.5 \
    --hash=sha256:aa \
    --hash=sha256:bb
importlib-metadata==6.6.0 ; python_version < "3.10" \
    --hash=sha256:cc
tomli==2.0.1 ; python_full_version < "3.11" \
    --hash=sha256:dd
`)
	if _, err := Requirements("poetry.lock", poetry1, ""); err == nil {
		t.Error("nothing says which packages are the app's")
	}
}

// As poetry 2.1 writes it: each package says which groups want it, and where.
func TestPoetry2(t *testing.T) {
	check(t, "poetry.lock", `# This file is automatically @generated by Poetry 2.1.1
[[package]]
name = "colorama"
version = "0.4.6"
optional = false
python-versions = ">=2.7"
groups = ["main", "dev"]
files = [{file = "colorama.whl", hash = "sha256:aa"}]
markers = {main = "platform_system == \"Windows\"", dev = "sys_platform == \"win32\""}

[[package]]
name = "flask"
version = "3.1.0"
optional = false
groups = ["main"]
files = [{file = "flask.whl", hash = "sha256:bb"}]

[package.source]
type = "legacy"
url = "https://pypi.example/simple"
reference = "mirror"

[[package]]
name = "gunicorn"
version = "23.0.0"
optional = true
groups = ["main"]
markers = "extra == \"serve\""
files = [{file = "gunicorn.whl", hash = "sha256:cc"}]

[[package]]
name = "pytest"
version = "8.3.5"
optional = false
groups = ["dev"]
files = [{file = "pytest.whl", hash = "sha256:cc"}]

[metadata]
lock-version = "2.1"
`, "", `
colorama==0.4.6 ; platform_system == "Windows" \
    --hash=sha256:aa
flask==3.1.0 \
    --hash=sha256:bb
`)
}

// PEP 751, as pip, uv and pdm write it. What it says of groups and extras is
// answered here: the default groups, and no extra.
func TestPylock(t *testing.T) {
	check(t, "pylock.toml", `lock-version = "1.0"
requires-python = ">=3.11"
extras = ["redis"]
dependency-groups = ["default", "dev"]
default-groups = ["default"]
created-by = "pdm"

[[packages]]
name = "flask"
version = "3.1.2"
marker = "\"default\" in dependency_groups"
sdist = {name = "flask-3.1.2.tar.gz", url = "https://files.pythonhosted.org/flask-3.1.2.tar.gz", hashes = {sha256 = "bb"}}

[[packages.wheels]]
name = "flask-3.1.2-py3-none-any.whl"
url = "https://files.pythonhosted.org/flask-3.1.2-py3-none-any.whl"
hashes = {sha256 = "aa", md5 = "ff"}

[[packages]]
name = "redis"
version = "7.0.0"
marker = "\"redis\" in extras and python_version >= \"3.12\" or \"dev\" not in dependency_groups and sys_platform == \"linux\""
wheels = [{url = "https://files.pythonhosted.org/redis.whl", hashes = {sha256 = "cc"}}]

[[packages]]
name = "pytest"
marker = "\"dev\" in dependency_groups"
vcs = {type = "git", url = "https://example.org/pytest", commit-id = "1"}

[[packages]]
name = "shop"
directory = {path = ".", editable = true}
`, "", `
flask==3.1.2 \
    --hash=sha256:aa \
    --hash=sha256:bb
redis==7.0.0 ; python_version < "0" and python_version >= "3.12" or python_version >= "0" and sys_platform == "linux" \
    --hash=sha256:cc
`)
	if _, err := Requirements("pylock.toml", "lock-version = '2.0'\n", ""); err == nil || !strings.Contains(err.Error(), "2.0") {
		t.Error(err)
	}
}

func TestPipfile(t *testing.T) {
	check(t, "Pipfile.lock", `{"_meta": {"pipfile-spec": 6, "sources": [{"name": "pypi", "url": "https://pypi.org/simple", "verify_ssl": true}]},
"default": {
  "flask": {"hashes": ["sha256:bb", "sha256:aa"], "index": "pypi", "markers": "python_version >= '3.9'", "version": "==3.1.0"},
  "click": {"hashes": ["sha256:cc"], "version": "==8.1.8"}},
"develop": {"pytest": {"hashes": ["sha256:dd"], "version": "==8.3.4"}}}`, "", `
click==8.1.8 \
    --hash=sha256:cc
flask==3.1.0 ; python_version >= '3.9' \
    --hash=sha256:aa \
    --hash=sha256:bb
`)
}

func TestProject(t *testing.T) {
	check(t, "pyproject.toml", "[project]\nname = 'shop'\ndependencies = ['Flask[async] >= 3', \"tomli; python_version < '3.11'\"]\n[project.optional-dependencies]\ndev = ['pytest']\n", "",
		"Flask[async] >= 3\ntomli; python_version < '3.11'\n")
	if _, err := Requirements("pyproject.toml", "[tool.black]\nline-length = 100\n", ""); !errors.Is(err, ErrNone) {
		t.Error(err)
	}
}

// What no hash answers for, and what is no lock, is said.
func TestRefused(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"Pipfile.lock", `{"default": {"shop-core": {"git": "https://example.org/core", "ref": "1"}}}`, "shop-core comes from git"},
		{"uv.lock", "[[package]]\nname='shop'\nsource={virtual='.'}\ndependencies=[{name='core'}]\n[[package]]\nname='core'\nversion='1'\nsource={editable='packages/core'}\n", "core comes from editable"},
		{"uv.lock", "[[package]]\nname='shop'\nsource={virtual='.'}\ndependencies=[{name='core'}]\n", "core is needed, and not locked"},
		{"uv.lock", "[[package]]\nname='flask'\nversion='1'\nsource={registry='x'}\n", "none of its packages is the app itself"},
		{"poetry.lock", "[[package]]\nname='a'\nversion='1\\n--index-url=http://evil.example'\noptional=false\ngroups=['main']\n", "is no package"},
		{"pyproject.toml", "[project]\ndynamic=['dependencies']\n", "worked out as it is built"},
		{"pyproject.toml", "[project]\ndependencies=['--index-url=http://evil.example']\n", "is no package"},
		{"uv.lock", "[[package", "toml"},
	} {
		if got, err := Requirements(c.name, c.text, ""); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q, %v; want %q", c.name, got, err, c.want)
		}
	}
}
