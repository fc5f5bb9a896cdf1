// Package lockfile reads the lists of packages that Python's tools write, and
// turns a lock into a list for pip: each package with its version, its hashes and
// the environments that it is for. Whether one is for this host is left to pip.
// What is optional, and what is for development alone, is left out.
package lockfile

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// Names are the lists that an app may come with; an earlier one is taken first.
var Names = []string{"requirements.lock", "requirements.txt", "pylock.toml", "uv.lock", "poetry.lock", "Pipfile.lock", "pyproject.toml"}

// ForPip says that pip reads a list as it is.
func ForPip(name string) bool { return strings.HasPrefix(name, "requirements.") }

// ErrNone says that a file names no packages: a pyproject.toml may be there for
// other things alone.
var ErrNone = errors.New("it names no packages")

// Requirements is a lock as pip reads it. project is the text of pyproject.toml
// beside it, "" where there is none.
func Requirements(name, text, project string) (string, error) {
	var pins []pin
	var err error
	switch name {
	case "pylock.toml":
		pins, err = fromPylock(text)
	case "uv.lock":
		pins, err = fromUV(text)
	case "poetry.lock":
		pins, err = fromPoetry(text, project)
	case "Pipfile.lock":
		pins, err = fromPipfile(text)
	case "pyproject.toml":
		return fromProject(text)
	default:
		err = errors.New("no lock that is known")
	}
	if err == nil && len(pins) == 0 {
		err = ErrNone
	}
	if err != nil {
		return "", err
	}
	return write(name, pins)
}

// pin is a package with one version.
type pin struct {
	name, version, marker string
	hashes                []string
	elsewhere             string // where it comes from, if from no index: "git"
}

var export = map[string]string{
	"uv.lock": "uv export --no-dev --no-emit-project --output-file requirements.txt", "poetry.lock": "poetry export --output requirements.txt",
	"Pipfile.lock": "pipenv requirements > requirements.txt", "pylock.toml": "write what it holds into a requirements.txt",
}

var (
	goodName    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
	goodVersion = regexp.MustCompile(`^[A-Za-z0-9.!+_-]+$`)
	goodHash    = regexp.MustCompile(`^(sha256|sha384|sha512):[0-9a-f]+$`)
	goodMarker  = regexp.MustCompile(`^[A-Za-z0-9_.,'"<>=!~()\[\]*+ -]*$`)
)

func write(name string, pins []pin) (string, error) {
	slices.SortStableFunc(pins, func(a, b pin) int {
		if c := strings.Compare(normal(a.name), normal(b.name)); c != 0 {
			return c
		}
		return strings.Compare(a.version, b.version)
	})
	var b strings.Builder
	fmt.Fprintf(&b, "# From %s, for pip.\n", name)
	for _, p := range pins {
		if p.elsewhere != "" {
			return "", fmt.Errorf("%s comes from %s, which no hash answers for\nhint: %s", p.name, p.elsewhere, export[name])
		}
		if !goodName.MatchString(p.name) || !goodVersion.MatchString(p.version) || !goodMarker.MatchString(p.marker) {
			return "", fmt.Errorf("%q %q %q is no package, version and marker", p.name, p.version, p.marker)
		}
		fmt.Fprintf(&b, "%s==%s", p.name, p.version)
		if p.marker != "" {
			fmt.Fprintf(&b, " ; %s", p.marker)
		}
		slices.Sort(p.hashes)
		for _, h := range slices.Compact(p.hashes) {
			if goodHash.MatchString(h) { // pip takes no weaker ones
				fmt.Fprintf(&b, " \\\n    --hash=%s", h)
			}
		}
		b.WriteString("\n")
	}
	return b.String(), nil
}

var separators = regexp.MustCompile(`[-_.]+`)

// normal is a package's name as an index spells it (PEP 503).
func normal(name string) string { return strings.ToLower(separators.ReplaceAllString(name, "-")) }

// project is what of pyproject.toml says which packages an app needs.
type project struct {
	Project struct {
		Dependencies []string
		Dynamic      []string
	}
	Tool struct {
		Poetry struct{ Dependencies map[string]any }
	}
}

func fromProject(text string) (string, error) {
	var p project
	if err := toml.Unmarshal([]byte(text), &p); err != nil {
		return "", err
	}
	switch {
	case len(p.Project.Dependencies) == 0 && slices.Contains(p.Project.Dynamic, "dependencies"):
		return "", errors.New("its dependencies are worked out as it is built, and are not written there\nhint: pip freeze > requirements.txt where the app runs")
	case len(p.Project.Dependencies) == 0:
		return "", ErrNone
	}
	for _, d := range p.Project.Dependencies {
		if strings.ContainsAny(d, "\n\r\\") || !goodName.MatchString(parse(d).name) {
			return "", fmt.Errorf("%q is no package", d)
		}
	}
	return "# From pyproject.toml, for pip.\n" + strings.Join(p.Project.Dependencies, "\n") + "\n", nil
}

// file is what was published, in most formats.
type file struct {
	Hash   string
	Hashes map[string]string
}

func hashes(files []file) (out []string) {
	for _, f := range files {
		if f.Hash != "" {
			out = append(out, f.Hash)
		}
		for _, algorithm := range slices.Sorted(maps.Keys(f.Hashes)) {
			out = append(out, algorithm+":"+f.Hashes[algorithm])
		}
	}
	return out
}
