package nft

import (
	"fmt"
	"net/netip"
	"strings"
)

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
