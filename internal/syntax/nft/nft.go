// Package nft reads `nft -j list ruleset` (libnftables-json(5), nftables 1.0.6 to
// 1.1) and says what the rules do with a new connection from the outside. It
// never guesses: what hangs on a rule that cannot be understood is Unknown.
package nft

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Ruleset is the rules of one network namespace.
type Ruleset struct {
	Version string // of nft
	chains  []*chain
	sets    map[string]*set // "family table name", also maps
}

type chain struct {
	Family, Table, Name string
	Type, Hook          string // "" for a chain that is only jumped to
	Prio                int
	Policy, Dev         string
	rules               []*Rule
}

// Tables are the tables that hold chains: "inet filter".
func (r *Ruleset) Tables() []string {
	var out []string
	for _, c := range r.chains {
		if name := c.Family + " " + c.Table; !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// Rule is one rule, for evidence.
type Rule struct {
	Family, Table, Chain string
	Handle               int
	Comment              string
	Text                 string // as nft would print it, more or less
	expr                 []map[string]any
	at                   int // place in its chain, from 0
}

// String is "table inet filter, chain input, handle 12: tcp dport 22 accept".
func (r *Rule) String() string {
	if r == nil {
		return ""
	}
	return fmt.Sprintf("table %s %s, chain %s, handle %d: %s", r.Family, r.Table, r.Chain, r.Handle, r.Text)
}

type set struct {
	elems   []any
	verdict [][2]any // of a verdict map
}

// ErrNotRuleset: the text is JSON, but no ruleset.
var ErrNotRuleset = errors.New("no \"nftables\" list in the JSON")

// Parse reads the output of nft -j list ruleset. Empty text is an error: nft
// prints a list with its version even if there are no rules.
func Parse(text []byte) (*Ruleset, error) {
	var doc struct {
		List []map[string]json.RawMessage `json:"nftables"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("read the ruleset: %w", err)
	}
	if doc.List == nil {
		return nil, ErrNotRuleset
	}
	r := &Ruleset{sets: map[string]*set{}}
	dormant := map[string]bool{}
	byName := map[string]*chain{}
	for _, item := range doc.List {
		for kind, raw := range item {
			var o object
			if json.Unmarshal(raw, &o) != nil {
				continue
			}
			switch kind {
			case "metainfo":
				r.Version = o.Version
			case "table":
				dormant[o.Family+" "+o.Name] = slices.Contains(flags(o.Flags), "dormant")
			case "chain":
				c := &chain{Family: o.Family, Table: o.Table, Name: o.Name, Type: o.Type, Hook: o.Hook, Prio: o.Prio, Policy: o.Policy, Dev: strings.Join(flags(o.Dev), ",")}
				byName[o.Family+" "+o.Table+" "+o.Name] = c
				r.chains = append(r.chains, c)
			case "set", "map":
				r.sets[o.Family+" "+o.Table+" "+o.Name] = newSet(o)
			case "rule":
				if c := byName[o.Family+" "+o.Table+" "+o.Chain]; c != nil {
					c.rules = append(c.rules, &Rule{o.Family, o.Table, o.Chain, o.Handle, o.Comment, ruleText(o.Expr), o.Expr, len(c.rules)})
				}
			}
		}
	}
	r.chains = slices.DeleteFunc(r.chains, func(c *chain) bool { return dormant[c.Family+" "+c.Table] })
	return r, nil
}

// object has the fields of all kinds that we read.
type object struct {
	Version, Family, Table, Chain, Name, Hook, Policy, Comment string
	Type                                                       string `json:"-"`
	RawType                                                    any    `json:"type"`
	Prio, Handle                                               int
	Dev, Flags                                                 any
	Elem                                                       []any
	Expr                                                       []map[string]any
}

// UnmarshalJSON takes types that are lists (concatenations) too.
func (o *object) UnmarshalJSON(b []byte) error {
	type plain object
	if err := json.Unmarshal(b, (*plain)(o)); err != nil {
		return err
	}
	o.Type, _ = o.RawType.(string)
	return nil
}

// flags is a string or a list of strings.
func flags(v any) []string {
	switch x := v.(type) {
	case string:
		return []string{x}
	case []any:
		var out []string
		for _, e := range x {
			if s, ok := e.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

func newSet(o object) *set {
	s := &set{}
	for _, e := range o.Elem {
		if pair, ok := e.([]any); ok && len(pair) == 2 {
			s.verdict = append(s.verdict, [2]any{pair[0], pair[1]})
		}
		s.elems = append(s.elems, e)
	}
	return s
}

// Verdict is what becomes of the connection.
type Verdict int

const (
	Unknown Verdict = iota
	Accepted
	Dropped
)

// String is "accepted", "dropped" or "cannot tell".
func (v Verdict) String() string {
	return [...]string{"cannot tell", "accepted", "dropped"}[v]
}

// Connection is a new one, from a public address that no rule singles out, that
// arrives on an interface other than lo.
type Connection struct {
	Proto string     // "tcp" or "udp"
	Addr  netip.Addr // the host's own address; its family is the connection's
	Port  int
	Iface string // name of the interface; "" if it is not known
	// Singled: it may come from an address that a rule singles out, so that
	// Dropped means that nobody at all gets through.
	Singled bool
}

// Decision is the answer with what decided.
type Decision struct {
	Verdict Verdict
	Rule    *Rule  // the rule that decided, or that cannot be understood; nil: a policy, or no rule at all
	Chain   string // "inet filter input": the base chain that decided, "" if there is none
	Why     string // one clause
}
