package nginx

import (
	"slices"
	"strings"
)

// assigned follows `set`, `map` and their like, and captures with a name; ok is
// false where nothing in the configuration fills the variable.
func (e *expander) assigned(at *Directive, name string, depth int) ([]Reading, bool) {
	var out []Reading
	for _, s := range setsOf(at, name) {
		out = append(out, by(s, e.text(s, s.Arg(1), depth+1))...)
	}
	if len(out) > 0 {
		return e.limited(name, out), true
	}
	for _, kind := range []string{"map", "geo", "split_clients"} {
		for _, m := range e.cfg.Root.All(kind) {
			if m.IsBlock() && len(m.Args) > 0 && m.Args[len(m.Args)-1] == "$"+name {
				out = append(out, by(m, e.table(at, m, depth))...)
			}
		}
	}
	if len(out) > 0 {
		return e.limited(name, out), true
	}
	if slices.ContainsFunc(at.In("server").All("auth_request_set"), func(d *Directive) bool { return d.Arg(0) == "$"+name }) {
		return []Reading{{Pieces: fixed("x")}}, true
	}
	for _, p := range e.patterns(at) {
		if admits, has, err := sub(p.text, p.fold, name); has && err == nil {
			return by(p.at, e.fromInput(at, p, name, admits, depth)), true
		}
	}
	return nil, false
}

// limited applies the tests on the name to what a client sent under another.
func (e *expander) limited(name string, in []Reading) []Reading {
	for i := range in {
		for k, p := range in[i].Pieces {
			if p.From != "" && len(in[i].Pieces) == 1 {
				in[i].Pieces[k].Admits = e.guarded(name, p.Admits)
				for _, g := range e.guards {
					in[i].Pieces[k].Words = append(in[i].Pieces[k].Words, g.words...)
				}
			}
		}
	}
	return in
}

func by(d *Directive, in []Reading) []Reading {
	for i := range in {
		in[i].By = append([]*Directive{d}, in[i].By...)
	}
	return in
}

// setsOf are the assignments that a place may see: those of the blocks around
// it, the innermost first, as far as one that is always run; where there are
// none, all of its server.
func setsOf(at *Directive, name string) []*Directive {
	var out []*Directive
	for d := at; d != nil && d.Name != "http"; d = d.Parent {
		if d.Parent == nil || !d.IsBlock() && d != at {
			continue
		}
		for _, own := range slices.Backward(d.Parent.Find("set", "if")) {
			if own == d && d.IsBlock() {
				continue
			}
			if own.Name == "if" {
				for _, s := range own.Find("set") {
					if s.Arg(0) == "$"+name && s != at {
						out = append(out, s)
					}
				}
				continue
			}
			if own.Arg(0) == "$"+name && own != at {
				return append(out, own)
			}
		}
	}
	if len(out) > 0 {
		return out
	}
	for _, s := range at.In("server").All("set") {
		if s.Arg(0) == "$"+name && s != at {
			out = append(out, s)
		}
	}
	return out
}

// table reads a map: each of its values, with the test of its key where the
// value repeats what was looked up.
func (e *expander) table(at, m *Directive, depth int) []Reading {
	var out []Reading
	source := strings.TrimPrefix(m.Arg(0), "$")
	for _, row := range m.Block {
		if len(row.Args) != 1 || row.Name == "include" {
			continue
		}
		held := e.guards
		key, fold := strings.CutPrefix(row.Name, "~*")
		isPattern := fold
		if !fold {
			key, isPattern = strings.CutPrefix(row.Name, "~")
		}
		switch {
		case m.Name != "map" || row.Name == "default":
		case isPattern:
			if g := test(map[bool]string{true: "~*", false: "~"}[fold], key); g != nil {
				e.guards = append(slices.Clone(held), guard{source, g, words(key)})
			}
		default:
			e.guards = append(slices.Clone(held), guard{source, func(v string) bool { return v == row.Name }, nil})
		}
		if isPattern && variable.MatchString(row.Args[0]) {
			out = append(out, e.row(at, m, row, pattern{text: key, fold: fold, input: m.Arg(0), at: m}, depth)...)
		} else {
			out = append(out, e.text(at, row.Args[0], depth+1)...)
		}
		e.guards = held
	}
	return out
}

// row is a map's value that may hold captures of its own key.
func (e *expander) row(at, m, row *Directive, p pattern, depth int) []Reading {
	name := strings.Trim(variable.FindString(row.Args[0]), "${}")
	admits, has, err := sub(p.text, p.fold, name)
	switch {
	case err != nil:
		return doubt("the pattern " + p.text + " cannot be run")
	case !has:
		return e.text(at, row.Args[0], depth+1)
	}
	before, after, _ := strings.Cut(row.Args[0], variable.FindString(row.Args[0]))
	return join(join([]Reading{{Pieces: fixed(before)}}, e.fromInput(at, p, name, admits, depth)), e.text(at, after, depth+1))
}

// pattern is a regular expression with what it is run on.
type pattern struct {
	text  string
	fold  bool
	input string // a text with variables
	at    *Directive
}

// patterns are those that may have filled a place's captures, the latest first.
func (e *expander) patterns(at *Directive) []pattern {
	var out []pattern
	for d := at; d != nil && d.Name != "http"; d = d.Parent {
		if d.Parent != nil {
			for _, r := range slices.Backward(d.Parent.Find("rewrite")) {
				out = append(out, pattern{r.Arg(0), false, "$uri", r})
			}
		}
		if d.Name == "if" && (d.Arg(1) == "~" || d.Arg(1) == "~*") {
			out = append(out, pattern{d.Arg(2), d.Arg(1) == "~*", d.Arg(0), d})
		}
		if l, ok := ParseLocation(d); ok && l.IsRegex() {
			out = append(out, pattern{l.Path, l.Modifier == "~*", "$uri", d})
		}
		if d.Name == "server" {
			for _, n := range d.Names() {
				if re, is := strings.CutPrefix(n, "~"); is {
					out = append(out, pattern{re, true, "$http_host", d})
				}
			}
		}
	}
	return out
}

// capture is what a numbered group holds: of the nearest pattern that has it.
func (e *expander) capture(at *Directive, n string, depth int) []Reading {
	for _, p := range e.patterns(at) {
		admits, has, err := sub(p.text, p.fold, n)
		switch {
		case err != nil:
			return doubt("the pattern " + p.text + " cannot be run")
		case has:
			return by(p.at, e.fromInput(at, p, n, admits, depth))
		}
	}
	return []Reading{{}}
}

// fromInput is a group's value: a client's where the pattern ran on what one sends.
func (e *expander) fromInput(at *Directive, p pattern, name string, admits func(string) bool, depth int) []Reading {
	for _, r := range e.text(at, p.input, depth+1) {
		for _, x := range r.Pieces {
			if x.From != "" {
				return e.client(name, "x", admits)
			}
		}
	}
	return []Reading{{Pieces: fixed("x")}}
}
