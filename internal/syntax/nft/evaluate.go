package nft

import (
	"fmt"
	"slices"
	"strings"
)

// outcome is what a chain may do: each verdict that is possible has the rule that
// brings it about first; falls means that the end of the chain can be reached.
type outcome struct {
	accept, drop, moved  bool
	falls                bool
	maybeReturned        bool  // a return that was in doubt: the end can be reached over it
	acceptBy, dropBy     *Rule // one that surely does, if there is one
	acceptSure, dropSure bool
	doubt                *Rule  // the first rule that we could not decide
	why                  string // what of it
}

type run struct {
	set  *Ruleset
	c    Connection
	memo map[*chain]*outcome
}

// Evaluate sends a connection through the base chains at prerouting and input
// (and ingress), by priority, as the kernel does: a drop is final, an accept ends
// only its own base chain (nft(8)). IPv4 and IPv6 see the tables of their family
// and of inet. A connection that a nat rule would send elsewhere is Unknown here.
func (r *Ruleset) Evaluate(c Connection) Decision {
	if c.Proto == "" {
		c.Proto = "tcp"
	}
	c.Addr = c.Addr.Unmap()
	e := &run{r, c, map[*chain]*outcome{}}
	var last, unsure *Decision
	for _, base := range r.bases(c.Addr.Is4()) {
		o := e.chain(base, 0)
		if o.falls { // the policy
			if base.Policy == "drop" {
				o.drop, o.dropBy = true, o.sureOf(o.dropBy, o.dropSure)
			} else {
				o.accept, o.acceptBy = true, o.sureOf(o.acceptBy, o.acceptSure)
			}
		}
		d := base.decide(o)
		if o.moved {
			return d
		}
		if base.Type == "nat" && d.Verdict != Unknown {
			continue // an accept there only ends the translation
		}
		switch {
		case d.Verdict == Dropped && base.Hook == "ingress" && (base.Dev != c.Iface || c.Iface == ""):
			d.Verdict, d.Why = Unknown, "a rule at ingress of "+base.Dev+" drops it, if it comes in there"
			fallthrough
		case d.Verdict == Unknown:
			if unsure == nil {
				unsure = &d
			}
		case d.Verdict == Dropped:
			return d
		case d.Verdict == Accepted && (last == nil || d.Rule != nil || last.Rule == nil):
			last = &d
		}
	}
	switch {
	case unsure != nil:
		return *unsure
	case last != nil:
		return *last
	}
	return Decision{Verdict: Accepted, Why: "no firewall rule"}
}

// sureOf keeps a rule that surely decides; else the policy does.
func (o *outcome) sureOf(r *Rule, sure bool) *Rule {
	if sure {
		return r
	}
	return nil
}

func (c *chain) label() string { return c.Family + " " + c.Table + " " + c.Name }

func (c *chain) decide(o outcome) Decision {
	d := Decision{Chain: c.label()}
	switch {
	case o.moved:
		d.Rule, d.Why = o.doubt, "a nat rule sends it elsewhere: "+o.why
	case o.accept && o.drop:
		d.Rule, d.Why = o.doubt, "it hangs on a rule that cannot be decided: "+o.why
	case o.drop:
		d.Verdict, d.Rule, d.Why = Dropped, o.dropBy, "the policy of the chain is drop"
		if o.dropBy != nil {
			d.Why = "a rule drops it"
		}
	default:
		d.Verdict, d.Rule, d.Why = Accepted, o.acceptBy, "the policy of the chain is accept"
		if o.acceptBy != nil {
			d.Why = "a rule accepts it"
		}
	}
	return d
}

// bases are the base chains that a connection to the host itself passes.
func (r *Ruleset) bases(v4 bool) []*chain {
	hooks := []string{"ingress", "prerouting", "input"}
	var out []*chain
	for _, c := range r.chains {
		own := c.Family == "inet" || c.Family == "ip" && v4 || c.Family == "ip6" && !v4 || c.Family == "netdev"
		if own && slices.Contains(hooks, c.Hook) {
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b *chain) int {
		if a.Hook != b.Hook {
			return slices.Index(hooks, a.Hook) - slices.Index(hooks, b.Hook)
		}
		return a.Prio - b.Prio
	})
	return out
}

// maxJumps is the kernel's NFT_JUMP_STACK_SIZE.
const maxJumps = 16

func (e *run) chain(c *chain, depth int) outcome {
	if o := e.memo[c]; o != nil {
		return *o
	}
	// should the chain jump to itself, the kernel would have refused it
	e.memo[c] = &outcome{falls: true, accept: true, drop: true, why: "chains jump in a circle"}
	o := outcome{falls: true}
	if depth <= maxJumps {
		for _, r := range c.rules {
			if e.rule(r, &o, depth) {
				break
			}
		}
	} else {
		o = *e.memo[c]
	}
	e.memo[c] = &o
	return o
}

// rule applies one rule and reports whether nothing behind it can be reached.
func (e *run) rule(r *Rule, o *outcome, depth int) bool {
	sure := true
	unsure := func(why string) {
		sure = false
		if o.doubt == nil {
			o.doubt, o.why = r, why
		}
	}
	counted := false
	for _, x := range r.expr {
		for key, v := range x {
			switch key {
			case "match":
				m, why := e.match(r, v)
				if m == no {
					return false
				}
				if m == maybe {
					unsure(why)
				}
			case "vmap":
				if done, end := e.vmap(r, v, o, depth, sure, unsure); done {
					return end
				}
			case "counter":
				counted = true
			case "log", "comment", "mangle", "notrack", "ct helper", "ct timeout", "ct expectation", "flow", "last", "secmark", "dup", "map", "meta":
			case "limit", "quota", "ct count", "connlimit", "set", "meter", "add", "update", "delete":
				unsure(key + " may or may not match")
			case "xt":
				if header(v) {
					return false
				}
				if m, _ := v.(map[string]any); m["type"] == "target" && m["name"] == "REJECT" {
					return e.verdict(r, map[string]any{"reject": nil}, o, depth, sure)
				}
				if e.xt(r, v, counted, unsure) {
					o.accept, o.drop = true, true
				}
			case "accept", "drop", "reject", "jump", "goto", "return", "continue":
				return e.verdict(r, x, o, depth, sure)
			case "dnat", "redirect", "tproxy", "masquerade", "snat":
				if key == "dnat" || key == "redirect" || key == "tproxy" {
					o.moved, o.doubt, o.why = true, r, r.Text
				}
				return sure
			default:
				unsure("we do not know " + key)
				o.accept, o.drop = true, true
			}
		}
	}
	return false
}

// header is a match on a header that a plain new connection does not carry.
func header(v any) bool {
	m, _ := v.(map[string]any)
	name, _ := m["name"].(string)
	return m["type"] == "match" && slices.Contains([]string{"rt", "frag", "ah", "esp", "hbh", "dst", "mh", "icmp", "icmp6", "sctp", "dccp"}, name)
}

// xt is an expression of iptables-nft. It reports whether it may be a verdict:
// iptables puts its counter between the matches and the target.
func (e *run) xt(r *Rule, v any, counted bool, unsure func(string)) bool {
	m, _ := v.(map[string]any)
	kind, _ := m["type"].(string)
	name, _ := m["name"].(string)
	switch {
	case name == "comment" || kind == "target" && slices.Contains([]string{"LOG", "NFLOG", "MARK", "CONNMARK", "TRACE", "SECMARK", "AUDIT", "CT", "TCPMSS", "TOS", "DSCP", "CLASSIFY", "ULOG"}, name):
		return false
	case name == "":
		name = "an expression of iptables"
	}
	unsure(fmt.Sprintf("nft does not show what %s of iptables asks", name))
	return kind == "target" || kind == "" && counted
}

// verdict applies accept, drop, reject, jump, goto, return. It reports whether
// nothing behind it can be reached.
func (e *run) verdict(r *Rule, x map[string]any, o *outcome, depth int, sure bool) bool {
	for key, v := range x {
		switch key {
		case "accept":
			o.accept = true
			if o.acceptBy == nil || sure && !o.acceptSure {
				o.acceptBy, o.acceptSure = r, sure
			}
		case "drop", "reject":
			o.drop = true
			if o.dropBy == nil || sure && !o.dropSure {
				o.dropBy, o.dropSure = r, sure
			}
		case "continue":
			return false
		case "return":
			if sure {
				return true // falls stays true: the end of this chain
			}
			o.maybeReturned = true
			return false
		case "jump", "goto":
			m, _ := v.(map[string]any)
			name, _ := m["target"].(string)
			return e.jump(r, key, name, o, depth, sure)
		default:
			return false
		}
	}
	if sure {
		o.falls = o.maybeReturned
	}
	return sure
}

func (e *run) jump(r *Rule, key, name string, o *outcome, depth int, sure bool) bool {
	i := slices.IndexFunc(e.set.chains, func(c *chain) bool { return c.Family == r.Family && c.Table == r.Table && c.Name == name })
	if i < 0 {
		return false
	}
	sub := e.chain(e.set.chains[i], depth+1)
	o.accept, o.drop, o.moved = o.accept || sub.accept, o.drop || sub.drop, o.moved || sub.moved
	if sub.acceptBy != nil && (o.acceptBy == nil || sure && sub.acceptSure && !o.acceptSure) {
		o.acceptBy, o.acceptSure = sub.acceptBy, sure && sub.acceptSure
	}
	if sub.dropBy != nil && (o.dropBy == nil || sure && sub.dropSure && !o.dropSure) {
		o.dropBy, o.dropSure = sub.dropBy, sure && sub.dropSure
	}
	if o.doubt == nil {
		o.doubt, o.why = sub.doubt, sub.why
	}
	if !sure {
		o.maybeReturned = o.maybeReturned || key == "goto" && sub.falls
		return false
	}
	if !sub.falls {
		o.falls = o.maybeReturned
		return true
	}
	return key == "goto"
}

// vmap looks a key up in a verdict map. done: the rule ends here; end as for rule.
func (e *run) vmap(r *Rule, v any, o *outcome, depth int, sure bool, unsure func(string)) (done, end bool) {
	m, _ := v.(map[string]any)
	var pairs [][2]any
	switch data := m["data"].(type) {
	case string:
		s := e.set.sets[r.Family+" "+r.Table+" "+strings.TrimPrefix(data, "@")]
		if s == nil {
			unsure("the map " + data + " is not listed")
			o.accept, o.drop = true, true
			return false, false
		}
		pairs = s.verdict
	case map[string]any:
		all, _ := data["set"].([]any)
		for _, e := range all {
			if p, ok := e.([]any); ok && len(p) == 2 {
				pairs = append(pairs, [2]any{p[0], p[1]})
			}
		}
	}
	var fallback map[string]any
	for _, p := range pairs {
		verdict, _ := p[1].(map[string]any)
		if p[0] == "*" {
			fallback = verdict
			continue
		}
		hit, why := e.compare(r, m["key"], "==", p[0])
		switch hit {
		case yes:
			return true, e.verdict(r, verdict, o, depth, sure)
		case maybe:
			unsure(why)
			e.verdict(r, verdict, o, depth, false)
		}
	}
	if fallback != nil {
		return true, e.verdict(r, fallback, o, depth, sure)
	}
	return true, false
}
