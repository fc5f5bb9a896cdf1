package setup

import (
	"context"
	"slices"
	"strings"
)

// Beside are names that visitors type as well, www.shop.example for shop.example and
// the other way round: those that lead to this host and that nobody named. Where the
// site is there already, or the DNS is not asked, there are none.
func (m Machine) Beside(ctx context.Context, i Intent) (out []string) {
	if i.Elsewhere || m.ours(i) {
		return nil
	}
	for _, d := range i.Domains {
		other, bare := strings.CutPrefix(d, "www.")
		if !bare {
			other = "www." + d
		}
		if !slices.Contains(i.Domains, other) && domainRule.MatchString(other) && !slices.Contains(m.Others, other) && m.leads(ctx, other) == nil {
			out = once(out, other)
		}
	}
	return out
}
