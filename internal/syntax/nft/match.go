package nft

import "strings"

// answer is whether an expression matches.
type answer int

const (
	no answer = iota
	maybe
	yes
)

func answerOf(b bool) answer {
	if b {
		return yes
	}
	return no
}

func (a answer) not() answer { return yes - a }

func (e *run) match(r *Rule, v any) (answer, string) {
	m, _ := v.(map[string]any)
	op, _ := m["op"].(string)
	return e.compare(r, m["left"], op, m["right"])
}

// compare answers LEFT OP RIGHT. why says, for maybe, what is not known.
func (e *run) compare(r *Rule, left any, op string, right any) (answer, string) {
	why := text(left) + " is not known"
	if l, ok := left.(map[string]any); ok && l["concat"] != nil {
		parts, _ := l["concat"].([]any)
		a := e.concat(r, parts, right)
		return negate(a, op), why
	}
	f := e.field(left)
	if f.absent {
		return no, "" // another protocol: the rule does not match, nor does its opposite
	}
	if f.values == nil && !f.public {
		return maybe, why
	}
	if op == "<" || op == ">" || op == "<=" || op == ">=" {
		a, ok := numeric(f.one())
		b, ok2 := numeric(right)
		if !ok || !ok2 {
			return maybe, why
		}
		return answerOf(op == "<" && a < b || op == ">" && a > b || op == "<=" && a <= b || op == ">=" && a >= b), ""
	}
	want, ok := e.expand(r, right)
	if !ok {
		return maybe, "we do not know " + text(right)
	}
	if f.public {
		return negate(f.cover(want), op), text(left) + " is matched against many public addresses"
	}
	got := no
	if !f.flags || op == "in" || len(want) == 1 || setOf(right) { // `tcp flags == syn|ack` is both bits, not one of them
		for _, w := range want {
			got = max(got, f.is(w))
		}
	}
	return negate(got, op), why
}

// setOf tells `{ a, b }` and `@name` from a sum of flags.
func setOf(right any) bool {
	m, ok := right.(map[string]any)
	_, named := right.(string)
	return ok && m["set"] != nil || named
}

func negate(a answer, op string) answer {
	if op == "!=" {
		return a.not()
	}
	return a
}

// concat compares `ip daddr . tcp dport` with a set of tuples.
func (e *run) concat(r *Rule, parts []any, right any) answer {
	want, ok := e.expand(r, right)
	if !ok {
		return maybe
	}
	best := no
	for _, w := range want {
		m, _ := w.(map[string]any)
		tuple, _ := m["concat"].([]any)
		if len(tuple) != len(parts) {
			best = max(best, maybe)
			continue
		}
		all := yes
		for i := range parts {
			a, _ := e.compare(r, parts[i], "==", tuple[i])
			all = min(all, a)
		}
		best = max(best, all)
	}
	return best
}

// expand makes a list of the right side: one value, a set in place, "@name".
func (e *run) expand(r *Rule, right any) ([]any, bool) {
	switch x := right.(type) {
	case string:
		if name, named := strings.CutPrefix(x, "@"); named {
			s := e.set.sets[r.Family+" "+r.Table+" "+name]
			if s == nil {
				return nil, false
			}
			return elems(s.elems), true
		}
	case []any:
		return x, true
	case map[string]any:
		if all, ok := x["set"].([]any); ok {
			return elems(all), true
		}
		if all, ok := x["|"].([]any); ok {
			return all, true
		}
		if x["prefix"] == nil && x["range"] == nil && x["elem"] == nil && x["concat"] == nil {
			return nil, false
		}
		return elems([]any{right}), true
	}
	return []any{right}, true
}

// elems takes the values out of elements with timeouts, counters and mappings.
func elems(in []any) []any {
	var out []any
	for _, e := range in {
		if p, ok := e.([]any); ok && len(p) == 2 {
			e = p[0]
		}
		if m, ok := e.(map[string]any); ok {
			if el, ok := m["elem"].(map[string]any); ok {
				e = el["val"]
			}
		}
		out = append(out, e)
	}
	return out
}

// services that nft prints by name with -S.
var services = map[string]float64{"ssh": 22, "smtp": 25, "domain": 53, "http": 80, "https": 443, "mysql": 3306, "postgresql": 5432, "redis": 6379, "http-alt": 8080}
