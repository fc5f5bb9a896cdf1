package report

import (
	"slices"
	"strconv"
	"strings"

	"assay/internal/check"
)

// What one page shows at most; the rest is in --format json.
const (
	maxFaults   = 400
	maxCauses   = 40
	maxEvidence = 24
)

// wrong tells what is wrong, worst first; the first is unfolded.
func (p *sheet) wrong() markup {
	if len(p.faults) == 0 {
		return markup{}
	}
	list := parts{class("findings")}
	for i, f := range p.faults {
		at := place{"f", i + 1, 0}
		list = append(list, el("li", id(at), class("finding"), p.finding(f.Finding, at, f.causes, i == 0)))
	}
	rest := markup{}
	if n := len(faults(p.r.Findings)) - len(p.faults); n > 0 {
		rest = el("p", own(phrase("And "+strconv.Itoa(n)+" more: see --format json.")))
	}
	return section(2, "What is wrong", el("ol", list), rest)
}

// finding unfolds to what was seen, why it matters, what mends it, what it
// causes, and the story of its check.
func (p *sheet) finding(f Finding, at place, causes []Finding, open bool) markup {
	state := parts{}
	if open {
		state = append(state, is("open", ""))
	}
	severity := f.Severity
	if !slices.Contains(check.SeverityNames(), severity) {
		severity = "other"
	}
	heading := name("h3")
	if at.sub > 0 {
		heading = "h4"
	}
	return el("details", state,
		el("summary", class(phrase(severity)),
			el("span", class("number"), own(phrase(at.number()))),
			el("span", class("severity"), said(f.Severity, shortText)),
			el(heading, said(f.Summary, proseText)),
			p.about(f)),
		el("div", class("core"),
			row("Seen", p.evidence(f.Evidence)),
			row("Why", prose(f.Why)),
			row("Fix", remedy(f.Remedy)),
			row("Verify", verifying(f.Remedy.Verify))),
		p.story(f, at),
		p.causes(causes, at))
}

// row is a label with what stands beside it, if anything does.
func row(label phrase, of ...markup) markup {
	content := parts{}
	for _, m := range of {
		if m.html != "" {
			content = append(content, m)
		}
	}
	if len(content) == 0 {
		return markup{}
	}
	return el("div", class("row"), el("p", class("label"), own(label)), el("div", content))
}

// prose is a paragraph, or nothing.
func prose(s string) markup {
	if strings.TrimSpace(s) == "" {
		return markup{}
	}
	return el("p", said(s, proseText))
}

// about is the line under a finding's summary.
func (p *sheet) about(f Finding) markup {
	line := parts{class("about"), el("span", class("id"), said(f.ID, shortText))}
	add := func(m markup) { line = append(line, el("span", m)) }
	switch several := len(p.r.Deployments) > 1; {
	case several && f.Deployment != "":
		add(broken(f.Deployment, shortText))
	case several:
		add(own("the whole host"))
	}
	if f.Breaks {
		add(el("strong", own("requests fail now")))
	}
	switch f.Remedy.Cure {
	case check.InCode:
		add(own("mended in the app's code"))
	case check.Elsewhere:
		add(own("not mended on this host"))
	}
	if t := duration(f.Remedy.Minutes); t != "" {
		add(own(phrase(t)))
	}
	return el("span", line)
}

func (p *sheet) evidence(list []Evidence) markup {
	if len(list) == 0 {
		return markup{}
	}
	items := parts{class("evidence")}
	for _, e := range list[:min(len(list), maxEvidence)] {
		where := parts{class("where"), broken(e.Where, lineText)}
		if e.Line > 0 {
			where = append(where, own(phrase(":"+strconv.Itoa(e.Line))))
		}
		item := parts{el("span", where)}
		if strings.TrimSpace(e.Text) != "" {
			item = append(item, own(" "), el("code", broken(e.Text, lineText)))
		}
		items = append(items, el("li", item))
	}
	if n := len(list) - maxEvidence; n > 0 {
		items = append(items, el("li", own(phrase("and "+strconv.Itoa(n)+" more: --format json"))))
	}
	return el("ul", items)
}

// causes are the findings that go away with this one.
func (p *sheet) causes(list []Finding, at place) markup {
	if len(list) == 0 {
		return markup{}
	}
	items := parts{class("causes")}
	for i, f := range list[:min(len(list), maxCauses)] {
		pl := place{at.kind, at.n, i + 1}
		items = append(items, el("li", id(pl), p.finding(f, pl, nil, false)))
	}
	if n := len(list) - maxCauses; n > 0 {
		items = append(items, el("li", own(phrase("and "+strconv.Itoa(n)+" more: --format json"))))
	}
	return el("div", class("row masked"), el("p", class("label"), own("Causes")),
		el("div", el("p", class("hint"), own("These go away with it.")), el("ol", items)))
}
