package report

// story is what explain says of the check: told once, then pointed at.
func (p *sheet) story(f Finding, at place) markup {
	told := p.o.Prose[f.ID]
	if told == "" {
		return markup{}
	}
	if first, twice := p.told[f.ID]; twice {
		return row("Check", el("p", class("hint"), own("Told at "), el("a", to(first), own(phrase("finding "+first.number()))), own(".")))
	}
	p.told[f.ID] = at
	return el("div", class("row told"), el("p", class("label"), own("Check")),
		el("details", class("story"), el("summary", el("span", said(f.Title, lineText))), el("div", class("prose"), story(told))))
}

// story sets the prose of a check.
func story(told string) markup {
	out := parts{}
	var items parts
	flush := func() {
		if len(items) > 0 {
			out = append(out, el("ul", items))
		}
		items = nil
	}
	var code []string
	end := func() {
		if len(code) > 0 {
			out = append(out, typedLines(code))
		}
		code = nil
	}
	for _, b := range blocks(told) {
		if b.kind != listed {
			flush()
		}
		if b.kind != verbatim {
			end()
		}
		switch b.kind {
		case listed:
			items = append(items, el("li", said(b.text, 1<<16)))
		case verbatim:
			code = append(code, b.text)
		case headed:
			out = append(out, el("p", el("strong", said(b.text, lineText))))
		default:
			out = append(out, el("p", said(b.text, 1<<16)))
		}
	}
	flush()
	end()
	return markup{el("div", out).html}
}
