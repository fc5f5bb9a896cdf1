package gunicorn

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/syntax/python"
)

// statement takes one simple statement.
func (r *confReader) statement(toks []python.Token) {
	r.effects(toks)
	if toks[0].Kind == python.Name && toks[0].Text == "global" {
		for _, t := range toks[1:] {
			if t.Kind == python.Name {
				r.global[t.Text] = ConfValue{Line: t.Line, Text: r.source(toks), Why: "a function declares it global and may set it"}
			}
		}
		return
	}
	if r.local() {
		for i, t := range toks {
			if t.Kind == python.Name && (i == 0 || toks[i-1].Text != ".") {
				r.used[t.Text] = toks
			}
		}
		return
	}
	if toks[0].Kind == python.Name && (toks[0].Text == "import" || toks[0].Text == "from" || toks[0].Text == "del") {
		r.imports(toks)
		return
	}
	if !r.assign(toks) {
		r.mutations(toks)
	}
}

// imports: each name after import, or behind its as, is bound.
func (r *confReader) imports(toks []python.Token) {
	from := toks[0].Text != "from"
	for i, t := range toks {
		if t.Kind == python.Op && t.Text == "*" && i > 0 && toks[i-1].Text == "import" {
			r.forget(toks, "a star import could set it", false)
			return
		}
		if t.Kind == python.Name && t.Text == "import" {
			from = true
		} else if t.Kind == python.Name && from && i > 0 && t.Text != "as" && t.Text != "del" && toks[i-1].Text != "." {
			r.unknown(t.Text, toks, "it is imported")
			if toks[0].Text == "del" {
				r.unknown(t.Text, toks, "it is deleted")
			}
		}
	}
}

// forget makes every name unknown: those assigned so far and those never
// assigned, or (sticky) all, whatever comes later.
func (r *confReader) forget(toks []python.Token, why string, sticky bool) {
	v := ConfValue{Line: toks[0].Line, Text: r.source(toks), Why: why}
	if sticky {
		r.c.sticky = v
		return
	}
	clear(r.c.values)
	r.c.opaque = v
}

// effects looks for what can set names behind our back.
func (r *confReader) effects(toks []python.Token) {
	for i, t := range toks {
		if t.Kind == python.Op && t.Text == ":=" && i > 0 {
			r.unknown(toks[i-1].Text, toks, "it is set by := inside an expression")
		}
		if t.Kind != python.Name {
			continue
		}
		switch t.Text {
		case "exec", "globals", "locals", "vars", "execfile", "setattr", "__dict__", "__builtins__", "runpy":
			r.forget(toks, t.Text+" could set it", r.local() || t.Text != "exec")
		}
	}
}

// assign takes `a = b = value`, `a: T = value`, `a += value`. It reports whether
// the statement was one.
func (r *confReader) assign(toks []python.Token) bool {
	var parts [][]python.Token
	depth, start := 0, 0
	for i, t := range toks {
		depth += bracket(t)
		if depth > 0 || t.Kind != python.Op {
			continue
		}
		if t.Text == "=" {
			parts = append(parts, toks[start:i])
			start = i + 1
		} else if strings.HasSuffix(t.Text, "=") && !slices.Contains([]string{"==", "!=", "<=", ">=", ":="}, t.Text) {
			r.targets(toks[:i], toks, ConfValue{Why: "it is changed by " + t.Text})
			return true
		}
	}
	if len(parts) == 0 {
		return false
	}
	value := toks[start:]
	v := ConfValue{Line: toks[0].Line, Text: r.source(value)}
	if len(r.frames) > 0 {
		v.Why = "it is set inside " + article(r.frames[0].word)
	} else if lit, ok := literal(value); ok {
		v.State, v.Value = Literal, lit
	} else {
		v.Why = notLiteral
		v.Env, v.Fallback, v.HasFallback = environ(value)
	}
	if v.State != Literal {
		r.mutations(value)
	}
	if lit := v.Value; len(parts) > 1 && mutable(lit) {
		v = ConfValue{Line: v.Line, Text: v.Text, Why: "it shares its list with another name"}
	}
	for _, target := range parts {
		r.targets(target, toks, v)
	}
	return true
}

func article(word string) string {
	if strings.ContainsAny(word[:1], "aeiou") {
		return "an " + word
	}
	return "a " + word
}

// targets binds one target: a name, perhaps with its type; of anything else
// (a, b / a.b / a[0]) every name in it is unknown.
func (r *confReader) targets(target, stmt []python.Token, v ConfValue) {
	if len(target) == 0 {
		return
	}
	typed := len(target) > 2 && target[1].Text == ":"
	if target[0].Kind == python.Name && (len(target) == 1 || typed) {
		if v.State != Literal && v.Line == 0 {
			v.Line, v.Text = stmt[0].Line, r.source(stmt)
		}
		r.c.values[target[0].Text] = v
		return
	}
	for _, t := range target {
		if t.Kind == python.Name {
			r.unknown(t.Text, stmt, fmt.Sprintf("it is set or changed by `%s`", short(r.source(stmt))))
		}
	}
}

// mutations: a list or dict that is named in any other statement may be changed
// by it (bind.append("x")).
func (r *confReader) mutations(toks []python.Token) {
	for i, t := range toks {
		if t.Kind != python.Name || i > 0 && toks[i-1].Text == "." {
			continue
		}
		if v, ok := r.c.values[t.Text]; ok && v.State == Literal && mutable(v.Value) {
			r.unknown(t.Text, toks, fmt.Sprintf("`%s` may change it", short(r.source(toks))))
		}
	}
}

func mutable(v any) bool {
	switch v.(type) {
	case []any, []Item:
		return true
	}
	return false
}

func short(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "..."
	}
	return s
}
