package tape

import (
	"strings"

	"assay/internal/regex"
)

var (
	// annotated is what stands between the type of a Python variable and its value.
	annotated = regex.New(`^[ \t]*=[ \t]*`)
)

// assignments finds the values of names that say that they are secret. A value
// of another name is searched too: a message of the journal is the value of
// MESSAGE, MAIL_PASSWORD=x that of Environment. ends holds where the value may
// end, the furthest first.
func assignments(s string, each func(from int, ends []int)) {
	for _, next := range []func(string, int) (found, bool){nextNamed, nextFallback} {
		for at := 0; ; {
			m, ok := next(s, at)
			if !ok {
				break
			}
			name := s[m.from:m.to]
			at = m.end
			for isSecret(name) {
				from, ends := valueAt(s, at)
				if ends[0] > from {
					each(from, ends)
				}
				at = ends[0]
				more := annotated.FindString(s[at:])
				if more == "" {
					break
				}
				at += len(more)
			}
		}
	}
}

// valueAt finds the value that begins at a place: in quotes, which may be
// escaped themselves, or up to a blank. Without quotes a \n may be two
// characters of the value or, in a string of JSON, its end: both are tried.
func valueAt(s string, at int) (from int, ends []int) {
	for i := range 3 { // b"", rb""
		k := at + i
		for k < len(s) && s[k] == '\\' {
			k++
		}
		if k < len(s) && (s[k] == '"' || s[k] == '\'') {
			return k + 1, []int{k + 1 + quoted(s[k+1:], s[at+i:k+1])}
		}
		if at+i >= len(s) || !strings.ContainsRune("bBrRuUfF", rune(s[at+i])) {
			break
		}
	}
	n := strings.IndexAny(s[at:], " \t\r\n\v\f\x00\"';,")
	if n < 0 {
		n = len(s) - at
	}
	ends = []int{at + n}
	if k := strings.IndexByte(s[at:at+n], '\\'); k > 0 {
		ends = append(ends, at+k)
	}
	return at, ends
}

// quoted is how long a quoted text is. It ends with what it began with, not
// escaped; one that does not end takes the whole line.
func quoted(s, quote string) int {
	for i := 0; i < len(s); i++ {
		switch {
		case strings.HasPrefix(s[i:], quote):
			return i
		case s[i] == '\\' && len(quote) == 1:
			i++
		}
	}
	return len(s)
}

var escaped = regex.New(`\\(.)`)

// unescaped is a quoted value as its reader has it.
func unescaped(v string) string { return escaped.ReplaceAllString(v, "$1") }
