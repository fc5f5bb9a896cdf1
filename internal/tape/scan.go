package tape

import "strings"

// Found by hand, since a body is one line of up to a megabyte, over which an
// expression takes many times as long. The expressions stand in the test, which
// holds both against each other.

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }

// found is where a name stands, and where what belongs to it begins.
type found struct{ from, to, end int }

// span is a name with its value; of a password in a URL the value alone.
type span struct{ name, value [2]int }

func (p span) of(s string) (name, value string) {
	return s[p.name[0]:p.name[1]], s[p.value[0]:p.value[1]]
}

// nextNamed finds NAME= as shells, units, env files, Python and JSON write it:
// SECRET_KEY=, "token": , config["SECRET_KEY"] = ; \" where a string stands in a
// string. A hyphen is allowed for options: --db-password=x.
func nextNamed(s string, at int) (found, bool) {
	for i := at; i < len(s); {
		if !letter(s[i]) {
			i++
			continue
		}
		k := i + 1
		for k < len(s) && (letter(s[k]) || digit(s[k]) || s[k] == '.' || s[k] == '-') {
			k++
		}
		if end, ok := assigns(s, k); ok {
			return found{i, k, end}, true
		}
		i = k
	}
	return found{}, false
}

// assigns reads \\*["']?\]?[ \t]*(?::=|[=:])[ \t]* .
func assigns(s string, i int) (int, bool) {
	i = skip(s, i, "\\")
	if i < len(s) && (s[i] == '"' || s[i] == '\'') {
		i++
	}
	if i < len(s) && s[i] == ']' {
		i++
	}
	i = skip(s, i, " \t")
	switch {
	case strings.HasPrefix(s[i:], ":="):
		i += 2
	case i < len(s) && (s[i] == '=' || s[i] == ':'):
		i++
	default:
		return 0, false
	}
	return skip(s, i, " \t"), true
}

func skip(s string, i int, what string) int {
	for i < len(s) && strings.IndexByte(what, s[i]) >= 0 {
		i++
	}
	return i
}

// nextFallback finds environ.get("NAME", and its like.
func nextFallback(s string, at int) (found, bool) {
	for {
		n := strings.IndexByte(s[at:], '(')
		if n < 0 {
			return found{}, false
		}
		at += n + 1
		i := skip(s, at, "\\")
		if i >= len(s) || s[i] != '"' && s[i] != '\'' {
			continue
		}
		i++
		k := variableAt(s, i)
		if k == i {
			continue
		}
		e := skip(s, k, "\\")
		if e >= len(s) || s[e] != '"' && s[e] != '\'' {
			continue
		}
		if e = skip(s, e+1, " \t"); e < len(s) && s[e] == ',' {
			return found{i, k, skip(s, e+1, " \t")}, true
		}
	}
}

// variableAt is the end of a variable's name that begins at i, i where there is none.
func variableAt(s string, i int) int {
	if i >= len(s) || !letter(s[i]) {
		return i
	}
	for i < len(s) && (letter(s[i]) || digit(s[i])) {
		i++
	}
	return i
}

// quotedPairs are words of Environment= that are quoted whole: "NAME=value".
func quotedPairs(s string) []span {
	var out []span
	for i := 0; i < len(s); i++ {
		if s[i] != '"' && s[i] != '\'' {
			continue
		}
		k := variableAt(s, i+1)
		if k == i+1 || k >= len(s) || s[k] != '=' {
			continue
		}
		e := k + 1
		for e < len(s) && s[e] != '"' && s[e] != '\'' && s[e] != '\n' {
			if s[e] == '\\' {
				if e++; e >= len(s) || s[e] == '\n' {
					break
				}
			}
			e++
		}
		if e < len(s) && (s[e] == '"' || s[e] == '\'') {
			out = append(out, span{[2]int{i + 1, k}, [2]int{k + 1, e}})
			i = e
		}
	}
	return out
}

// options are those whose value follows as a word of its own.
func options(s string) []span {
	var out []span
	for i := 0; i < len(s); i++ {
		if s[i] != '-' || i > 0 && !blank(s[i-1]) && s[i-1] != 0 {
			continue
		}
		k := i + 1
		if k < len(s) && s[k] == '-' {
			k++
		}
		if k >= len(s) || !letter(s[k]) || s[k] == '_' {
			continue
		}
		for k < len(s) && (letter(s[k]) && s[k] != '_' || digit(s[k]) || s[k] == '-') {
			k++
		}
		v := skip(s, k, " \x00")
		if v == k || v >= len(s) || blank(s[v]) || s[v] == '-' {
			continue
		}
		e := v
		for e < len(s) && !blank(s[e]) && s[e] != 0 {
			e++
		}
		out = append(out, span{[2]int{i, k}, [2]int{v, e}})
		i = e - 1
	}
	return out
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' }

// userinfos are the passwords of URLs; the last @ before the host ends one.
func userinfos(s string) []span {
	var out []span
	for done := 0; ; {
		n := strings.Index(s[done:], "://")
		if n < 0 {
			return out
		}
		at := done + n
		scheme := false
		for i := at - 1; i >= done && (letter(s[i]) && s[i] != '_' || digit(s[i]) || strings.IndexByte("+.-", s[i]) >= 0); i-- {
			scheme = scheme || letter(s[i])
		}
		v, ok := password(s, at+3)
		if !scheme || !ok {
			done = at + 1
			continue
		}
		out = append(out, span{value: v})
		done = v[1] + 1
	}
}

// password reads [^\s:/@"'<>]*:([^\s"'<>/?]+)@ .
func password(s string, i int) (v [2]int, ok bool) {
	for i < len(s) && !blank(s[i]) && strings.IndexByte(`:/@"'<>`, s[i]) < 0 {
		i++
	}
	if i >= len(s) || s[i] != ':' {
		return v, false
	}
	from := i + 1
	e := from
	for e < len(s) && !blank(s[e]) && strings.IndexByte(`"'<>/?`, s[e]) < 0 {
		e++
	}
	at := strings.LastIndexByte(s[from:e], '@')
	return [2]int{from, from + at}, at > 0
}

// spans are all matches of an expression: its first group is the value.
func spans(all [][]int) []span {
	var out []span
	for _, m := range all {
		out = append(out, span{value: [2]int{m[2], m[3]}})
	}
	return out
}
