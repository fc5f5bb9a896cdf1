package nft

import "slices"

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
