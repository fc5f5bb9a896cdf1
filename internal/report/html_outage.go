package report

import "strings"

// outage says at the head of a diagnosis what visitors get, the cause, how sure
// it is, and what happened; the cause's proof and fix stand below, first.
func (p *sheet) outage() markup {
	o := p.r.Outage
	if o == nil {
		return markup{}
	}
	list := parts{class("evidence")}
	for _, s := range o.Symptoms {
		list = append(list, el("li", el("span", class("where"), broken(s.URL, lineText)), own(" visitors get "), el("strong", said(s.Gets, lineText))))
	}
	return section(7, "The outage", el("ul", list), p.cause(o), p.beforeIt(o), p.timeline(o.Timeline))
}

func (p *sheet) cause(o *Outage) markup {
	if o.Root == nil {
		return markup{}
	}
	for _, f := range p.r.Findings {
		if f.Key != *o.Root {
			continue
		}
		summary := el("strong", said(f.Summary, proseText))
		if at, there := p.at[f.Key]; there {
			summary = el("a", to(at), summary)
		}
		word := sure[o.Confidence]
		return el("p", own(phrase(word+": ")), summary)
	}
	return markup{}
}

func (p *sheet) beforeIt(o *Outage) markup {
	if len(o.Past) == 0 {
		return markup{}
	}
	list := parts{class("evidence")}
	for _, x := range o.Past[:min(len(o.Past), maxEvidence)] {
		why := strings.Join(append(append([]string{}, x.Why...), x.Hints...), "; ")
		list = append(list, el("li", own("whether "), said(x.Title, lineText), own(": "), broken(why, proseText)))
	}
	return el("div", el("p", own("Cannot see past:")), el("ul", list))
}

func (p *sheet) timeline(list []Event) markup {
	if len(list) == 0 {
		return markup{}
	}
	items := parts{class("evidence")}
	for _, e := range list {
		at := e.At.UTC()
		items = append(items, el("li", el("time", is("datetime", phrase(at.Format("2006-01-02T15:04:05Z"))), own(phrase(at.Format("2 Jan 15:04:05")))), own(" "), broken(e.Text, lineText)))
	}
	return el("div", el("h3", own("What happened")), el("ol", items))
}
