package nft

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// ruleText prints expressions much as nft does, so that a reader knows the rule
// again; what it has no form for stands there as JSON.
func ruleText(expr []map[string]any) string {
	var out []string
	for _, x := range expr {
		for key, v := range x {
			m, _ := v.(map[string]any)
			switch key {
			case "match":
				op, _ := m["op"].(string)
				if op == "==" || op == "in" {
					op = ""
				}
				out = append(out, text(m["left"]), op, text(m["right"]))
			case "counter":
				out = append(out, "counter")
			case "jump", "goto":
				out = append(out, key, text(m["target"]))
			case "limit":
				out = append(out, fmt.Sprintf("limit rate %v/%v", m["rate"], m["per"]))
			case "vmap":
				out = append(out, text(m["key"]), "vmap", text(m["data"]))
			case "xt":
				out = append(out, "xt", text(m["type"]), text(m["name"]))
			case "log", "accept", "drop", "return", "reject":
				out = append(out, key)
			default:
				out = append(out, key, text(v))
			}
		}
	}
	return strings.Join(slices.DeleteFunc(out, func(s string) bool { return s == "" }), " ")
}

// text prints one value.
func text(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return x
	case float64, bool:
		return fmt.Sprint(x)
	case []any:
		return join(x, ",")
	case map[string]any:
		if len(x) == 1 {
			for key, in := range x {
				if s, ok := known(key, in); ok {
					return s
				}
			}
		}
	}
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}

func known(key string, v any) (string, bool) {
	m, _ := v.(map[string]any)
	list, _ := v.([]any)
	switch key {
	case "meta":
		k := text(m["key"])
		if k == "iif" || k == "iifname" || k == "oif" || k == "oifname" {
			return k, true
		}
		return "meta " + k, true
	case "payload":
		if m["protocol"] != nil {
			return text(m["protocol"]) + " " + text(m["field"]), true
		}
	case "ct":
		return "ct " + text(m["key"]), true
	case "fib":
		return "fib " + strings.Join(flags(m["flags"]), " . ") + " " + text(m["result"]), true
	case "set":
		var all []string
		for _, e := range list {
			if p, ok := e.([]any); ok && len(p) == 2 {
				verdict, _ := p[1].(map[string]any)
				all = append(all, text(p[0])+" : "+ruleText([]map[string]any{verdict}))
				continue
			}
			all = append(all, text(e))
		}
		return "{ " + strings.Join(all, ", ") + " }", true
	case "prefix":
		return text(m["addr"]) + "/" + text(m["len"]), true
	case "range":
		return join(list, "-"), true
	case "concat":
		return join(list, " . "), true
	case "elem":
		return text(m["val"]), true
	case "&", "|":
		return join(list, " "+key+" "), true
	}
	return "", false
}

func join(list []any, sep string) string {
	var all []string
	for _, e := range list {
		all = append(all, text(e))
	}
	return strings.Join(all, sep)
}
