package nft

import (
	"math/big"
	"net/netip"
	"slices"
)

// private are the ranges that no public address comes from (RFC 6890).
var private = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("224.0.0.0/3"),
}

// public6 is where public IPv6 addresses come from today.
var public6 = netip.MustParsePrefix("2000::/3")

type block struct{ lo, hi *big.Int } // both ends within

// cover says whether an arbitrary public address is in a set: yes if all are, no
// if the set holds less than a 256th of them (it singles out some), else maybe.
func (f field) cover(want []any) answer {
	var blocks []block
	for _, w := range want {
		lo, hi, ok := span(w)
		if !ok {
			return maybe
		}
		if lo.Is6() == f.v6 {
			blocks = append(blocks, block{number(lo), number(hi)})
		}
	}
	got, all := size(f.v6, blocks), size(f.v6, []block{whole(f.v6)})
	switch {
	case got.Cmp(all) == 0:
		return yes
	case f.some && got.Sign() > 0:
		return maybe
	case new(big.Int).Mul(got, big.NewInt(256)).Cmp(all) < 0:
		return no
	}
	return maybe
}

func number(a netip.Addr) *big.Int { return new(big.Int).SetBytes(a.AsSlice()) }

func whole(v6 bool) block {
	if v6 {
		return block{number(public6.Addr()), number(lastOf(public6))}
	}
	return block{new(big.Int), big.NewInt(1<<32 - 1)}
}

// size counts the public addresses in some blocks, each once.
func size(v6 bool, blocks []block) *big.Int {
	slices.SortFunc(blocks, func(a, b block) int { return a.lo.Cmp(b.lo) })
	var merged []block
	for _, b := range blocks {
		if v6 {
			b = meet(b, whole(true))
		}
		if b.lo.Cmp(b.hi) > 0 {
			continue
		}
		if n := len(merged); n > 0 && merged[n-1].hi.Cmp(b.lo) >= 0 {
			if merged[n-1].hi.Cmp(b.hi) < 0 {
				merged[n-1].hi = b.hi
			}
			continue
		}
		merged = append(merged, b)
	}
	sum := new(big.Int)
	for _, b := range merged {
		sum.Add(sum, count(b))
		if v6 {
			continue
		}
		for _, p := range private {
			sum.Sub(sum, count(meet(b, block{number(p.Addr()), number(lastOf(p))})))
		}
	}
	return sum
}

func meet(a, b block) block {
	if a.lo.Cmp(b.lo) < 0 {
		a.lo = b.lo
	}
	if a.hi.Cmp(b.hi) > 0 {
		a.hi = b.hi
	}
	return a
}

func count(b block) *big.Int {
	n := new(big.Int).Sub(b.hi, b.lo)
	if n.Sign() < 0 {
		return new(big.Int)
	}
	return n.Add(n, big.NewInt(1))
}
