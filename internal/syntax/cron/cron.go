// Package cron reads crontabs as Debian's cron does (crontab(5)).
package cron

import (
	"strings"
)

// Entry is one line that runs something.
type Entry struct {
	Line    int
	When    string // the five fields, or @daily
	User    string // of /etc/crontab and /etc/cron.d; "" where the table is one user's own
	Command string // without what % turns into standard input
	Env     map[string]string
}

// Table is a crontab. Bad are the lines that cron refuses: it then refuses the
// whole table.
type Table struct {
	Entries []Entry
	Bad     []int
}

// Parse reads a table; system says that each line names a user.
func Parse(text string, system bool) Table {
	var t Table
	env := map[string]string{}
	n := 0
	for l := range strings.Lines(text) {
		n++
		l = strings.TrimSpace(l)
		if l == "" || l[0] == '#' {
			continue
		}
		if name, value, ok := assignment(l); ok {
			next := map[string]string{name: value}
			for k, v := range env {
				if k != name {
					next[k] = v
				}
			}
			env = next
			continue
		}
		e := Entry{Line: n, Env: env}
		rest := l
		if l[0] == '@' {
			e.When, rest = word(l)
		} else {
			var fields []string
			for range 5 {
				var f string
				f, rest = word(rest)
				fields = append(fields, f)
			}
			e.When = strings.Join(fields, " ")
		}
		if system {
			e.User, rest = word(rest)
		}
		e.Command = command(rest)
		if e.Command == "" {
			t.Bad = append(t.Bad, n)
			continue
		}
		t.Entries = append(t.Entries, e)
	}
	return t
}

func word(s string) (first, rest string) {
	s = strings.TrimLeft(s, " \t")
	i := strings.IndexAny(s, " \t")
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.TrimLeft(s[i:], " \t")
}

// assignment is NAME = value, quotes taken off.
func assignment(l string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(l, "=")
	name = strings.Trim(strings.TrimSpace(name), `"'`)
	if !ok || name == "" || strings.ContainsAny(name, " \t*/,@") || name[0] >= '0' && name[0] <= '9' {
		return "", "", false
	}
	value = strings.TrimSpace(value)
	if n := len(value); n > 1 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
		value = value[1 : n-1]
	}
	return name, value, true
}

// command ends at the first % that has no backslash: what follows is input.
func command(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && s[i+1] == '%':
			b.WriteByte('%')
			i++
		case s[i] == '%':
			return strings.TrimSpace(b.String())
		default:
			b.WriteByte(s[i])
		}
	}
	return strings.TrimSpace(b.String())
}

// RunParts says whether run-parts takes a file of this name (Debian's run-parts
// without --regex): one with a dot, as in backup.sh, it silently passes over.
func RunParts(name string) bool {
	if name == "" {
		return false
	}
	for _, c := range name {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-') {
			return false
		}
	}
	return true
}
