package nft

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

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

// field is what we know of one property of the packet.
type field struct {
	values []any // what it equals: names and numbers of the same thing; nil: not known
	absent bool  // the packet has no such header
	public bool  // any public address (or any client port)
	v6     bool
	except []any // not known, but none of these
	some   bool  // one public address of our choice, in place of any
	flags  bool  // values are bits; a list on the right side means any of them
}

func (f field) one() any {
	if len(f.values) == 0 {
		return nil
	}
	return f.values[len(f.values)-1]
}

// field of the packet that the left side of a match asks for.
func (e *run) field(left any) field {
	l, _ := left.(map[string]any)
	if m, ok := l["meta"].(map[string]any); ok {
		key, _ := m["key"].(string)
		return e.meta(key)
	}
	if m, ok := l["payload"].(map[string]any); ok {
		proto, _ := m["protocol"].(string)
		name, _ := m["field"].(string)
		return e.payload(proto, name)
	}
	if m, ok := l["ct"].(map[string]any); ok {
		switch m["key"] {
		case "state":
			return field{values: []any{"new"}, flags: true}
		case "direction":
			return field{values: []any{"original", 0.0}}
		case "status":
			return field{values: []any{"0", 0.0}, flags: true}
		case "protocol":
			return e.meta("l4proto")
		}
	}
	if m, ok := l["fib"].(map[string]any); ok {
		return fib(m)
	}
	if and, ok := l["&"].([]any); ok && len(and) > 0 { // tcp flags & (syn|ack)
		f := e.field(and[0])
		if f.flags && len(and) == 2 && !slices.Contains(bits(and[1]), text(f.values[0])) {
			return field{values: []any{"0", 0.0}, flags: true}
		}
		if f.flags || f.absent {
			return f
		}
	}
	return field{}
}

// bits are the names in a mask.
func bits(v any) []string {
	if m, ok := v.(map[string]any); ok {
		v = m["|"]
	}
	return flags(v)
}

func fib(m map[string]any) field {
	from := flags(m["flags"])
	switch {
	case m["result"] == "type" && slices.Contains(from, "daddr"):
		return field{values: []any{"local"}}
	case m["result"] == "type" && slices.Contains(from, "saddr"):
		return field{values: []any{"unicast"}}
	case slices.Contains(from, "saddr") && slices.Contains(from, "iif"): // reverse path: there is one
		return field{values: []any{true, "exists"}}
	}
	return field{}
}

func (e *run) meta(key string) field {
	num := map[string]float64{"tcp": 6, "udp": 17}[e.c.Proto]
	v4 := e.c.Addr.Is4()
	switch key {
	case "l4proto":
		return field{values: []any{e.c.Proto, num}}
	case "nfproto":
		if v4 {
			return field{values: []any{"ipv4", 2.0}}
		}
		return field{values: []any{"ipv6", 10.0}}
	case "protocol":
		if v4 {
			return field{values: []any{"ip"}}
		}
		return field{values: []any{"ip6"}}
	case "iif", "iifname":
		if e.c.Iface != "" {
			return field{values: []any{e.c.Iface}}
		}
		return field{values: []any{}, except: []any{"lo", 1.0}}
	case "iiftype":
		return field{values: []any{}, except: []any{"loopback", 772.0}}
	case "oif", "oifname", "skuid", "skgid":
		return field{absent: true} // nothing of the kind on the way in
	case "pkttype":
		return field{values: []any{"host", "unicast", 0.0}}
	}
	return field{}
}

func (e *run) payload(proto, name string) field {
	v4 := e.c.Addr.Is4()
	switch proto {
	case "ip", "ip6":
		if v4 != (proto == "ip") {
			return field{absent: true}
		}
		switch name {
		case "saddr":
			return field{public: true, v6: !v4, some: e.c.Singled}
		case "daddr":
			return field{values: []any{e.c.Addr.String()}}
		case "protocol", "nexthdr":
			return e.meta("l4proto")
		case "version":
			return field{values: []any{map[bool]float64{true: 4, false: 6}[v4]}}
		}
		return field{}
	case "tcp", "udp", "th":
		if proto != "th" && proto != e.c.Proto {
			return field{absent: true}
		}
		switch name {
		case "dport":
			return field{values: []any{float64(e.c.Port)}}
		case "sport":
			return field{values: []any{}, except: []any{"low"}}
		case "flags":
			return field{values: []any{"syn"}, flags: true}
		}
		return field{}
	case "icmp", "icmpv6", "igmp", "sctp", "dccp", "udplite", "esp", "ah", "comp", "arp", "gre":
		return field{absent: true}
	}
	return field{}
}

// is compares with one value: a scalar, a range, a prefix, a list of flags.
func (f field) is(want any) answer {
	if list, ok := want.([]any); ok {
		got := no
		for _, w := range list {
			got = max(got, f.is(w))
		}
		return got
	}
	if len(f.values) == 0 && f.except != nil {
		return f.unless(want)
	}
	got := no
	for _, v := range f.values {
		got = max(got, same(v, want))
	}
	return got
}

// unless: the value is not known, but some it cannot be.
func (f field) unless(want any) answer {
	if f.except[0] == "low" { // a client's port, from 1024 up
		lo, hi, ok := bounds(want)
		switch {
		case !ok:
			return maybe
		case hi < 1024 || hi-lo < 600: // a single port is not that of an arbitrary client
			return no
		case lo <= 1024 && hi >= 65535:
			return yes
		}
		return maybe
	}
	for _, x := range f.except {
		if same(x, want) == yes {
			return no
		}
	}
	return maybe
}

func same(v, want any) answer {
	switch x := v.(type) {
	case float64:
		lo, hi, ok := bounds(want)
		if !ok {
			if s, isText := want.(string); isText && services[s] == 0 && s != "*" {
				return no // a name of another protocol
			}
			return maybe
		}
		return answerOf(lo <= x && x <= hi)
	case bool:
		return answerOf(want == v)
	case string:
		w, ok := want.(string)
		if a, err := netip.ParseAddr(x); err == nil {
			return inside(a, want)
		}
		if !ok {
			return no
		}
		if stem, star := strings.CutSuffix(w, "*"); star {
			return answerOf(strings.HasPrefix(x, stem))
		}
		return answerOf(x == w)
	}
	return maybe
}

// services that nft prints by name with -S.
var services = map[string]float64{"ssh": 22, "smtp": 25, "domain": 53, "http": 80, "https": 443, "mysql": 3306, "postgresql": 5432, "redis": 6379, "http-alt": 8080}

func numeric(v any) (float64, bool) {
	switch x := v.(type) {
	case float64:
		return x, true
	case string:
		n, ok := services[x]
		return n, ok
	}
	return 0, false
}

// bounds of a number or a range of numbers.
func bounds(v any) (lo, hi float64, ok bool) {
	if m, isMap := v.(map[string]any); isMap {
		r, _ := m["range"].([]any)
		if len(r) != 2 {
			return 0, 0, false
		}
		lo, ok = numeric(r[0])
		hi, ok2 := numeric(r[1])
		return lo, hi, ok && ok2
	}
	lo, ok = numeric(v)
	return lo, lo, ok
}

// inside compares an address with an address, a prefix or a range.
func inside(a netip.Addr, want any) answer {
	lo, hi, ok := span(want)
	if !ok {
		return maybe
	}
	return answerOf(lo.BitLen() == a.BitLen() && lo.Compare(a) <= 0 && a.Compare(hi) <= 0)
}

func span(v any) (lo, hi netip.Addr, ok bool) {
	var err, err2 error
	switch x := v.(type) {
	case string:
		lo, err = netip.ParseAddr(x)
		return lo, lo, err == nil
	case map[string]any:
		if r, isRange := x["range"].([]any); isRange && len(r) == 2 {
			lo, err = netip.ParseAddr(fmt.Sprint(r[0]))
			hi, err2 = netip.ParseAddr(fmt.Sprint(r[1]))
			return lo, hi, err == nil && err2 == nil && lo.BitLen() == hi.BitLen()
		}
		if p, isPrefix := x["prefix"].(map[string]any); isPrefix {
			n, _ := p["len"].(float64)
			pre, err := netip.ParsePrefix(fmt.Sprintf("%v/%d", p["addr"], int(n)))
			if err != nil {
				return lo, hi, false
			}
			return pre.Masked().Addr(), lastOf(pre), true
		}
	}
	return lo, hi, false
}

func lastOf(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}
