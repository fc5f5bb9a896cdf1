package report

import (
	"slices"
	"strconv"
)

// stands is what is under a hop.
func stands(on []Ground) markup {
	list := parts{class("on")}
	n := 0
	for _, g := range on {
		var spoken markup
		switch {
		case g.State == "unknown":
			spoken = el("span", class("blind"), own("not known: "), broken(g.Why, lineText))
		case g.State == "absent":
			spoken = own("none")
		case g.Text == "":
			continue
		default:
			spoken = broken(g.Text, lineText)
		}
		if n++; n > maxGrounds {
			continue
		}
		list = append(list, el("li", el("span", class("what"), said(g.Kind, shortText)), own(" "), spoken))
	}
	if n == 0 {
		return markup{}
	}
	if n > maxGrounds {
		list = append(list, el("li", own(phrase("and "+strconv.Itoa(n-maxGrounds)+" more"))))
	}
	return el("ul", list)
}

// see leads to the findings about a hop.
func (p *sheet) see(d Deployment, h Hop) markup {
	var at []place
	for _, f := range p.r.Findings {
		here := f.Deployment == d.Name || f.Deployment == "" && (h.State == Warning || h.State == Broken)
		if pl, ok := p.at[f.Key]; ok && here && f.Stage == h.Stage && !slices.Contains(at, pl) {
			at = append(at, pl)
		}
	}
	if len(at) == 0 {
		return markup{}
	}
	line := parts{class("see"), own("see finding ")}
	if len(at) > 1 {
		line[1] = own("see findings ")
	}
	for i, pl := range at[:min(len(at), maxSee)] {
		if i > 0 {
			line = append(line, own(", "))
		}
		line = append(line, el("a", to(pl), own(phrase(pl.number()))))
	}
	if len(at) > maxSee {
		line = append(line, own(" …"))
	}
	return el("p", line)
}

// number is what a finding is called on the page: 3, and 3.1 for its first consequence.
func (p place) number() string {
	s := strconv.Itoa(p.n)
	if p.sub > 0 {
		s += "." + strconv.Itoa(p.sub)
	}
	return s
}

// What one hop shows at most.
const (
	maxGrounds = 6
	maxSee     = 6
)
