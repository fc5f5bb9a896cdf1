package gunicorn

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"assay/internal/syntax/python"
)

// Item is one entry of a literal dict, in the order written.
type Item struct{ Key, Value any }

// literal reads an expression that is nothing but a literal: string, int64,
// float64, bool, nil (None), []any (list or tuple), []Item (dict).
func literal(t []python.Token) (any, bool) {
	p := &exprs{t: t}
	v, ok := p.list(true)
	return v, ok && p.i == len(t)
}

type exprs struct {
	t     []python.Token
	i     int
	depth int
}

func (p *exprs) op(text string) bool {
	if p.i < len(p.t) && p.t[p.i].Kind == python.Op && p.t[p.i].Text == text {
		p.i++
		return true
	}
	return false
}

// list reads `a` or `a, b`: the second is a tuple.
func (p *exprs) list(top bool) (any, bool) {
	v, ok := p.value()
	if !ok || !top || !p.op(",") {
		return v, ok
	}
	all := []any{v}
	for p.i < len(p.t) && !(p.t[p.i].Kind == python.Op && p.t[p.i].Text == ")") {
		if v, ok = p.value(); !ok {
			return nil, false
		}
		all = append(all, v)
		if !p.op(",") {
			break
		}
	}
	return all, true
}

func (p *exprs) value() (any, bool) {
	if p.depth++; p.depth > 100 || p.i >= len(p.t) {
		return nil, false
	}
	defer func() { p.depth-- }()
	t := p.t[p.i]
	p.i++
	switch {
	case t.Kind == python.String:
		p.i--
		return p.strings()
	case t.Kind == python.Number:
		return number(t.Text)
	case t.Kind == python.Name:
		v, ok := map[string]any{"True": true, "False": false, "None": nil}[t.Text]
		return v, ok
	case t.Text == "-" || t.Text == "+":
		v, ok := p.value()
		switch n := v.(type) {
		case int64:
			if t.Text == "-" {
				return -n, ok
			}
			return n, ok
		case float64:
			if t.Text == "-" {
				return -n, ok
			}
			return n, ok
		}
		return nil, false
	case t.Text == "(":
		if p.op(")") {
			return []any{}, true
		}
		v, ok := p.list(true)
		return v, ok && p.op(")")
	case t.Text == "[":
		all := []any{}
		for !p.op("]") {
			v, ok := p.value()
			if !ok || !p.op(",") && !p.at("]") {
				return nil, false
			}
			all = append(all, v)
		}
		return all, true
	case t.Text == "{":
		return p.dict()
	}
	return nil, false
}

func (p *exprs) at(text string) bool { return p.i < len(p.t) && p.t[p.i].Text == text }

func (p *exprs) dict() (any, bool) {
	all := []Item{}
	for !p.op("}") {
		k, ok := p.value()
		if !ok || !p.op(":") {
			return nil, false
		}
		v, ok := p.value()
		if !ok || !p.op(",") && !p.at("}") {
			return nil, false
		}
		all = append(all, Item{k, v})
	}
	return all, true
}

// strings joins neighbouring string literals. Bytes and f-strings are none.
func (p *exprs) strings() (any, bool) {
	var b strings.Builder
	for p.i < len(p.t) && p.t[p.i].Kind == python.String {
		s, ok := text(p.t[p.i].Text)
		if !ok {
			return nil, false
		}
		b.WriteString(s)
		p.i++
	}
	return b.String(), true
}

func text(src string) (string, bool) {
	q := strings.IndexAny(src, `"'`)
	prefix := strings.ToLower(src[:q])
	if strings.ContainsAny(prefix, "bft") {
		return "", false
	}
	n := 1
	if len(src) >= q+6 && strings.HasPrefix(src[q:], strings.Repeat(src[q:q+1], 3)) {
		n = 3
	}
	body := strings.ReplaceAll(src[q+n:len(src)-n], "\r\n", "\n")
	if strings.Contains(prefix, "r") || !strings.Contains(body, `\`) {
		return body, true
	}
	return unescape(body)
}

// unescape: an unknown escape keeps its backslash; \N{name} we do not know.
func unescape(s string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		c := s[i]
		if j := strings.IndexByte(`abfnrtv\'"`, c); j >= 0 {
			b.WriteByte("\a\b\f\n\r\t\v\\'\""[j])
			continue
		}
		width := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]
		switch {
		case c == '\n':
		case c == 'N':
			return "", false
		case width > 0:
			if i+width >= len(s) {
				return "", false
			}
			n, err := strconv.ParseUint(s[i+1:i+1+width], 16, 32)
			if err != nil || n > utf8.MaxRune {
				return "", false
			}
			b.WriteRune(rune(n))
			i += width
		case c >= '0' && c <= '7':
			j := i
			for j < len(s) && j < i+3 && s[j] >= '0' && s[j] <= '7' {
				j++
			}
			n, _ := strconv.ParseUint(s[i:j], 8, 32)
			b.WriteRune(rune(n))
			i = j - 1
		default:
			b.WriteByte('\\')
			b.WriteByte(c)
		}
	}
	return b.String(), true
}

func number(s string) (any, bool) {
	s = strings.ReplaceAll(s, "_", "")
	if n, err := strconv.ParseInt(s, 0, 64); err == nil && (len(s) < 2 || s[0] != '0' || s[1] < '0' || s[1] > '9') {
		return n, true
	}
	if strings.HasPrefix(strings.ToLower(s), "0x") {
		return nil, false
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && (strings.ContainsAny(s, ".eE")) {
		return f, true
	}
	return nil, false
}

// environ recognises os.environ.get("X"[, literal]), os.getenv(...),
// os.environ["X"], also inside int(...) or str(...).
func environ(t []python.Token) (name string, fallback any, has bool) {
	if len(t) > 3 && t[0].Kind == python.Name && slices.Contains([]string{"int", "str", "float"}, t[0].Text) && t[1].Text == "(" && t[len(t)-1].Text == ")" {
		t = t[2 : len(t)-1]
	}
	var b strings.Builder
	for _, x := range t {
		if x.Kind == python.String {
			break
		}
		b.WriteString(x.Text)
	}
	i := 0
	for i < len(t) && t[i].Kind != python.String {
		i++
	}
	switch b.String() {
	case "os.environ.get(", "os.getenv(", "environ.get(", "getenv(":
		v, ok := literal(t[i : len(t)-1])
		if s, one := v.(string); ok && one && t[len(t)-1].Text == ")" {
			return s, nil, false
		}
		if all, two := v.([]any); ok && two && len(all) == 2 && t[len(t)-1].Text == ")" {
			s, _ := all[0].(string)
			return s, all[1], s != ""
		}
	case "os.environ[", "environ[":
		if v, ok := literal(t[i : len(t)-1]); ok && t[len(t)-1].Text == "]" {
			s, _ := v.(string)
			return s, nil, false
		}
	}
	return "", nil, false
}
