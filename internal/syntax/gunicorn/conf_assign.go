package gunicorn

import (
	"fmt"
	"slices"
	"strings"
)

// statement takes one simple statement.
func (r *confReader) statement(toks []tok) {
	r.effects(toks)
	if toks[0].kind == tName && toks[0].text == "global" {
		for _, t := range toks[1:] {
			if t.kind == tName {
				r.global[t.text] = ConfValue{Line: t.line, Text: r.source(toks), Why: "a function declares it global and may set it"}
			}
		}
		return
	}
	if r.local() {
		for i, t := range toks {
			if t.kind == tName && (i == 0 || toks[i-1].text != ".") {
				r.used[t.text] = toks
			}
		}
		return
	}
	if toks[0].kind == tName && (toks[0].text == "import" || toks[0].text == "from" || toks[0].text == "del") {
		r.imports(toks)
		return
	}
	if !r.assign(toks) {
		r.mutations(toks)
	}
}

// imports: each name after import, or behind its as, is bound.
func (r *confReader) imports(toks []tok) {
	from := toks[0].text != "from"
	for i, t := range toks {
		if t.kind == tOp && t.text == "*" && i > 0 && toks[i-1].text == "import" {
			r.forget(toks, "a star import could set it", false)
			return
		}
		if t.kind == tName && t.text == "import" {
			from = true
		} else if t.kind == tName && from && i > 0 && t.text != "as" && t.text != "del" && toks[i-1].text != "." {
			r.unknown(t.text, toks, "it is imported")
			if toks[0].text == "del" {
				r.unknown(t.text, toks, "it is deleted")
			}
		}
	}
}

// forget makes every name unknown: those assigned so far and those never
// assigned, or (sticky) all, whatever comes later.
func (r *confReader) forget(toks []tok, why string, sticky bool) {
	v := ConfValue{Line: toks[0].line, Text: r.source(toks), Why: why}
	if sticky {
		r.c.sticky = v
		return
	}
	clear(r.c.values)
	r.c.opaque = v
}

// effects looks for what can set names behind our back.
func (r *confReader) effects(toks []tok) {
	for i, t := range toks {
		if t.kind == tOp && t.text == ":=" && i > 0 {
			r.unknown(toks[i-1].text, toks, "it is set by := inside an expression")
		}
		if t.kind != tName {
			continue
		}
		switch t.text {
		case "exec", "globals", "locals", "vars", "execfile", "setattr", "__dict__", "__builtins__", "runpy":
			r.forget(toks, t.text+" could set it", r.local() || t.text != "exec")
		}
	}
}

// assign takes `a = b = value`, `a: T = value`, `a += value`. It reports whether
// the statement was one.
func (r *confReader) assign(toks []tok) bool {
	var parts [][]tok
	depth, start := 0, 0
	for i, t := range toks {
		depth += bracket(t)
		if depth > 0 || t.kind != tOp {
			continue
		}
		if t.text == "=" {
			parts = append(parts, toks[start:i])
			start = i + 1
		} else if strings.HasSuffix(t.text, "=") && !slices.Contains([]string{"==", "!=", "<=", ">=", ":="}, t.text) {
			r.targets(toks[:i], toks, ConfValue{Why: "it is changed by " + t.text})
			return true
		}
	}
	if len(parts) == 0 {
		return false
	}
	value := toks[start:]
	v := ConfValue{Line: toks[0].line, Text: r.source(value)}
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
func (r *confReader) targets(target, stmt []tok, v ConfValue) {
	if len(target) == 0 {
		return
	}
	typed := len(target) > 2 && target[1].text == ":"
	if target[0].kind == tName && (len(target) == 1 || typed) {
		if v.State != Literal && v.Line == 0 {
			v.Line, v.Text = stmt[0].line, r.source(stmt)
		}
		r.c.values[target[0].text] = v
		return
	}
	for _, t := range target {
		if t.kind == tName {
			r.unknown(t.text, stmt, fmt.Sprintf("it is set or changed by `%s`", short(r.source(stmt))))
		}
	}
}

// mutations: a list or dict that is named in any other statement may be changed
// by it (bind.append("x")).
func (r *confReader) mutations(toks []tok) {
	for i, t := range toks {
		if t.kind != tName || i > 0 && toks[i-1].text == "." {
			continue
		}
		if v, ok := r.c.values[t.text]; ok && v.State == Literal && mutable(v.Value) {
			r.unknown(t.text, toks, fmt.Sprintf("`%s` may change it", short(r.source(toks))))
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
