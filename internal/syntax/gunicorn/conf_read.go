package gunicorn

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/syntax/python"
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
	global map[string]ConfValue      // names that a function declares global
	used   map[string][]python.Token // names that a function mentions, with the statement
}

// ReadConf reads the text of a gunicorn.conf.py. A name is Literal only if its
// last assignment stands at the top level and is a literal; everything that could
// set or change it otherwise (a branch, a loop, `global` in a function, += and
// .append, exec, globals(), a star import) makes it Unknown, never a guess.
func ReadConf(text, file string) Conf {
	c := Conf{File: file, values: map[string]ConfValue{}, bodies: map[string][]python.Token{}, words: map[string]int{}}
	lines, err := python.Scan(text)
	if err != nil {
		c.Err = err
		return c
	}
	r := &confReader{c: &c, src: strings.TrimPrefix(text, "\ufeff"), global: map[string]ConfValue{}, used: map[string][]python.Token{}}
	in := "" // the module's function that the line belongs to
	for _, l := range lines {
		for len(r.frames) > 0 && r.frames[len(r.frames)-1].indent >= l.Indent {
			r.frames = r.frames[:len(r.frames)-1]
		}
		if l.Indent > 0 && len(r.frames) == 0 {
			c.Err = python.ErrSource
			return c
		}
		if len(r.frames) == 0 {
			in = defined(l.Tokens)
		}
		if in != "" {
			c.bodies[in] = append(c.bodies[in], l.Tokens...)
		}
		for _, t := range l.Tokens {
			if t.Kind == python.Name {
				c.words[t.Text]++
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
func defined(toks []python.Token) string {
	if len(toks) > 1 && toks[0].Text == "async" {
		toks = toks[1:]
	}
	if len(toks) > 1 && toks[0].Text == "def" {
		return toks[1].Text
	}
	return ""
}

var compound = []string{"if", "elif", "else", "for", "while", "try", "except", "finally", "with", "def", "class", "async", "match", "case"}

// line takes one python.Line line: the head of a block, or statements.
func (r *confReader) line(l python.Line) {
	rest := l.Tokens
	if w := l.Tokens[0]; w.Kind == python.Name && slices.Contains(compound, w.Text) {
		colon := colonOf(l.Tokens)
		soft := w.Text == "match" || w.Text == "case"
		if colon > 0 && (!soft || colon == len(l.Tokens)-1) {
			r.head(l.Indent, l.Tokens[:colon])
			rest = l.Tokens[colon+1:]
		}
	}
	depth, start := 0, 0
	for i := 0; i <= len(rest); i++ {
		if i < len(rest) {
			depth += bracket(rest[i])
			if depth > 0 || rest[i].Kind != python.Op || rest[i].Text != ";" {
				continue
			}
		}
		if i > start {
			r.statement(rest[start:i])
		}
		start = i + 1
	}
	if len(rest) != len(l.Tokens) && len(rest) > 0 { // one-line block: nothing below belongs to it
		r.frames = r.frames[:len(r.frames)-1]
	}
}

func bracket(t python.Token) int {
	switch {
	case t.Kind != python.Op:
	case strings.Contains("([{", t.Text):
		return 1
	case strings.Contains(")]}", t.Text):
		return -1
	}
	return 0
}

func colonOf(toks []python.Token) int {
	depth, lambda := 0, 0
	for i, t := range toks {
		depth += bracket(t)
		switch {
		case depth > 0:
		case t.Text == "lambda" && t.Kind == python.Name:
			lambda++
		case t.Text == ":" && t.Kind == python.Op && lambda > 0:
			lambda--
		case t.Text == ":" && t.Kind == python.Op:
			return i
		}
	}
	return -1
}

// head opens a block and notes the names that its head binds.
func (r *confReader) head(indent int, toks []python.Token) {
	word := toks[0].Text
	if word == "async" && len(toks) > 1 {
		word = toks[1].Text
	}
	if (word == "def" || word == "class") && !r.local() {
		for i, t := range toks[:len(toks)-1] {
			if t.Text == word {
				why := "it is a function"
				if word == "class" {
					why = "it is a class"
				}
				r.unknown(toks[i+1].Text, toks, why)
				break
			}
		}
	} else if !r.local() {
		for i, t := range toks {
			if t.Kind == python.Name && (word == "for" && i > 0 && !after(toks[:i], "in") || i > 0 && toks[i-1].Text == "as" || word == "case") {
				r.unknown(t.Text, toks, "it is set by a "+word)
			}
		}
	}
	r.effects(toks)
	r.frames = append(r.frames, frame{indent, word})
}

func after(toks []python.Token, word string) bool {
	return slices.ContainsFunc(toks, func(t python.Token) bool { return t.Kind == python.Name && t.Text == word })
}

// local is true in a function or class, whose names are not the module's.
func (r *confReader) local() bool {
	return slices.ContainsFunc(r.frames, func(f frame) bool { return f.word == "def" || f.word == "class" })
}

func (r *confReader) source(toks []python.Token) string {
	if len(toks) == 0 {
		return ""
	}
	return r.src[toks[0].Start:toks[len(toks)-1].End]
}

func (r *confReader) unknown(name string, toks []python.Token, why string) {
	r.c.values[name] = ConfValue{Line: toks[0].Line, Text: r.source(toks), Why: why}
}
