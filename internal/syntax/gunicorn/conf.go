package gunicorn

import (
	"fmt"
	"slices"
	"strings"
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
	opaque ConfValue        // State Unknown with a Line: names that are not in values could be set
	sticky ConfValue        // the same for every name, whatever is assigned
	bodies map[string][]tok // by function of the module
	words  map[string]int   // how often each name stands in the text
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
			line = t.line
		}
		if t.kind == tName && slices.Contains(words, t.text) {
			return line, t.text
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

// frame is a block that encloses a line.
type frame struct {
	indent int
	word   string // "if", "def", ...
}

type confReader struct {
	c      *Conf
	src    string
	frames []frame
	global map[string]ConfValue // names that a function declares global
	used   map[string][]tok     // names that a function mentions, with the statement
}

// ReadConf reads the text of a gunicorn.conf.py. A name is Literal only if its
// last assignment stands at the top level and is a literal; everything that could
// set or change it otherwise (a branch, a loop, `global` in a function, += and
// .append, exec, globals(), a star import) makes it Unknown, never a guess.
func ReadConf(text, file string) Conf {
	c := Conf{File: file, values: map[string]ConfValue{}, bodies: map[string][]tok{}, words: map[string]int{}}
	lines, err := scan(text)
	if err != nil {
		c.Err = err
		return c
	}
	r := &confReader{c: &c, src: strings.TrimPrefix(text, "\ufeff"), global: map[string]ConfValue{}, used: map[string][]tok{}}
	in := "" // the module's function that the line belongs to
	for _, l := range lines {
		for len(r.frames) > 0 && r.frames[len(r.frames)-1].indent >= l.indent {
			r.frames = r.frames[:len(r.frames)-1]
		}
		if l.indent > 0 && len(r.frames) == 0 {
			c.Err = errPython
			return c
		}
		if len(r.frames) == 0 {
			in = defined(l.toks)
		}
		if in != "" {
			c.bodies[in] = append(c.bodies[in], l.toks...)
		}
		for _, t := range l.toks {
			if t.kind == tName {
				c.words[t.text]++
			}
		}
		r.line(l)
	}
	for n, toks := range r.used { // the function may be called at any place
		if v := c.values[n]; v.State == Literal && mutable(v.Value) {
			r.unknown(n, toks, fmt.Sprintf("a function uses it in `%s`", short(r.source(toks))))
		}
	}
	for n, v := range r.global {
		c.values[n] = v
	}
	return c
}

// defined is the function whose head a line is.
func defined(toks []tok) string {
	if len(toks) > 1 && toks[0].text == "async" {
		toks = toks[1:]
	}
	if len(toks) > 1 && toks[0].text == "def" {
		return toks[1].text
	}
	return ""
}

var compound = []string{"if", "elif", "else", "for", "while", "try", "except", "finally", "with", "def", "class", "async", "match", "case"}

// line takes one logical line: the head of a block, or statements.
func (r *confReader) line(l logical) {
	rest := l.toks
	if w := l.toks[0]; w.kind == tName && slices.Contains(compound, w.text) {
		colon := colonOf(l.toks)
		soft := w.text == "match" || w.text == "case"
		if colon > 0 && (!soft || colon == len(l.toks)-1) {
			r.head(l.indent, l.toks[:colon])
			rest = l.toks[colon+1:]
		}
	}
	depth, start := 0, 0
	for i := 0; i <= len(rest); i++ {
		if i < len(rest) {
			depth += bracket(rest[i])
			if depth > 0 || rest[i].kind != tOp || rest[i].text != ";" {
				continue
			}
		}
		if i > start {
			r.statement(rest[start:i])
		}
		start = i + 1
	}
	if len(rest) != len(l.toks) && len(rest) > 0 { // one-line block: nothing below belongs to it
		r.frames = r.frames[:len(r.frames)-1]
	}
}

func bracket(t tok) int {
	switch {
	case t.kind != tOp:
	case strings.Contains("([{", t.text):
		return 1
	case strings.Contains(")]}", t.text):
		return -1
	}
	return 0
}

func colonOf(toks []tok) int {
	depth, lambda := 0, 0
	for i, t := range toks {
		depth += bracket(t)
		switch {
		case depth > 0:
		case t.text == "lambda" && t.kind == tName:
			lambda++
		case t.text == ":" && t.kind == tOp && lambda > 0:
			lambda--
		case t.text == ":" && t.kind == tOp:
			return i
		}
	}
	return -1
}

// head opens a block and notes the names that its head binds.
func (r *confReader) head(indent int, toks []tok) {
	word := toks[0].text
	if word == "async" && len(toks) > 1 {
		word = toks[1].text
	}
	if (word == "def" || word == "class") && !r.local() {
		for i, t := range toks[:len(toks)-1] {
			if t.text == word {
				why := "it is a function"
				if word == "class" {
					why = "it is a class"
				}
				r.unknown(toks[i+1].text, toks, why)
				break
			}
		}
	} else if !r.local() {
		for i, t := range toks {
			if t.kind == tName && (word == "for" && i > 0 && !after(toks[:i], "in") || i > 0 && toks[i-1].text == "as" || word == "case") {
				r.unknown(t.text, toks, "it is set by a "+word)
			}
		}
	}
	r.effects(toks)
	r.frames = append(r.frames, frame{indent, word})
}

func after(toks []tok, word string) bool {
	return slices.ContainsFunc(toks, func(t tok) bool { return t.kind == tName && t.text == word })
}

// local is true in a function or class, whose names are not the module's.
func (r *confReader) local() bool {
	return slices.ContainsFunc(r.frames, func(f frame) bool { return f.word == "def" || f.word == "class" })
}

func (r *confReader) source(toks []tok) string {
	if len(toks) == 0 {
		return ""
	}
	return r.src[toks[0].start:toks[len(toks)-1].end]
}

func (r *confReader) unknown(name string, toks []tok, why string) {
	r.c.values[name] = ConfValue{Line: toks[0].line, Text: r.source(toks), Why: why}
}

// statement takes one simple statement.
func (r *confReader) statement(toks []tok) {
	r.effects(toks)
	if toks[0].kind == tName && toks[0].text == "global" {
		for _, t := range toks[1:] {
			if t.kind == tName {
				r.global[t.text] = ConfValue{Line: t.line, Text: r.source(toks), Why: "a function declares it global and may set it"}
			}
		}
		return
	}
	if r.local() {
		for i, t := range toks {
			if t.kind == tName && (i == 0 || toks[i-1].text != ".") {
				r.used[t.text] = toks
			}
		}
		return
	}
	if toks[0].kind == tName && (toks[0].text == "import" || toks[0].text == "from" || toks[0].text == "del") {
		r.imports(toks)
		return
	}
	if !r.assign(toks) {
		r.mutations(toks)
	}
}

// imports: each name after import, or behind its as, is bound.
func (r *confReader) imports(toks []tok) {
	from := toks[0].text != "from"
	for i, t := range toks {
		if t.kind == tOp && t.text == "*" && i > 0 && toks[i-1].text == "import" {
			r.forget(toks, "a star import could set it", false)
			return
		}
		if t.kind == tName && t.text == "import" {
			from = true
		} else if t.kind == tName && from && i > 0 && t.text != "as" && t.text != "del" && toks[i-1].text != "." {
			r.unknown(t.text, toks, "it is imported")
			if toks[0].text == "del" {
				r.unknown(t.text, toks, "it is deleted")
			}
		}
	}
}

// forget makes every name unknown: those assigned so far and those never
// assigned, or (sticky) all, whatever comes later.
func (r *confReader) forget(toks []tok, why string, sticky bool) {
	v := ConfValue{Line: toks[0].line, Text: r.source(toks), Why: why}
	if sticky {
		r.c.sticky = v
		return
	}
	clear(r.c.values)
	r.c.opaque = v
}

// effects looks for what can set names behind our back.
func (r *confReader) effects(toks []tok) {
	for i, t := range toks {
		if t.kind == tOp && t.text == ":=" && i > 0 {
			r.unknown(toks[i-1].text, toks, "it is set by := inside an expression")
		}
		if t.kind != tName {
			continue
		}
		switch t.text {
		case "exec", "globals", "locals", "vars", "execfile", "setattr", "__dict__", "__builtins__", "runpy":
			r.forget(toks, t.text+" could set it", r.local() || t.text != "exec")
		}
	}
}

// assign takes `a = b = value`, `a: T = value`, `a += value`. It reports whether
// the statement was one.
func (r *confReader) assign(toks []tok) bool {
	var parts [][]tok
	depth, start := 0, 0
	for i, t := range toks {
		depth += bracket(t)
		if depth > 0 || t.kind != tOp {
			continue
		}
		if t.text == "=" {
			parts = append(parts, toks[start:i])
			start = i + 1
		} else if strings.HasSuffix(t.text, "=") && !slices.Contains([]string{"==", "!=", "<=", ">=", ":="}, t.text) {
			r.targets(toks[:i], toks, ConfValue{Why: "it is changed by " + t.text})
			return true
		}
	}
	if len(parts) == 0 {
		return false
	}
	value := toks[start:]
	v := ConfValue{Line: toks[0].line, Text: r.source(value)}
	if len(r.frames) > 0 {
		v.Why = "it is set inside " + article(r.frames[0].word)
	} else if lit, ok := literal(value); ok {
		v.State, v.Value = Literal, lit
	} else {
		v.Why = notLiteral
		v.Env, v.Fallback, v.HasFallback = environ(value)
	}
	if v.State != Literal {
		r.mutations(value)
	}
	if lit := v.Value; len(parts) > 1 && mutable(lit) {
		v = ConfValue{Line: v.Line, Text: v.Text, Why: "it shares its list with another name"}
	}
	for _, target := range parts {
		r.targets(target, toks, v)
	}
	return true
}

func article(word string) string {
	if strings.ContainsAny(word[:1], "aeiou") {
		return "an " + word
	}
	return "a " + word
}

// targets binds one target: a name, perhaps with its type; of anything else
// (a, b / a.b / a[0]) every name in it is unknown.
func (r *confReader) targets(target, stmt []tok, v ConfValue) {
	if len(target) == 0 {
		return
	}
	typed := len(target) > 2 && target[1].text == ":"
	if target[0].kind == tName && (len(target) == 1 || typed) {
		if v.State != Literal && v.Line == 0 {
			v.Line, v.Text = stmt[0].line, r.source(stmt)
		}
		r.c.values[target[0].text] = v
		return
	}
	for _, t := range target {
		if t.kind == tName {
			r.unknown(t.text, stmt, fmt.Sprintf("it is set or changed by `%s`", short(r.source(stmt))))
		}
	}
}

// mutations: a list or dict that is named in any other statement may be changed
// by it (bind.append("x")).
func (r *confReader) mutations(toks []tok) {
	for i, t := range toks {
		if t.kind != tName || i > 0 && toks[i-1].text == "." {
			continue
		}
		if v, ok := r.c.values[t.text]; ok && v.State == Literal && mutable(v.Value) {
			r.unknown(t.text, toks, fmt.Sprintf("`%s` may change it", short(r.source(toks))))
		}
	}
}

func mutable(v any) bool {
	switch v.(type) {
	case []any, []Item:
		return true
	}
	return false
}

func short(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "..."
	}
	return s
}
