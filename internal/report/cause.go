package report

import "fmt"

// fault is a finding that stands by itself, with the ones that it causes.
type fault struct {
	Finding
	causes []Finding
}

// faults puts each finding under its cause. A cause that is not in the report
// (--only), or that is caused by its own consequence, masks nothing.
func faults(findings []Finding) []fault {
	at := map[string]int{}
	for i, f := range findings {
		if _, twice := at[f.Key]; !twice {
			at[f.Key] = i
		}
	}
	root := func(i int) int {
		for range findings {
			c := findings[i].Cause
			if c == nil {
				return i
			}
			next, ok := at[*c]
			if !ok {
				return i
			}
			i = next
		}
		return -1 // a ring
	}
	var out []fault
	place := map[int]int{}
	for i, f := range findings {
		if r := root(i); r == i || r < 0 {
			place[i] = len(out)
			out = append(out, fault{Finding: f})
		}
	}
	for i, f := range findings {
		if r := root(i); r >= 0 && r != i {
			out[place[r]].causes = append(out[place[r]].causes, f)
		}
	}
	return out
}

// caused tells the consequences in one line each; those in the same words,
// about several subjects, are one.
func (p *page) caused(list []Finding) {
	var lines []string
	times := map[string]int{}
	for _, f := range list {
		l := p.clean(f.Summary, lineText) + " (" + p.clean(f.ID, shortText)
		if times[l]++; times[l] == 1 {
			lines = append(lines, l)
		}
	}
	n := p.fold(len(lines), foldCauses)
	label := "causes"
	for _, l := range lines[:n] {
		if k := times[l]; k > 1 {
			l += fmt.Sprintf(", %d"+glue+"times", k)
		}
		p.item(label, l+")", 2, none)
		label = ""
	}
	if n < len(lines) {
		p.labelled("", p.more(len(lines)-n), faint)
	}
}
