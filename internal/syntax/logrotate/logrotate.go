// Package logrotate reads logrotate's configuration (logrotate(8), 3.21 and 3.22).
package logrotate

import "strings"

// Directive is one setting with its place.
type Directive struct {
	Key, Value string
	Line       int
}

// Stanza is what is said of some logs; directives before it in the same file
// count for it, too.
type Stanza struct {
	Patterns []string
	Set      []Directive
	Scripts  map[string]string // postrotate and the like
	Line     int
	Open     int // the line of its "{", Close that of its "}" where that stands alone
	Close    int
}

// File is one file of configuration. Global are the directives outside of all
// stanzas, the include lines among them.
type File struct {
	Path    string
	Global  []Directive
	Stanzas []Stanza
}

// Last is the last directive of a name.
func Last(set []Directive, key string) (Directive, bool) {
	for i := len(set) - 1; i >= 0; i-- {
		if set[i].Key == key {
			return set[i], true
		}
	}
	return Directive{}, false
}

var scripts = map[string]bool{"postrotate": true, "prerotate": true, "firstaction": true, "lastaction": true, "preremove": true}

// Parse reads a file; what it does not understand it leaves out.
func Parse(path, text string) File {
	f := File{Path: path}
	var open *Stanza // whose braces are open, or whose patterns are being read
	inside, script := false, ""
	n := 0
	for l := range strings.Lines(text) {
		n++
		l = strings.TrimSpace(l)
		if script != "" {
			if l == "endscript" {
				script = ""
			} else {
				open.Scripts[script] += l + "\n"
			}
			continue
		}
		if l == "" || l[0] == '#' {
			continue
		}
		if !inside && (open != nil || strings.ContainsRune(`/"'~{`, rune(l[0]))) {
			if open == nil {
				open = &Stanza{Line: n, Scripts: map[string]string{}}
			}
			head, rest, found := strings.Cut(l, "{")
			open.Patterns = append(open.Patterns, words(head)...)
			if !found {
				continue
			}
			inside, l, open.Open = true, strings.TrimSpace(rest), n
		}
		closed := inside && strings.HasSuffix(l, "}")
		if closed {
			l = strings.TrimSpace(strings.TrimSuffix(l, "}"))
		}
		if d, ok := directive(l, n); ok && !inside {
			f.Global = append(f.Global, d)
		} else if ok {
			if open.Set = append(open.Set, d); scripts[d.Key] {
				script = d.Key
			}
		}
		if closed {
			if l == "" && n > open.Open {
				open.Close = n
			}
			f.Stanzas = append(f.Stanzas, *open)
			open, inside = nil, false
		}
	}
	return f
}

func directive(l string, n int) (Directive, bool) {
	l, _, _ = strings.Cut(l, "#")
	w := strings.FieldsFunc(l, func(r rune) bool { return r == ' ' || r == '\t' || r == '=' })
	if len(w) == 0 {
		return Directive{}, false
	}
	return Directive{Key: strings.ToLower(w[0]), Value: strings.Join(w[1:], " "), Line: n}, true
}

// words splits patterns, which may stand in quotes.
func words(s string) []string {
	var out []string
	var b strings.Builder
	quote := rune(0)
	end := func() {
		if b.Len() > 0 {
			out = append(out, b.String())
			b.Reset()
		}
	}
	for _, r := range s {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote = r
		case quote == 0 && (r == ' ' || r == '\t'):
			end()
		default:
			b.WriteRune(r)
		}
	}
	end()
	return out
}
