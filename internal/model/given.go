package model

import (
	"path"
	"slices"
	"strings"
)

// givenKinds are what nobody outside should have, the worst first.
var givenKinds = []string{"secrets", "repository", "database", "key", "backup", "source"}

// givenKind sorts a file that a web server could give out; "" is a file that
// may well be public. In a folder that the app writes for its visitors only
// what never is an upload counts.
func givenKind(rel, file, code string, others bool) string {
	name := strings.ToLower(path.Base(rel))
	parts := strings.Split(rel, "/")
	if parts[0] == ".well-known" || slices.ContainsFunc(parts, notTheirs) {
		return ""
	}
	own := code != "" && under(file, code) && !slices.ContainsFunc(strings.Split(strings.TrimPrefix(file, code), "/"), forVisitors)
	switch {
	case name == ".env" || strings.HasPrefix(name, ".env.") && !pattern(name):
		return "secrets"
	case name == "head" && len(parts) > 1 && parts[len(parts)-2] == ".git":
		return "repository"
	case others && !own:
		return ""
	case hasSuffix(name, ".sqlite", ".sqlite3", ".db"):
		return "database"
	case name == "id_rsa", name == "id_ed25519", hasSuffix(name, ".key", ".p12", ".pfx"), strings.HasSuffix(name, ".pem") && strings.Contains(name, "key"):
		return "key"
	case hasSuffix(name, ".sql", ".sql.gz", ".dump", ".bak", ".old", ".orig", ".py~", ".swp"):
		return "backup"
	case own && (strings.HasSuffix(name, ".py") || slices.Contains(parts, "instance") || slices.Contains(projectFiles, name)):
		return "source"
	}
	return ""
}

var projectFiles = []string{"requirements.txt", "pyproject.toml", "setup.cfg", "alembic.ini", "pipfile", "pipfile.lock", "dockerfile", "docker-compose.yml", "compose.yaml"}

// pattern says that a file shows how a .env would look.
func pattern(name string) bool {
	return hasSuffix(name, "example", "sample", "template", "dist")
}

func hasSuffix(s string, of ...string) bool {
	return slices.ContainsFunc(of, func(x string) bool { return strings.HasSuffix(s, x) })
}

// notTheirs are folders of programs that anybody can fetch elsewhere.
func notTheirs(part string) bool {
	return slices.Contains([]string{"site-packages", "dist-packages", "node_modules", "__pycache__", "venv", ".venv"}, part)
}

// forVisitors are folders inside the code whose files are meant for visitors.
func forVisitors(part string) bool {
	return slices.Contains([]string{"static", "uploads", "upload", "media", "public", "assets"}, part)
}
