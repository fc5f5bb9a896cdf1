package report

import (
	"fmt"
	"strconv"
)

// declared tells what is wrong with the files in which people declare.
func (p *sheet) declared() markup {
	if len(p.r.Problems) == 0 {
		return markup{}
	}
	list := parts{class("blind-list")}
	for _, x := range p.r.Problems[:min(len(p.r.Problems), maxFaults)] {
		hint := markup{}
		if x.Hint != "" {
			hint = row("Hint", el("p", said(x.Hint, proseText)))
		}
		list = append(list, el("li", el("p", glyph(Warning), el("strong", said(x.Text, proseText))), row("Where", el("p", broken(x.place(), lineText))), hint))
	}
	return section(8, "What is declared, and does not hold", el("ul", list))
}

// accepted tells what was found and is accepted.
func (p *sheet) accepted() markup {
	if len(p.r.Waived) == 0 {
		return markup{}
	}
	list := parts{class("blind-list")}
	for _, w := range p.r.Waived[:min(len(p.r.Waived), maxFaults)] {
		list = append(list, el("li",
			el("p", glyph(None), el("strong", said(w.Summary, proseText)), own(" "), el("span", class("id"), said(w.ID, shortText))),
			row("Would be", el("p", said(w.Severity, shortText))),
			row("Until", el("p", said(w.Until, shortText))),
			row("Reason", el("p", said(w.Reason, proseText))),
			row("Declared", el("p", broken(fmt.Sprintf("%s:%d", w.By.Where, w.By.Line), lineText)))))
	}
	more := markup{}
	if n := len(p.r.Waived) - maxFaults; n > 0 {
		more = el("p", own(phrase("and "+strconv.Itoa(n)+" more")))
	}
	return section(9, "Accepted by somebody, and not counted", el("ul", list), more)
}
