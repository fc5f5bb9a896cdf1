// Package envfile reads the files of EnvironmentFile= exactly as systemd does
// (src/basic/env-file.c, systemd 252 to 257; systemd.exec(5)), which is neither
// a shell nor python-dotenv: nothing is expanded, `export` is not known, and a
// `#` behind a value is part of the value. Values are secrets more often than not.
package envfile

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Entry is one assignment that systemd accepts.
type Entry struct {
	Name  string
	Value string // unquoted
	Line  int    // 1-based line of the name
}

// Problem is a line that systemd ignores, or that reads otherwise than it looks.
// Its text never holds a value.
type Problem struct {
	Line int
	Text string
}

// File is one environment file.
type File struct {
	Path     string
	Entries  []Entry // in order; of a name given twice both
	Problems []Problem
}

// Get is the entry that counts: the last one.
func (f File) Get(name string) (Entry, bool) {
	for i := len(f.Entries) - 1; i >= 0; i-- {
		if f.Entries[i].Name == name {
			return f.Entries[i], true
		}
	}
	return Entry{}, false
}

// Quote writes a value of one line so that Parse, and systemd, read it again.
func Quote(value string) string {
	plain := strings.IndexFunc(value, func(r rune) bool {
		return r < '!' || r > '~' || strings.ContainsRune("\"'\\`$#;", r)
	}) < 0
	if plain {
		return value
	}
	return `"` + strings.NewReplacer(`"`, `\"`, `\`, `\\`, "`", "\\`", "$", `\$`).Replace(value) + `"`
}

type state int

const (
	preKey state = iota
	inKey
	preValue
	inValue
	escaped
	single
	double
	doubleEscaped
	comment
)

type reader struct {
	file       *File
	state      state
	key, value strings.Builder
	trailing   int // length of the value up to its last character that is no blank
	line       int
	keyLine    int
}

// Parse reads one file. CR and LF both end a line; blanks round the name and the
// value are dropped; ' and " quote (and may span lines); in " a backslash
// escapes only " \ $ and the backtick; outside it escapes any character, and a
// line end behind it joins the next line.
func Parse(path, text string) File {
	f := File{Path: path}
	r := reader{file: &f, line: 1}
	for i := 0; i < len(text); i++ {
		r.step(text[i])
		if text[i] == '\n' {
			r.line++
		}
	}
	switch r.state {
	case single, double, doubleEscaped:
		r.problem(r.keyLine, "the quote of %s is not closed", r.name())
		r.push()
	case preValue, inValue, escaped:
		r.push()
	case inKey:
		r.problem(r.keyLine, "no '=' in the line")
	}
	return f
}

func (r *reader) step(c byte) {
	newline := c == '\n' || c == '\r'
	blank := newline || c == ' ' || c == '\t'
	switch r.state {
	case preKey:
		if c == '#' || c == ';' {
			r.state = comment
		} else if !blank {
			r.state, r.keyLine = inKey, r.line
			r.key.WriteByte(c)
		}
	case inKey:
		if newline {
			r.problem(r.keyLine, "no '=' in the line")
			r.reset()
		} else if c == '=' {
			r.state = preValue
		} else {
			r.key.WriteByte(c)
		}
	case preValue, inValue:
		r.valueStep(c, newline, blank)
	case escaped:
		r.state = inValue
		if !newline {
			r.add(c)
		}
	case single, double:
		if r.state == single && c == '\'' || r.state == double && c == '"' {
			r.state = preValue
		} else if r.state == double && c == '\\' {
			r.state = doubleEscaped
		} else {
			r.add(c)
		}
	case doubleEscaped:
		r.state = double
		if strings.IndexByte("\"\\`$", c) >= 0 {
			r.add(c)
		} else if c != '\n' {
			r.add('\\')
			r.add(c)
		}
	case comment:
		r.commentStep(c, newline)
	}
}

func (r *reader) valueStep(c byte, newline, blank bool) {
	switch {
	case newline:
		r.push()
		r.reset()
	case c == '\\':
		r.state = escaped
	case r.state == preValue && c == '\'':
		r.state = single
	case r.state == preValue && c == '"':
		r.state = double
	case r.state == inValue && blank:
		r.value.WriteByte(c)
	case !blank:
		r.state = inValue
		r.add(c)
	}
}

// commentStep: before systemd 254 a comment that ends in a backslash takes the
// next line with it; we read as 254 does and say so.
func (r *reader) commentStep(c byte, newline bool) {
	if newline {
		if r.value.String() == `\` {
			r.problem(r.line, "the comment ends in a backslash: systemd before 254 takes the next line as comment too")
		}
		r.reset()
		return
	}
	r.value.Reset()
	r.value.WriteByte(c)
}

// add takes a character that counts even if it is a blank.
func (r *reader) add(c byte) {
	r.value.WriteByte(c)
	r.trailing = r.value.Len()
}

func (r *reader) reset() {
	r.state, r.trailing = preKey, 0
	r.key.Reset()
	r.value.Reset()
}

func (r *reader) name() string { return strings.TrimRight(r.key.String(), " \t") }

func (r *reader) problem(line int, format string, a ...any) {
	r.file.Problems = append(r.file.Problems, Problem{line, fmt.Sprintf(format, a...)})
}

func (r *reader) push() {
	name, value := r.name(), r.value.String()[:r.trailing]
	switch {
	case strings.HasPrefix(name, "export "):
		r.problem(r.keyLine, "systemd knows no export: %s is ignored", strings.TrimSpace(name[7:]))
	case !validName(name):
		r.problem(r.keyLine, "not a name of a variable: %q", name)
	case !utf8.ValidString(value):
		r.problem(r.keyLine, "the value of %s is not UTF-8: systemd refuses the file", name)
	default:
		r.file.Entries = append(r.file.Entries, Entry{name, value, r.keyLine})
	}
}

// validName: letters, digits, "_", not a digit first (env_name_is_valid).
func validName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}
