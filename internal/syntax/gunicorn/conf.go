package gunicorn

import (
	"slices"

	"assay/internal/syntax/python"
)

// State is what the text of a configuration file says of one name.
type State int

const (
	Unknown State = iota // only running the file would tell
	Absent               // the file does not set it
	Literal              // the file sets it to Value
)

// ConfValue is one name of a gunicorn.conf.py.
type ConfValue struct {
	State State
	Value any    // Literal: string, int64, float64, bool, nil for None, []any, []Item
	Line  int    // of the assignment, or of what makes it unknown
	Text  string // source of the value as written, for Unknown too
	Why   string // Unknown: the reason, as a clause: "it is set inside an if"

	// For Unknown because of os.environ.get("X", "y") and the like, alone or in
	// int() or str(): the variable, and the fallback if HasFallback.
	Env         string
	Fallback    any
	HasFallback bool
}

// Strings is the value as a list of texts, as gunicorn's list settings take it:
// a string is a list of one. ok is false for anything else.
func (v ConfValue) Strings() ([]string, bool) {
	switch x := v.Value.(type) {
	case string:
		return []string{x}, v.State == Literal
	case []any:
		var out []string
		for _, e := range x {
			s, ok := e.(string)
			if !ok {
				return nil, false
			}
			out = append(out, s)
		}
		return out, v.State == Literal
	}
	return nil, false
}

// Conf is a gunicorn.conf.py, read and not run.
type Conf struct {
	File   string
	Err    error // the text is no Python that we can read: every name is unknown
	values map[string]ConfValue
	opaque ConfValue                 // State Unknown with a Line: names that are not in values could be set
	sticky ConfValue                 // the same for every name, whatever is assigned
	bodies map[string][]python.Token // by function of the module
	words  map[string]int            // how often each name stands in the text
}

// Given says that the file gives a name a value and does no more with it: what
// a setting of gunicorn's looks like.
func (c Conf) Given(name string) bool {
	v := c.values[name]
	return c.words[name] == 1 && (v.State == Literal || v.Why == notLiteral)
}

const notLiteral = "its value is not a literal"

// Function is where the file defines a function, 0 if it does not, and which of
// the words its body holds first: what a hook does, as far as reading tells.
func (c Conf) Function(name string, words ...string) (line int, word string) {
	for i, t := range c.bodies[name] {
		if i == 0 {
			line = t.Line
		}
		if t.Kind == python.Name && slices.Contains(words, t.Text) {
			return line, t.Text
		}
	}
	return line, ""
}

// Get is what the file says of a name.
func (c Conf) Get(name string) ConfValue {
	if c.Err != nil {
		return ConfValue{Why: c.Err.Error()}
	}
	if c.sticky.Line > 0 {
		return c.sticky
	}
	if v, ok := c.values[name]; ok {
		return v
	}
	if c.opaque.Line > 0 {
		return c.opaque
	}
	return ConfValue{State: Absent}
}

// Names are the names that the file assigns, sorted.
func (c Conf) Names() []string {
	var out []string
	for n := range c.values {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}
