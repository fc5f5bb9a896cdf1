package gunicorn

import (
	"fmt"
	"slices"
	"strings"
)

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
