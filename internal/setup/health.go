package setup

import (
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"assay/internal/syntax/edit"
	"assay/internal/syntax/python"
)

// HealthPatch is a diff of the app's own module that gives an app without a health
// route one; "" where it has one, and wherever anything about it is not certain. It
// is offered to people, never applied: the code is theirs.
func HealthPatch(i Intent, a App) (file, diff string) {
	if a.Health != "" || a.speaksOfHealth {
		return "", ""
	}
	root, err := os.OpenRoot(i.Source)
	if err != nil {
		return "", ""
	}
	defer root.Close()
	r := reading{root: root}
	module, name, _ := strings.Cut(i.Entry, ":")
	m, ok := r.module(module)
	if !ok {
		return "", ""
	}
	if made, is := strings.CutSuffix(name, "()"); is {
		return m.inFactory(made)
	}
	at, value, ok := m.assigned(m.lines, 0, name)
	switch {
	case !ok:
		return "", ""
	case m.flask(value):
		return m.after(at, name)
	case m.whole(value[1:]) && value[0].Kind == python.Name: // app = create_app()
		if from, ok := m.origin(value[0].Text); ok {
			if m, ok = r.module(from); !ok {
				return "", ""
			}
		}
		return m.inFactory(value[0].Text)
	}
	return "", ""
}

// source is one module of an app.
type source struct {
	file, text string
	lines      []python.Line
}

func (r reading) module(dotted string) (m source, ok bool) {
	stem := strings.ReplaceAll(dotted, ".", "/")
	for _, name := range []string{stem + ".py", path.Join(stem, "__init__.py")} {
		text, err := r.text(name)
		if err != nil {
			continue
		}
		if m.file != "" { // nobody but Python's search path knows which one counts
			return m, false
		}
		m.file, m.text = name, text
	}
	plain := strings.HasSuffix(m.text, "\n") && !strings.ContainsAny(m.text, "\r\f\ufeff") && utf8.ValidString(m.text) && len(m.text) < mostRead
	lines, err := python.Scan(m.text)
	m.lines = lines
	return m, plain && err == nil
}

// assigned finds the only line that binds a name, at an indent, and what it binds it to.
func (m source) assigned(lines []python.Line, indent int, name string) (at int, value []python.Token, ok bool) {
	found := 0
	for n, l := range lines {
		t := l.Tokens
		eq := equals(t)
		if eq > 0 && t[0].Text == name && (eq == 1 || t[1].Text == ":") {
			found++
			at, value = n, t[eq+1:]
			ok = t[eq].Text == "=" && l.Indent == indent && len(value) > 2
			t = value
		}
		if binds(t, name) {
			return 0, nil, false
		}
	}
	return at, value, ok && found == 1
}

// equals is where a line's first = stands outside of brackets, -1 where none does.
func equals(t []python.Token) int {
	depth := 0
	return slices.IndexFunc(t, func(x python.Token) bool {
		depth += bracket(x)
		return depth == 0 && x.Kind == python.Op && strings.HasSuffix(x.Text, "=") && !slices.Contains([]string{"==", "!=", "<=", ">="}, x.Text)
	})
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

// binds says that a line may bind a name in whatever other way.
func binds(t []python.Token, name string) bool {
	eq := equals(t)
	for k, x := range t {
		if x.Kind != python.Name || x.Text != name || k > 0 && t[k-1].Text == "." {
			continue
		}
		before := ""
		if k > 0 {
			before = t[k-1].Text
		}
		member := k+1 < len(t) && slices.Contains([]string{".", "["}, t[k+1].Text)
		if slices.Contains([]string{"def", "class", "as", "for"}, before) ||
			slices.Contains([]string{"import", "from", "global", "nonlocal", "del", "for"}, t[0].Text) ||
			k+1 < len(t) && t[k+1].Text == ":=" || k < eq && !member || eq >= 0 && k > eq && k+1 < len(t) && equals(t[k:]) == 1 {
			return true
		}
	}
	return false
}

// whole says that tokens are one pair of brackets with all that is in them.
func (m source) whole(t []python.Token) bool {
	depth := 0
	for n, x := range t {
		if depth += bracket(x); depth == 0 {
			return n == len(t)-1 && t[0].Text == "("
		}
	}
	return false
}

// flask says that a value is Flask(...), of the package flask.
func (m source) flask(t []python.Token) bool {
	if t[0].Text == "flask" && len(t) > 3 && t[1].Text == "." && t[2].Text == "Flask" {
		return m.imports("flask", "") && m.whole(t[3:])
	}
	return t[0].Text == "Flask" && m.imports("flask", "Flask") && m.whole(t[1:])
}

// imports says that a line at the top takes a name, or with none itself, from a module.
func (m source) imports(module, name string) bool {
	return slices.ContainsFunc(m.lines, func(l python.Line) bool {
		t := l.Tokens
		if name == "" {
			return l.Indent == 0 && len(t) == 2 && t[0].Text == "import" && t[1].Text == module
		}
		from, names := imported(t)
		return l.Indent == 0 && from == module && slices.Contains(names, name)
	})
}

// imported are the names that a line `from MODULE import ...` takes as they are.
func imported(t []python.Token) (module string, names []string) {
	if t[0].Text != "from" {
		return "", nil
	}
	n := slices.IndexFunc(t, func(x python.Token) bool { return x.Text == "import" })
	if n < 2 {
		return "", nil
	}
	for _, x := range t[1:n] {
		module += x.Text
	}
	for k := n + 1; k < len(t); k++ {
		renamed := t[k-1].Text == "as" || k+1 < len(t) && t[k+1].Text == "as"
		if t[k].Kind == python.Name && !renamed {
			names = append(names, t[k].Text)
		}
	}
	return module, names
}

// origin is the module that a name is imported from, by its whole name.
func (m source) origin(name string) (module string, ok bool) {
	for _, l := range m.lines {
		if from, names := imported(l.Tokens); l.Indent == 0 && slices.Contains(names, name) && !strings.HasPrefix(from, ".") {
			return from, true
		}
	}
	return "", false
}

// inFactory adds the route before the only return of a function that makes the app.
func (m source) inFactory(name string) (file, diff string) {
	head := -1
	for n, l := range m.lines {
		if t := l.Tokens; l.Indent == 0 && len(t) > 2 && t[0].Text == "def" && t[1].Text == name {
			if head >= 0 || n > 0 && m.lines[n-1].Tokens[0].Text == "@" || t[len(t)-1].Text != ":" {
				return "", ""
			}
			head = n
		}
	}
	if head < 0 {
		return "", ""
	}
	body := m.lines[head+1:]
	if end := slices.IndexFunc(body, func(l python.Line) bool { return l.Indent == 0 }); end >= 0 {
		body = body[:end]
	}
	if len(body) < 2 {
		return "", ""
	}
	indent, last, free := body[0].Indent, body[len(body)-1], ending(body[len(body)-2])
	body = own(body)
	for _, l := range body[:len(body)-1] {
		if slices.ContainsFunc(l.Tokens, func(t python.Token) bool {
			return t.Kind == python.Name && slices.Contains([]string{"return", "yield", "global"}, t.Text)
		}) {
			return "", ""
		}
	}
	t := last.Tokens
	if last.Indent != indent || len(t) != 2 || t[0].Text != "return" || t[1].Kind != python.Name {
		return "", ""
	}
	if _, value, ok := m.assigned(body, indent, t[1].Text); !ok || !m.flask(value) {
		return "", ""
	}
	return m.before(t[0], free, t[1].Text)
}

// own are the lines of a function without those of functions and classes in it.
func own(body []python.Line) (out []python.Line) {
	inner := -1
	for _, l := range body {
		if inner >= 0 && l.Indent > inner {
			continue
		}
		inner = -1
		if slices.Contains([]string{"def", "class", "async"}, l.Tokens[0].Text) && l.Tokens[len(l.Tokens)-1].Text == ":" {
			inner = l.Indent
		}
		out = append(out, l)
	}
	return out
}

// ending is the line on which a logical one ends.
func ending(l python.Line) int {
	t := l.Tokens[len(l.Tokens)-1]
	return t.Line + strings.Count(t.Text, "\n")
}

func route(indent, inner, app string) []string {
	return []string{indent + "@" + app + `.route("/health")`, indent + "def health():", indent + inner + `return {"status": "ok"}`}
}

// after adds the route below a line of the module, two empty lines from its neighbours.
func (m source) after(n int, app string) (file, diff string) {
	at := ending(m.lines[n]) // how many lines stand before it
	all, _ := edit.Split(m.text)
	add := append([]string{"", ""}, route("", "    ", app)...)
	free := 0
	for free < 2 && at+free < len(all) && strings.TrimSpace(all[at+free]) == "" {
		free++
	}
	if at < len(all) {
		add = append(add, make([]string, 2-free)...)
	}
	return m.file, unified(m.file, all, at, add)
}

// before adds the route above a statement and the comments that belong to it; free
// is the line where the statement in front of it ends.
func (m source) before(t python.Token, free int, app string) (file, diff string) {
	all, _ := edit.Split(m.text)
	at := t.Line - 1
	begin := strings.LastIndexByte(m.text[:t.Start], '\n') + 1
	indent := m.text[begin:t.Start]
	for at > free && strings.HasPrefix(strings.TrimSpace(all[at-1]), "#") {
		at--
	}
	add := append(route(indent, indent, app), "")
	if strings.TrimSpace(all[at-1]) != "" {
		add = append([]string{""}, add...)
	}
	return m.file, unified(m.file, all, at, add)
}

// unified is a diff that adds lines behind the first at lines of a file.
func unified(file string, all []string, at int, add []string) string {
	from, to := max(0, at-3), min(len(all), at+3)
	var b strings.Builder
	fmt.Fprintf(&b, "--- a/%s\n+++ b/%s\n@@ -%d,%d +%d,%d @@\n", file, file, from+1, to-from, from+1, to-from+len(add))
	for n := from; n <= to; n++ {
		if n == at {
			b.WriteString("+" + strings.Join(add, "\n+") + "\n")
		}
		if n < to {
			b.WriteString(" " + all[n] + "\n")
		}
	}
	return b.String()
}
