package nft

import (
	"strconv"
	"strings"

	"assay/internal/regex"
)

// iptables-nft keeps some matches in a form of its own. nft's JSON names them
// and no more ({"xt": {"type": "match", "name": "multiport"}}), while its text
// output has them translated. So the text fills in what the JSON leaves out.

var (
	stateText = regex.New(`\bct state (!= )?([a-z,]+)`)
	fibText   = regex.New(`\bfib daddr type (!= )?([a-z]+)`)
	portText  = regex.New(`\b(tcp|udp) (dport|sport) (!= )?(\{[^}]*\}|[0-9-]+)`)
)

// AddText takes the output of `nft list ruleset` (the text, of the same moment)
// and fills in the conntrack, multiport and addrtype matches of iptables-nft rules. A chain
// whose number of rules differs between the two is left alone.
func (r *Ruleset) AddText(listing string) {
	lines := chainLines(listing)
	for _, c := range r.chains {
		texts := lines[c.label()]
		if len(texts) != len(c.rules) {
			continue
		}
		for i, rule := range c.rules {
			rule.fill(texts[i])
		}
	}
}

// fill replaces the xt expressions of a rule that its text explains.
func (r *Rule) fill(line string) {
	changed := false
	for i, x := range r.expr {
		m, ok := x["xt"].(map[string]any)
		if !ok || m["type"] != "match" {
			continue
		}
		var got map[string]any
		switch m["name"] {
		case "conntrack", "state":
			got = stateMatch(line)
		case "multiport":
			got = portMatch(line)
		case "addrtype":
			got = fibMatch(line)
		}
		if got != nil {
			r.expr[i] = map[string]any{"match": got}
			changed = true
		}
	}
	if changed {
		r.Text = ruleText(r.expr)
	}
}

func stateMatch(line string) map[string]any {
	all := stateText.FindAllStringSubmatch(line, -1)
	if len(all) != 1 {
		return nil
	}
	var states []any
	for s := range strings.SplitSeq(all[0][2], ",") {
		states = append(states, s)
	}
	op := "in"
	if all[0][1] != "" {
		op = "!="
	}
	return map[string]any{"op": op, "left": map[string]any{"ct": map[string]any{"key": "state"}}, "right": map[string]any{"set": states}}
}

func fibMatch(line string) map[string]any {
	all := fibText.FindAllStringSubmatch(line, -1)
	if len(all) != 1 {
		return nil
	}
	op := "=="
	if all[0][1] != "" {
		op = "!="
	}
	return map[string]any{"op": op, "left": map[string]any{"fib": map[string]any{"result": "type", "flags": []any{"daddr"}}}, "right": all[0][2]}
}

func portMatch(line string) map[string]any {
	all := portText.FindAllStringSubmatch(line, -1)
	if len(all) != 1 {
		return nil
	}
	var ports []any
	for s := range strings.SplitSeq(strings.Trim(all[0][4], "{} "), ",") {
		lo, hi, isRange := strings.Cut(strings.TrimSpace(s), "-")
		from, err := strconv.ParseFloat(lo, 64)
		if err != nil {
			return nil
		}
		if !isRange {
			ports = append(ports, from)
			continue
		}
		to, err := strconv.ParseFloat(hi, 64)
		if err != nil {
			return nil
		}
		ports = append(ports, map[string]any{"range": []any{from, to}})
	}
	op := "=="
	if all[0][3] != "" {
		op = "!="
	}
	return map[string]any{"op": op, "left": map[string]any{"payload": map[string]any{"protocol": all[0][1], "field": all[0][2]}}, "right": map[string]any{"set": ports}}
}

// chainLines are the rules of each chain, by "family table chain". A set in
// braces may run over lines.
func chainLines(listing string) map[string][]string {
	out := map[string][]string{}
	table, in, held := "", "", ""
	skip := 0 // depth inside of a set or another object of the table
	for line := range strings.SplitSeq(listing, "\n") {
		line = strings.TrimSpace(line)
		f := strings.Fields(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case held != "" || in != "" && strings.Count(line, "{") > strings.Count(line, "}"):
			held += " " + line
			if strings.Count(held, "{") == strings.Count(held, "}") {
				out[in] = append(out[in], held)
				held = ""
			}
		case skip > 0:
			skip += strings.Count(line, "{") - strings.Count(line, "}")
		case in == "" && len(f) > 2 && f[0] == "table":
			table = f[1] + " " + f[2]
		case in == "" && len(f) > 2 && f[0] == "chain":
			in = table + " " + f[1]
		case in == "" && strings.HasSuffix(line, "{"):
			skip = 1
		case in != "" && line == "}":
			in = ""
		case in == "" || f[0] == "type" && len(f) > 2 && f[2] == "hook" || f[0] == "policy" || f[0] == "comment":
		default:
			out[in] = append(out[in], line)
		}
	}
	return out
}
