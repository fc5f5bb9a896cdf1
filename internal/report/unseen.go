package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"assay/internal/check"
)

// reasonText is how long a reason may be: "read PATH: cause", or a whole command.
const reasonText = 150

// ends is clean text with its middle left out when it is too long: a reason
// begins with what was tried and ends with what stood in the way.
func (p *page) ends(s string, limit int) string {
	if len(s) > 1<<14 {
		return p.clean(s, limit)
	}
	r := []rune(p.clean(s, 1<<14))
	if p.o.Unfold || len(r) <= limit {
		return string(r[:min(len(r), lineText*4)])
	}
	head, tail := string(r[:limit/2]), string(r[len(r)-limit/2:])
	return strings.TrimRight(head, " ") + p.own("…") + strings.TrimLeft(tail, " ")
}

const (
	foldReasons = 2
	foldChecks  = 6
	foldAsked   = 400 // lines of --verbose, which is the end of folding
)

// blind is the unknowns that one deed would open: they share their hint, or
// where there is none, their reason.
type blind struct {
	hint    string
	reasons []string
	ids     []string
}

// blinds folds unknowns by what would let us see, the largest group first.
func blinds(list []Unknown) []blind {
	var out []blind
	for _, u := range list {
		hint := strings.Join(u.Hints, "; or ")
		reason := ""
		if hint == "" && len(u.Unseen) > 0 {
			reason = u.Unseen[0]
		}
		i := slices.IndexFunc(out, func(b blind) bool {
			return b.hint == hint && (hint != "" || reason == "" && len(b.reasons) == 0 || slices.Contains(b.reasons, reason))
		})
		if i < 0 {
			i = len(out)
			out = append(out, blind{hint: hint})
		}
		b := &out[i]
		b.ids = insert(b.ids, u.ID)
		for _, s := range u.Unseen {
			b.reasons = insert(b.reasons, s)
		}
	}
	slices.SortStableFunc(out, func(a, b blind) int { return cmp.Compare(len(b.ids), len(a.ids)) })
	return out
}

func insert(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// unseen tells what could not be answered, and what would let us see.
func (p *page) unseen(list []Unknown) {
	if len(list) == 0 {
		return
	}
	p.heading("What could not be seen")
	for _, b := range blinds(list) {
		n := p.fold(len(b.ids), foldChecks)
		ids := make([]string, n)
		for i, id := range b.ids[:n] {
			ids[i] = p.clean(id, shortText)
		}
		names := strings.Join(ids, ", ")
		if n < len(b.ids) {
			names += ", " + p.more(len(b.ids)-n)
		}
		p.para("  "+p.paint(strong, count(len(b.ids), "check"))+"  ", 4, names, faint)
		p.reasons(b.reasons)
		if b.hint != "" {
			p.labelled("hint", p.clean(b.hint, proseText), none)
		}
		p.blank()
	}
}

func (p *page) reasons(list []string) {
	n := p.fold(len(list), foldReasons)
	label := "why"
	for _, s := range list[:n] {
		p.item(label, p.ends(s, reasonText), 2, none)
		label = ""
	}
	if n < len(list) {
		p.labelled("", p.more(len(list)-n), faint)
	}
}

// right lists what is right.
func (p *page) right(list []Passed) {
	if len(list) == 0 {
		return
	}
	p.heading("What passed")
	for _, c := range list {
		lead := "  " + p.paint(good, p.own("✓")) + " "
		p.para(lead, columns(unpainted(lead)), p.clean(c.Title, lineText)+" ("+p.clean(c.ID, shortText)+")", none)
	}
	p.blank()
}

// sum counts the outcomes. Calm, where nothing is wrong.
func (p *page) sum(r Report) {
	p.blank()
	c := r.Counts
	var s string
	st := none
	switch {
	case c.Findings+c.Unknown+c.Passed+c.NotApplicable == 0:
		return
	case len(r.Deployments) == 0:
		s = tally(r) + "."
	case c.Findings == 0 && r.Baseline != nil && r.Baseline.Known > 0:
		s = "Nothing new was found: " + tally(r) + "."
	case c.Findings == 0 && c.Unknown == 0 && c.Passed > 0:
		st = good
		s = "Nothing found wrong: " + count(c.Passed, "check") + " passed on " + count(len(r.Deployments), "deployment") + "."
		if c.NotApplicable > 0 {
			verb := "do"
			if c.NotApplicable == 1 {
				verb = "does"
			}
			s += fmt.Sprintf(" %d %s not apply here.", c.NotApplicable, verb)
		}
		if c.Waived > 0 {
			s += " " + count(c.Waived, "finding") + " accepted."
		}
	case c.Findings == 0 && c.Passed > 0:
		s = "Nothing found wrong in what could be seen: " + tally(r) + "."
	default:
		s = tally(r) + "."
	}
	p.para("", 0, s, st)
	able := 0
	for _, f := range r.Findings {
		if len(f.Remedy.Steps) > 0 {
			able++
		}
	}
	if able > 0 {
		p.para("", 0, fmt.Sprintf("assay can mend %d of them, and shows first how: sudo assay fix", able), none)
	}
}

// tally is "3 findings (1 critical, 2 high), 1 of them a consequence, 34 passed,
// 8 could not be seen, 12 not applicable".
func tally(r Report) string {
	var words []string
	c := r.Counts
	if c.Findings > 0 {
		words = append(words, found(c))
		if n := consequences(r.Findings); n == 1 {
			words = append(words, "1 of them a consequence")
		} else if n > 1 {
			words = append(words, fmt.Sprintf("%d of them consequences", n))
		}
	}
	words = append(words, fmt.Sprintf("%d passed", c.Passed))
	if c.Unknown > 0 {
		words = append(words, fmt.Sprintf("%d could not be seen", c.Unknown))
	}
	words = append(words, fmt.Sprintf("%d not applicable", c.NotApplicable))
	if c.Waived > 0 {
		words = append(words, fmt.Sprintf("%d accepted", c.Waived))
	}
	return strings.Join(words, ", ")
}

// found is "2 critical findings", or "3 findings (1 critical, 2 high)".
func found(c Counts) string {
	var out []string
	for _, name := range slices.Backward(check.SeverityNames()) {
		switch n := c.BySeverity[name]; {
		case n > 0 && n == c.Findings:
			return count(n, name+" finding")
		case n > 0:
			out = append(out, fmt.Sprintf("%d %s", n, name))
		}
	}
	if len(out) == 0 {
		return count(c.Findings, "finding")
	}
	return count(c.Findings, "finding") + " (" + strings.Join(out, ", ") + ")"
}

func consequences(list []Finding) int {
	n := 0
	for _, f := range faults(list) {
		n += len(f.causes)
	}
	return n
}

// asked lists what was asked of the host, the slowest first.
func (p *page) asked(list []Asked) {
	if len(list) == 0 {
		return
	}
	p.heading("What was asked (" + count(len(list), "ask") + ", the slowest first)")
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b Asked) int { return cmp.Compare(b.Millis, a.Millis) })
	for _, a := range sorted[:min(len(sorted), foldAsked)] {
		s := p.clean(a.Ask, lineText)
		if a.Why != "" {
			s += ": " + p.clean(a.Why, lineText)
		}
		lead := fmt.Sprintf("%6d ms  %s  ", a.Millis, p.paint(faint, pad(p.clean(a.Status, 10), 6)))
		p.para(lead, 19, s, none)
	}
	if n := len(sorted) - foldAsked; n > 0 {
		p.para("", 0, p.own(fmt.Sprintf("… and %d more: --format json", n)), faint)
	}
}
