// Package python cuts Python source into tokens and logical lines, and executes none of it.
package python

import (
	"errors"
	"strings"
)

// Kind is what a token is.
type Kind int

// The kinds of tokens.
const (
	Name Kind = iota
	Number
	String
	Op
)

// Token is one; Text is its source, with prefix and quotes.
type Token struct {
	Kind       Kind
	Text       string
	Line       int // where it begins, from 1
	Start, End int // bytes in the source, behind its byte order mark
}

// Line is a logical line: what stands between two line ends that count.
type Line struct {
	Indent int
	Tokens []Token
}

// ErrSource says that a text is no Python that can be read.
var ErrSource = errors.New("cannot read the Python of this file")

// Scan cuts Python source into logical lines (Python 3 language reference, 2.1):
// brackets, triple quotes and backslashes join lines, comments and empty lines
// vanish. An open bracket or quote at the end is an error.
func Scan(src string) ([]Line, error) {
	var out []Line
	var cur Line
	depth, line, i := 0, 1, 0
	fresh := true // at the start of a logical line
	flush := func() {
		if len(cur.Tokens) > 0 {
			out = append(out, cur)
		}
		cur, fresh = Line{}, true
	}
	src = strings.TrimPrefix(src, "\ufeff")
	for i < len(src) {
		c := src[i]
		if fresh && depth == 0 {
			n := 0
			for i < len(src) && (src[i] == ' ' || src[i] == '\t' || src[i] == '\f') {
				if n++; src[i] == '\t' {
					n = (n + 7) / 8 * 8
				}
				i++
			}
			cur.Indent, fresh = n, false
			continue
		}
		switch {
		case c == '\n':
			line++
			i++
			if depth == 0 {
				flush()
			}
		case c == ' ' || c == '\t' || c == '\r' || c == '\f':
			i++
		case c == '#':
			for i < len(src) && src[i] != '\n' {
				i++
			}
		case c == '\\' && (strings.HasPrefix(src[i+1:], "\n") || strings.HasPrefix(src[i+1:], "\r\n")):
			i += 1 + strings.IndexByte(src[i+1:], '\n') + 1
			line++
		default:
			t := Token{Line: line, Start: i}
			var err error
			t.Kind, t.End, err = next(src, i)
			if err != nil {
				return nil, err
			}
			t.Text = src[i:t.End]
			if t.Kind == Op && strings.Contains("([{", t.Text) {
				depth++
			} else if t.Kind == Op && strings.Contains(")]}", t.Text) {
				if depth--; depth < 0 {
					return nil, ErrSource
				}
			}
			line += strings.Count(t.Text, "\n")
			cur.Tokens = append(cur.Tokens, t)
			i = t.End
		}
	}
	if depth > 0 {
		return nil, ErrSource
	}
	flush()
	return out, nil
}

// next finds the end of the token at i.
func next(src string, i int) (Kind, int, error) {
	c := src[i]
	if end := stringStart(src, i); end >= 0 {
		return stringEnd(src, i, end)
	}
	switch {
	case letter(c):
		for i < len(src) && (letter(src[i]) || digit(src[i])) {
			i++
		}
		return Name, i, nil
	case digit(c) || c == '.' && i+1 < len(src) && digit(src[i+1]):
		for i < len(src) && (letter(src[i]) || digit(src[i]) || src[i] == '.' ||
			(src[i] == '+' || src[i] == '-') && (src[i-1] == 'e' || src[i-1] == 'E')) {
			i++
		}
		return Number, i, nil
	}
	for _, op := range []string{"**=", "//=", ">>=", "<<=", "...", ":=", "==", "!=", "<=", ">=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "@=", "->", "**", "//", "<<", ">>"} {
		if strings.HasPrefix(src[i:], op) {
			return Op, i + len(op), nil
		}
	}
	return Op, i + 1, nil
}

func letter(c byte) bool { return c == '_' || c|32 >= 'a' && c|32 <= 'z' || c >= 0x80 }
func digit(c byte) bool  { return c >= '0' && c <= '9' }

// stringStart is the index of the opening quote if a string begins at i, with
// its prefix, else -1.
func stringStart(src string, i int) int {
	for j := i; j < len(src) && j <= i+2; j++ {
		if src[j] == '"' || src[j] == '\'' {
			return j
		}
		if !strings.ContainsRune("rRbBuUfFtT", rune(src[j])) {
			return -1
		}
	}
	return -1
}

func stringEnd(src string, i, q int) (Kind, int, error) {
	quote := src[q : q+1]
	if strings.HasPrefix(src[q:], strings.Repeat(quote, 3)) {
		quote = strings.Repeat(quote, 3)
	}
	for j := q + len(quote); j < len(src); j++ {
		switch {
		case src[j] == '\\':
			j++
		case strings.HasPrefix(src[j:], quote):
			return String, j + len(quote), nil
		case src[j] == '\n' && len(quote) == 1:
			return 0, 0, ErrSource
		}
	}
	return 0, 0, ErrSource
}
