// Package shell reads scripts as far as a reader without a shell can: their
// lines, their plain variables, the words of their commands. It guesses nothing:
// what only running would tell stays as it was written.
package shell

import (
	"strings"

	"assay/internal/regex"
)

// Line is one logical line: backslashes joined, comments gone.
type Line struct {
	No   int
	Text string
}

// Lines cuts a script. Here-documents are lines like any others.
func Lines(text string) []Line {
	var out []Line
	no, start, cur := 0, 0, ""
	for l := range strings.Lines(text) {
		no++
		l = strings.TrimRight(l, "\r\n")
		if cur == "" {
			start = no
		}
		if t := strings.TrimSpace(l); cur == "" && (t == "" || t[0] == '#') {
			continue
		}
		if strings.HasSuffix(l, `\`) && no-start < 100 {
			cur += strings.TrimSuffix(l, `\`) + " "
			continue
		}
		out = append(out, Line{start, strings.TrimSpace(comment(cur + l))})
		cur = ""
	}
	if strings.TrimSpace(cur) != "" {
		out = append(out, Line{start, strings.TrimSpace(cur)})
	}
	return out
}

// comment drops what stands behind a # that begins a word outside quotes.
func comment(l string) string {
	quote := byte(0)
	for i := 0; i < len(l); i++ {
		switch c := l[i]; {
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote == 0 && c == '#' && i > 0 && (l[i-1] == ' ' || l[i-1] == '\t'):
			return l[:i]
		}
	}
	return l
}

var assign = regex.New(`^\s*(?:export\s+|readonly\s+|local\s+|declare\s+(?:-\w+\s+)*)?([A-Za-z_][A-Za-z0-9_]*)=(?:"([^"]*)"|'([^']*)'|([^\s;&|]*))`)

// Assignments are the variables that lines set, the last value of each, as far
// as they stand at the beginning of a line; on top of those given.
func Assignments(lines []Line, given map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range given {
		out[k] = v
	}
	for _, l := range lines {
		for rest := flat(l.Text); ; {
			m := assign.FindStringSubmatch(rest)
			if m == nil {
				break
			}
			out[m[1]] = m[2] + m[3] + m[4]
			rest = strings.TrimLeft(rest[len(m[0]):], " \t;&")
		}
	}
	return out
}

// flat puts * in the place of what $( ) and ` ` would give.
func flat(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '`' || s[i] == '$' && i+1 < len(s) && s[i+1] == '(' {
			b.WriteByte('*')
			i += substitution(s[i:]) - 1
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

var variable = regex.New(`\$(?:\{([A-Za-z_][A-Za-z0-9_]*)(?::?[-=]([^}]*))?\}|([A-Za-z_][A-Za-z0-9_]*))`)

// Expand puts in the variables that are known. Those that are not stay.
func Expand(s string, vars map[string]string) string {
	for range 6 {
		next := variable.ReplaceAllStringFunc(s, func(ref string) string {
			m := variable.FindStringSubmatch(ref)
			if v, ok := vars[m[1]+m[3]]; ok && len(v) < 4096 {
				return v
			}
			if m[2] != "" {
				return m[2]
			}
			return ref
		})
		if next == s || len(next) > 1<<16 {
			break
		}
		s = next
	}
	return s
}

// Words splits a line into words and the operators between them (| || && ; & ( )
// > >> < and so on), quotes taken off. What $( ) and ` ` would put in is left as
// the one character *, which matches anything.
func Words(line string) []string {
	var out []string
	var b strings.Builder
	in := false
	flush := func() {
		if in {
			out = append(out, b.String())
			b.Reset()
			in = false
		}
	}
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c == '\'':
			end := strings.IndexByte(line[i+1:], '\'')
			if end < 0 {
				end = len(line) - i - 1
			}
			b.WriteString(line[i+1 : i+1+end])
			in = true
			i += end + 1
		case c == '"':
			n := quoted(&b, line[i+1:])
			in = true
			i += n
		case c == '\\' && i+1 < len(line):
			b.WriteByte(line[i+1])
			in = true
			i++
		case c == '$' && i+1 < len(line) && line[i+1] == '(', c == '`':
			b.WriteByte('*')
			in = true
			i += substitution(line[i:]) - 1
		case strings.IndexByte("|&;()<>", c) >= 0:
			if c == '>' && in && isNumber(b.String()) {
				b.Reset()
				in = false
			}
			flush()
			op := string(c)
			for i+1 < len(line) && line[i+1] == c && len(op) < 2 {
				op += string(c)
				i++
			}
			if c == '>' && i+1 < len(line) && line[i+1] == '&' {
				op += "&"
				i++
			}
			out = append(out, op)
		case c == ' ' || c == '\t':
			flush()
		default:
			b.WriteByte(c)
			in = true
		}
	}
	flush()
	return out
}

func isNumber(s string) bool { return len(s) == 1 && s[0] >= '0' && s[0] <= '9' }

// quoted reads up to the closing quote and returns how much it took.
func quoted(b *strings.Builder, s string) int {
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return i + 1
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == '$' && i+1 < len(s) && s[i+1] == '(', s[i] == '`':
			b.WriteByte('*')
			i += substitution(s[i:]) - 1
		default:
			b.WriteByte(s[i])
		}
	}
	return len(s)
}

// substitution is the length of a $( ) or ` ` at the beginning.
func substitution(s string) int {
	if s[0] == '`' {
		if end := strings.IndexByte(s[1:], '`'); end >= 0 {
			return end + 2
		}
		return len(s)
	}
	depth := 0
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(s)
}

// Operator says that a word ends a command.
func Operator(w string) bool {
	return w != "" && strings.Trim(w, "|&;()") == ""
}
