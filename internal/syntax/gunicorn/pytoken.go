package gunicorn

import (
	"errors"
	"strings"
)

type kind int

const (
	tName kind = iota
	tNumber
	tString
	tOp
)

// tok is a Python token; text is its source, with prefix and quotes.
type tok struct {
	kind       kind
	text       string
	line       int
	start, end int // bytes in the source
}

// logical is a logical line: what stands between two line ends that count.
type logical struct {
	indent int
	toks   []tok
}

var errPython = errors.New("cannot read the Python of this file")

// scan cuts Python source into logical lines (Python 3 language reference, 2.1):
// brackets, triple quotes and backslashes join lines, comments and empty lines
// vanish. An open bracket or quote at the end is an error.
func scan(src string) ([]logical, error) {
	var out []logical
	var cur logical
	depth, line, i := 0, 1, 0
	fresh := true // at the start of a logical line
	flush := func() {
		if len(cur.toks) > 0 {
			out = append(out, cur)
		}
		cur, fresh = logical{}, true
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
			cur.indent, fresh = n, false
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
			t := tok{line: line, start: i}
			var err error
			t.kind, t.end, err = next(src, i)
			if err != nil {
				return nil, err
			}
			t.text = src[i:t.end]
			if t.kind == tOp && strings.Contains("([{", t.text) {
				depth++
			} else if t.kind == tOp && strings.Contains(")]}", t.text) {
				if depth--; depth < 0 {
					return nil, errPython
				}
			}
			line += strings.Count(t.text, "\n")
			cur.toks = append(cur.toks, t)
			i = t.end
		}
	}
	if depth > 0 {
		return nil, errPython
	}
	flush()
	return out, nil
}

// next finds the end of the token at i.
func next(src string, i int) (kind, int, error) {
	c := src[i]
	if end := stringStart(src, i); end >= 0 {
		return stringEnd(src, i, end)
	}
	switch {
	case letter(c):
		for i < len(src) && (letter(src[i]) || digit(src[i])) {
			i++
		}
		return tName, i, nil
	case digit(c) || c == '.' && i+1 < len(src) && digit(src[i+1]):
		for i < len(src) && (letter(src[i]) || digit(src[i]) || src[i] == '.' ||
			(src[i] == '+' || src[i] == '-') && (src[i-1] == 'e' || src[i-1] == 'E')) {
			i++
		}
		return tNumber, i, nil
	}
	for _, op := range []string{"**=", "//=", ">>=", "<<=", "...", ":=", "==", "!=", "<=", ">=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "@=", "->", "**", "//", "<<", ">>"} {
		if strings.HasPrefix(src[i:], op) {
			return tOp, i + len(op), nil
		}
	}
	return tOp, i + 1, nil
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

func stringEnd(src string, i, q int) (kind, int, error) {
	quote := src[q : q+1]
	if strings.HasPrefix(src[q:], strings.Repeat(quote, 3)) {
		quote = strings.Repeat(quote, 3)
	}
	for j := q + len(quote); j < len(src); j++ {
		switch {
		case src[j] == '\\':
			j++
		case strings.HasPrefix(src[j:], quote):
			return tString, j + len(quote), nil
		case src[j] == '\n' && len(quote) == 1:
			return 0, 0, errPython
		}
	}
	return 0, 0, errPython
}
