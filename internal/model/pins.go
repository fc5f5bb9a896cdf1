package model

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"assay/internal/fact"
	"assay/internal/regex"
	"assay/internal/tape"
)

// Pin is a line of a file that says which version of a package is wanted.
type Pin struct {
	Name    string
	Version string
	Source  fact.Source
}

// Packaged is an app with what its requirements.txt wants.
type Packaged struct {
	*AppServer
	Pins fact.Of[[]Pin] // Absent: there is no such file
}

// Node is the app's packages.
func (x *Packaged) Node() Node { return Node("packages:" + x.Name) }

// Packageds is the app, if it was loaded.
func (d *Deployment) Packageds() fact.Of[[]*Packaged] {
	return fact.Then(d.Apps(), func(list []*AppServer) []*Packaged {
		var out []*Packaged
		for _, s := range list {
			out = append(out, &Packaged{s, d.pins})
		}
		return out
	})
}

var pinLine = regex.New(`^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*===?\s*([A-Za-z0-9.!+]+)\s*(?:\\|#.*|--hash.*)?$`)

// pins reads the exact versions alone: a line with a marker holds for some
// systems, a range says little.
func (b *builder) pins(s *AppServer) fact.Of[[]Pin] {
	return fact.Bind(s.Code, func(a *App) fact.Of[[]Pin] {
		if a.CodeRoot() == "" {
			return fact.Absent[[]Pin]()
		}
		file := path.Join(a.CodeRoot(), "requirements.txt")
		return fact.Then(b.f.File(file), func(text string) []Pin {
			var out []Pin
			i := 0
			for l := range strings.Lines(text) {
				i++
				m := pinLine.FindStringSubmatch(strings.TrimSpace(l))
				if m == nil {
					continue
				}
				name := strings.NewReplacer("_", "-", ".", "-").Replace(strings.ToLower(m[1]))
				out = append(out, Pin{name, m[2], fact.Source{Where: file, Line: i, Text: m[1] + "==" + m[2], Ask: tape.Ask{Kind: tape.KindFile, Name: file}}})
			}
			return out
		})
	})
}

// BySystem says that Debian's own package brought a distribution: its fixes come
// without a new version.
func (a *App) BySystem(name string) bool { return slices.Contains(a.Debian, name) }

// Below compares versions by their numbers; false where one has none.
func Below(version, floor string) bool {
	a, b := numbers(version), numbers(floor)
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	for len(a) < len(b) {
		a = append(a, 0)
	}
	for len(b) < len(a) {
		b = append(b, 0)
	}
	return slices.Compare(a, b) < 0
}

// numbers are those of a release: "3.0.1" in "3.0.1rc1+deb12".
func numbers(version string) []int {
	var out []int
	for part := range strings.SplitSeq(version, ".") {
		digits := part
		if i := strings.IndexFunc(part, func(r rune) bool { return r < '0' || r > '9' }); i >= 0 {
			digits = part[:i]
		}
		n, err := strconv.Atoi(digits)
		if err != nil {
			break
		}
		if out = append(out, n); digits != part {
			break
		}
	}
	return out
}
