package model

import (
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/regex"
	"assay/internal/tape"
)

// VenvPython is a virtual environment whose packages are for another Python than
// the one that it leads to.
type VenvPython struct {
	Root  string
	Made  string // python3.10, the folder in its lib
	Leads string // /usr/bin/python3.11
}

// Venv is the virtual environment that the app's Python is of; Absent: it is the
// system's own.
func (s *AppServer) Venv() fact.Of[string] {
	return fact.Bind(s.Loaded, func(a *App) fact.Of[string] {
		switch {
		case a.Prefix == "":
			return fact.Unknown[string](fact.Why{Text: "load the app: it ended before it told of its Python", Ask: a.Source.Ask})
		case a.Prefix == a.Base:
			return fact.Absent[string](fact.Source{Where: a.Executable, Text: "no virtual environment", Ask: a.Source.Ask})
		}
		return fact.Known(a.Prefix, fact.Source{Where: a.Source.Where, Text: a.Executable, Ask: a.Source.Ask})
	})
}

var minorPython = regex.New(`^python3\.\d+$`)

// madeFor looks whether the virtual environment of a program has packages for
// the Python that its link leads to: an upgrade of the system takes the one away
// under the other.
func (b *builder) madeFor(c ExecContext) fact.Of[VenvPython] {
	none := fact.Absent[VenvPython]()
	python := c.Interpreter
	if pythonName.MatchString(path.Base(c.Program)) {
		python = c.Program
	}
	bin, root := path.Dir(python), path.Dir(path.Dir(python))
	if path.Base(bin) != "bin" || root == "/" || root == "/usr" || root == "/usr/local" {
		return none
	}
	return fact.Bind(b.f.Stat(python, false), func(s tape.Stat) fact.Of[VenvPython] {
		leads := path.Base(s.Real)
		if s.Type != "link" || !minorPython.MatchString(leads) {
			return none
		}
		return fact.Bind(b.f.Glob(root+"/lib/python3*"), func(libs []string) fact.Of[VenvPython] {
			if len(libs) == 0 || slices.Contains(libs, root+"/lib/"+leads) {
				return none
			}
			return fact.Known(VenvPython{Root: root, Made: path.Base(libs[len(libs)-1]), Leads: s.Real},
				fact.Source{Where: libs[len(libs)-1], Text: "has the packages; " + python + " leads to " + s.Real})
		})
	})
}

// missing is Python's word for a module that it does not find (3.6 and later).
var missing = regex.New(`No module named '([A-Za-z_][A-Za-z0-9_]*)`)

// astray looks whether what a dead service does not find is in a virtual
// environment that it does not use.
func (b *builder) astray(u *Unit, c *ExecContext) {
	said, ok := u.Complaint()
	m := missing.FindStringSubmatch(said.Text)
	if !ok || m == nil {
		return
	}
	c.Missed = m[1]
	list, _ := c.Venvs.Look(&b.notes)
	for _, v := range list {
		found, _ := b.f.Glob(v + "/lib/python3*/site-packages/" + c.Missed + "*").Look(&b.notes)
		if len(found) > 0 && !strings.HasPrefix(c.Program, v+"/") {
			c.HasMissed = v
			return
		}
	}
}
