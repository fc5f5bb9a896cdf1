package report

import (
	"cmp"
	"slices"
	"strconv"
)

// unseen tells what could not be answered, and what would let us see.
func (p *sheet) unseen() markup {
	if len(p.r.Unknown) == 0 {
		return markup{}
	}
	groups := parts{class("blind-list")}
	for _, b := range blinds(p.r.Unknown) {
		ids := parts{class("ids")}
		for i, s := range b.ids {
			if i > 0 {
				ids = append(ids, own(", "))
			}
			ids = append(ids, el("span", class("id"), said(s, shortText)))
		}
		why := parts{}
		for _, s := range b.reasons[:min(len(b.reasons), maxReasons)] {
			why = append(why, el("li", broken(s, 2*lineText)))
		}
		if n := len(b.reasons) - maxReasons; n > 0 {
			why = append(why, el("li", own(phrase("and "+strconv.Itoa(n)+" more"))))
		}
		hint := markup{}
		if b.hint != "" {
			hint = row("Hint", el("p", said(b.hint, proseText)))
		}
		reasons := markup{}
		if len(why) > 0 {
			reasons = row("Why", el("ul", class("reasons"), why))
		}
		groups = append(groups, el("li", el("p", glyph(Unseen), el("strong", own(phrase(count(len(b.ids), "check")))), own(" "), el("span", ids)), reasons, hint))
	}
	return section(3, "What could not be seen",
		el("p", class("hint"), own("Neither good nor bad: these questions stayed open.")), el("ul", groups))
}

const maxReasons = 8

// passed lists what is right, unfolded where nothing is wrong.
func (p *sheet) passed() markup {
	if len(p.r.Passed) == 0 {
		return markup{}
	}
	list := parts{class("passed")}
	for _, c := range p.r.Passed {
		item := parts{glyph(OK), el("span", said(c.Title, lineText), own(" "), el("span", class("id"), said(c.ID, shortText)))}
		list = append(list, el("li", item))
	}
	state := parts{}
	if len(p.r.Findings) == 0 {
		state = append(state, is("open", ""))
	}
	line := count(len(p.r.Passed), "check") + ", right wherever they were asked"
	return section(4, "What passed", el("details", class("quiet"), state, el("summary", el("span", own(phrase(line)))), el("ul", list)))
}

// exits says what the exit code means, and what the others would have meant.
func (p *sheet) exits() markup {
	if p.o.Verdict == "" {
		return markup{}
	}
	rows := parts{}
	for _, e := range p.o.Exits {
		mine := parts{}
		code := parts{is("scope", "row"), own(phrase(strconv.Itoa(e.Code)))}
		if e.Code == p.o.Exit {
			mine = append(mine, class("mine"))
			code = append(code, el("span", class("unsaid"), own(", this report")))
		}
		rows = append(rows, el("tr", mine, el("th", code), el("td", said(e.Means, lineText))))
	}
	table := markup{}
	if len(rows) > 0 {
		table = el("table", el("thead", class("unsaid"), el("tr", el("th", is("scope", "col"), own("Exit code")), el("th", is("scope", "col"), own("Meaning")))), el("tbody", rows))
	}
	return section(5, "Exit code", class("whole"), el("p", class("verdict"), said(p.o.Verdict, proseText)), table)
}

// asked lists what was asked of the host, the slowest first.
func (p *sheet) asked() markup {
	if !p.o.Verbose || len(p.r.Asked) == 0 {
		return markup{}
	}
	sorted := slices.Clone(p.r.Asked)
	slices.SortStableFunc(sorted, func(a, b Asked) int { return cmp.Compare(b.Millis, a.Millis) })
	rows := parts{}
	for _, a := range sorted[:min(len(sorted), foldAsked)] {
		what := parts{el("code", broken(a.Ask, lineText))}
		if a.Why != "" {
			what = append(what, own(" "), said(a.Why, lineText))
		}
		rows = append(rows, el("tr", el("td", class("ms"), own(phrase(strconv.FormatInt(a.Millis, 10)+" ms"))), el("td", said(a.Status, shortText)), el("td", what)))
	}
	head := el("thead", el("tr", el("th", is("scope", "col"), own("Took")), el("th", is("scope", "col"), own("Answer")), el("th", is("scope", "col"), own("Ask"))))
	return section(6, "What was asked", el("details", class("quiet"),
		el("summary", el("span", own(phrase(count(len(sorted), "ask")+", the slowest first")))), el("table", class("asked"), head, el("tbody", rows))))
}
