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

type poetryPackage struct {
	Name, Version, Category string
	Optional                bool
	Groups                  []string
	Markers                 any // a marker, or one for each group
	Files                   []file
	Dependencies            map[string]any
	Extras                  map[string][]string
	Source                  *struct{ Type string }
}

// fromPoetry reads a lock of poetry. Since version 2 (2025) it says which groups
// want a package, and where; before, that follows from pyproject.toml.
func fromPoetry(text, pyproject string) ([]pin, error) {
	var lock struct {
		Package  []poetryPackage
		Metadata struct{ Files map[string][]file }
	}
	if err := toml.Unmarshal([]byte(text), &lock); err != nil {
		return nil, err
	}
	var all []*node
	var flat []pin
	grouped := false
	for _, p := range lock.Package {
		n := &node{pin: pin{name: p.Name, version: p.Version, hashes: hashes(append(p.Files, lock.Metadata.Files[p.Name]...))}, extras: map[string][]edge{}}
		if p.Source != nil && p.Source.Type != "legacy" { // legacy: an index other than PyPI
			n.elsewhere = p.Source.Type
		}
		grouped = grouped || p.Groups != nil
		if slices.Contains(p.Groups, "main") && !p.Optional {
			n.marker = ofGroup(p.Markers)
			flat = append(flat, n.pin)
		}
		n.needs = poetryEdges(p.Dependencies, n.extras, p.Extras)
		all = append(all, n)
	}
	if grouped {
		return flat, nil
	}
	roots, err := poetryRoots(pyproject)
	if err != nil {
		return nil, err
	}
	return reached(roots, all)
}

func ofGroup(markers any) string {
	if byGroup, ok := markers.(map[string]any); ok {
		markers = byGroup["main"]
	}
	s, _ := markers.(string)
	return s
}

func poetryRoots(pyproject string) ([]edge, error) {
	var p project
	if err := toml.Unmarshal([]byte(pyproject), &p); err != nil {
		return nil, fmt.Errorf("pyproject.toml: %w", err)
	}
	roots := poetryEdges(p.Tool.Poetry.Dependencies, nil, nil)
	for _, d := range p.Project.Dependencies {
		roots = append(roots, parse(d))
	}
	if len(roots) == 0 {
		return nil, errors.New("which of its packages the app needs stands in pyproject.toml, and there is none beside it\nhint: " + export["poetry.lock"])
	}
	return roots, nil
}

// poetryEdges reads a table of dependencies. What is optional belongs to the
// extras that name it.
func poetryEdges(table map[string]any, byExtra map[string][]edge, extras map[string][]string) (out []edge) {
	for _, name := range slices.Sorted(maps.Keys(table)) {
		list, ok := table[name].([]any)
		if !ok {
			list = []any{table[name]}
		}
		for _, v := range list {
			e := edge{name: name}
			t, _ := v.(map[string]any)
			e.marker, _ = t["markers"].(string)
			if python, ok := t["python"].(string); ok && e.marker == "" {
				e.marker = pythons(python)
			}
			xs, _ := t["extras"].([]any)
			for _, x := range xs {
				s, _ := x.(string)
				e.extras = append(e.extras, s)
			}
			if optional, _ := t["optional"].(bool); !optional {
				if normal(name) != "python" {
					out = append(out, e)
				}
				continue
			}
			for x, wanted := range extras {
				if slices.ContainsFunc(wanted, func(s string) bool { return normal(parse(s).name) == normal(name) }) {
					e.marker = "" // it asks for the extra, which is wanted where this edge is walked
					byExtra[normal(x)] = append(byExtra[normal(x)], e)
				}
			}
		}
	}
	return out
}

var comparison = regexp.MustCompile(`^(<=?|>=?|==|!=)\s*(\d+(?:\.\d+)*)$`)

// pythons is poetry's word for the versions of Python as a marker; "", anywhere,
// for one that has no such form: a package too many harms less than one too few.
func pythons(s string) string {
	var out []string
	for _, part := range strings.Split(s, ",") {
		m := comparison.FindStringSubmatch(strings.TrimSpace(part))
		if m == nil {
			return ""
		}
		out = append(out, fmt.Sprintf(`python_full_version %s "%s"`, m[1], m[2]))
	}
	return strings.Join(out, " and ")
}
