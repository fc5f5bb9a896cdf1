package nft

import (
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"
)

// The files of testdata were printed by nft 1.0.6, iptables 1.8.9 (nf_tables) and
// ufw 0.36.2 of Debian 12.
func load(t *testing.T, name string, withText bool) *Ruleset {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	r, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	if withText {
		if b, err = os.ReadFile("testdata/" + name + ".txt"); err != nil {
			t.Fatal(err)
		}
		r.AddText(string(b))
	}
	return r
}

func ask(r *Ruleset, what string) Decision {
	f := strings.Fields(what)
	c := Connection{Proto: f[0], Addr: netip.MustParseAddr("203.0.113.5")}
	fmt.Sscan(f[1], &c.Port)
	for _, o := range f[2:] {
		if a, err := netip.ParseAddr(o); err == nil {
			c.Addr = a
		} else {
			c.Iface = o
		}
	}
	return r.Evaluate(c)
}

func TestRecorded(t *testing.T) {
	for _, c := range []struct {
		file string
		text bool
		want map[string]string // question: verdict, and a part of what decided
	}{
		{"empty", false, map[string]string{"tcp 80": "accepted|no firewall rule"}},
		{"workstation", false, map[string]string{
			"tcp 80": "accepted|tcp dport @web", "tcp 443 2001:db8::1": "accepted|@web", "tcp 22": "dropped|reject", "tcp 8050": "cannot tell|limit",
			"udp 53": "accepted|udp dport 53", "tcp 53": "dropped|reject", "udp 80": "dropped|reject", "tcp 25": "dropped|vmap", "tcp 465": "accepted|vmap",
			"tcp 587": "dropped|reject", "tcp 3306": "cannot tell|iifname", "tcp 3306 eth1": "accepted|iifname", "tcp 3306 eth0": "dropped|reject",
			"tcp 5432": "dropped|reject", "tcp 5432 203.0.113.7": "accepted|ip daddr", "tcp 5432 2001:db8::1": "dropped|reject",
		}},
		{"chains", false, map[string]string{
			"tcp 80": "dropped|table ip b", "tcp 80 2001:db8::1": "dropped|policy", "tcp 443 2001:db8::1": "accepted|tcp dport 443", "tcp 81": "dropped|table ip raw",
			"tcp 82": "accepted|", "tcp 83": "accepted|fib daddr type", "tcp 84": "cannot tell|meta mark", "tcp 85": "accepted|", "tcp 86": "dropped|tcp flags",
			"tcp 87": "dropped|dport 87", "tcp 88": "dropped|chain rest", "tcp 89": "dropped|ip saddr != 10.0.0.0/8", "tcp 90": "dropped|iifname", "tcp 91": "dropped|th dport 91",
			"udp 91": "accepted|", "tcp 92": "dropped|ct state", "tcp 93": "dropped|th dport 93", "udp 93": "dropped|th dport 93", "tcp 95": "accepted|", "tcp 8443": "cannot tell|redirect",
		}},
		{"iptables", false, map[string]string{"tcp 22": "accepted|dport 22", "tcp 25": "cannot tell|conntrack", "tcp 8001": "accepted|8001", "tcp 25 2001:db8::1": "accepted|policy"}},
		{"iptables", true, map[string]string{"tcp 22": "accepted|dport 22", "tcp 25": "dropped|policy", "tcp 443": "accepted|443", "tcp 8000": "cannot tell|recent", "tcp 8001": "accepted|8001", "udp 443": "dropped|policy"}},
		{"ufw", true, map[string]string{"tcp 80": "accepted|ufw-user-input", "tcp 443": "cannot tell|recent", "tcp 5432": "dropped|policy", "tcp 8000": "dropped|ufw-user-input",
			"tcp 22": "dropped|policy", "tcp 445": "dropped|ufw-skip-to-policy-input", "tcp 80 2001:db8::1": "accepted|ufw6-user-input", "udp 80": "dropped|policy"}},
	} {
		r := load(t, c.file, c.text)
		for q, want := range c.want {
			d := ask(r, q)
			verdict, part, _ := strings.Cut(want, "|")
			got := d.Why + " " + d.Rule.String()
			if d.Verdict.String() != verdict || !strings.Contains(got, part) {
				t.Errorf("%s, %s: %s, %s (%s), want %s", c.file, q, d.Verdict, got, d.Chain, want)
			}
		}
	}
}

// ruleset makes the JSON of one input chain, policy drop.
func ruleset(exprs ...string) string {
	s := `{"nftables": [{"table": {"family": "inet", "name": "f"}}, {"chain": {"family": "inet", "table": "f", "name": "in", "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}}`
	for i, e := range exprs {
		s += fmt.Sprintf(`, {"rule": {"family": "inet", "table": "f", "chain": "in", "handle": %d, "expr": [%s]}}`, i+1, e)
	}
	return s + "]}"
}

func TestExpressions(t *testing.T) {
	match := func(op, left, right string) string {
		return fmt.Sprintf(`{"match": {"op": %q, "left": %s, "right": %s}}, {"accept": null}`, op, left, right)
	}
	payload := func(p, f string) string { return fmt.Sprintf(`{"payload": {"protocol": %q, "field": %q}}`, p, f) }
	for expr, want := range map[string]string{
		match("==", payload("ip", "saddr"), `{"prefix": {"addr": "0.0.0.0", "len": 0}}`):                                                         "accepted",
		match("==", payload("ip", "saddr"), `{"set": [{"prefix": {"addr": "0.0.0.0", "len": 1}}, {"prefix": {"addr": "128.0.0.0", "len": 1}}]}`): "accepted",
		match("==", payload("ip", "saddr"), `{"prefix": {"addr": "0.0.0.0", "len": 1}}`):                                                         "cannot tell",
		match("!=", payload("ip", "saddr"), `{"prefix": {"addr": "192.168.0.0", "len": 16}}`):                                                    "accepted",
		match("==", payload("ip6", "saddr"), `"2001:db8::1"`):                                                                                    "dropped",
		match("!=", payload("ip6", "saddr"), `"2001:db8::1"`):                                                                                    "dropped",
		match("==", `{"&": [`+payload("tcp", "flags")+`, ["fin", "syn", "rst", "ack"]]}`, `"syn"`):                                               "accepted",
		match("==", `{"&": [`+payload("tcp", "flags")+`, {"|": ["fin", "rst"]}]}`, `0`):                                                          "accepted",
		match("==", payload("tcp", "flags"), `{"|": ["syn", "ack"]}`):                                                                            "dropped",
		match("in", `{"ct": {"key": "state"}}`, `["new", "established"]`):                                                                        "accepted",
		match("!=", `{"ct": {"key": "state"}}`, `"invalid"`):                                                                                     "accepted",
		match("==", `{"concat": [`+payload("ip", "daddr")+`, `+payload("tcp", "dport")+`]}`, `{"set": [{"concat": ["203.0.113.5", 80]}]}`):       "accepted",
		match("==", `{"concat": [`+payload("ip", "daddr")+`, `+payload("tcp", "dport")+`]}`, `{"set": [{"concat": ["203.0.113.5", 81]}]}`):       "dropped",
		match(">=", payload("tcp", "dport"), `80`):                                                                                               "accepted",
		match("<", payload("tcp", "dport"), `80`):                                                                                                "dropped",
		match("==", payload("tcp", "dport"), `{"set": [{"elem": {"val": 80, "counter": {}}}]}`):                                                  "accepted",
		match("==", payload("tcp", "dport"), `"@gone"`):                                                                                          "cannot tell",
		match("==", payload("tcp", "sport"), `22`):                                                                                               "dropped",
		match("==", payload("tcp", "sport"), `{"range": [1024, 65535]}`):                                                                         "accepted",
		match("==", `{"meta": {"key": "iifname"}}`, `"lo"`):                                                                                      "dropped",
		match("==", `{"meta": {"key": "iifname"}}`, `"eth*"`):                                                                                    "cannot tell",
		match("==", `{"meta": {"key": "nfproto"}}`, `"ipv4"`):                                                                                    "accepted",
		match("==", `{"meta": {"key": "hour"}}`, `"12:00"`):                                                                                      "cannot tell",
		match("==", `{"fib": {"result": "oif", "flags": ["saddr", "iif"]}}`, `false`):                                                            "dropped",
		match("==", payload("sctp", "dport"), `80`):                                                                                              "dropped",
		`{"xt": {"type": "match", "name": "comment"}}, {"accept": null}`:                                                                         "accepted",
		`{"xt": null}, {"counter": {}}, {"accept": null}`:                                                                                        "cannot tell",
		`{"counter": {}}, {"xt": {"type": "target", "name": "LOG"}}`:                                                                             "dropped",
		`{"counter": {}}, {"xt": {"type": "target", "name": "REJECT"}}, {"accept": null}`:                                                        "dropped",
		`{"counter": {}}, {"xt": {"type": "target", "name": "TARPIT"}}`:                                                                          "cannot tell",
		`{"limit": {"rate": 1, "per": "second"}}, {"drop": null}`:                                                                                "dropped",
		`{"new thing": 1}`:                                 "cannot tell",
		`{"queue": {"num": 1}}`:                            "cannot tell",
		`{"jump": {"target": "in"}}`:                       "cannot tell",
		`{"log": null}, {"counter": null}, {"accept": {}}`: "accepted",
	} {
		r, err := Parse([]byte(ruleset(expr)))
		if err != nil {
			t.Fatal(expr, err)
		}
		if d := ask(r, "tcp 80"); d.Verdict.String() != want || d.Why == "" {
			t.Errorf("%s: %s %+v, want %s", expr, d.Verdict, d, want)
		}
	}
}

func TestDormantAndErrors(t *testing.T) {
	r, err := Parse([]byte(strings.Replace(ruleset(`{"drop": null}`), `"name": "f"}`, `"name": "f", "flags": "dormant"}`, 1)))
	if err != nil || ask(r, "tcp 80").Verdict != Accepted {
		t.Error("a dormant table counts")
	}
	for _, in := range []string{"", "{}", "[]", "nft: not found"} {
		if _, err := Parse([]byte(in)); err == nil {
			t.Errorf("%q is no ruleset", in)
		}
	}
}

func FuzzEvaluate(f *testing.F) {
	for _, n := range []string{"workstation", "chains", "iptables"} {
		if b, err := os.ReadFile("testdata/" + n + ".json"); err == nil {
			f.Add(string(b), "chain x {\n}")
		}
	}
	f.Add(ruleset(`{"match": {}}`, `{"vmap": {"key": 1, "data": {"set": [[]]}}}`, `{"jump": null}`, `{"match": {"left": {"&": []}, "right": {"range": [1]}}}`), "table a b {\n chain c {\n{\n")
	f.Fuzz(func(t *testing.T, s, listing string) {
		r, err := Parse([]byte(s))
		if err != nil {
			return
		}
		r.AddText(listing)
		for _, q := range []string{"tcp 80", "udp 53 2001:db8::1 eth0"} {
			d := ask(r, q)
			_ = d.Rule.String()
		}
	})
}
