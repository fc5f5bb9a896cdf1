package report

import (
	"slices"
	"strconv"
)

// stateWords are what a state is called; well is not worth a word to the eye.
var stateWords = map[string]phrase{OK: "well", Warning: "at risk", Broken: "broken", Unseen: "not seen", None: "not there"}

// state is known to the style, whatever a report says.
func known(state string) string {
	if _, ok := stateWords[state]; ok {
		return state
	}
	return Unseen
}

// overview lists the deployments of a host that has several.
func (p *sheet) overview() markup {
	if len(p.r.Deployments) < 2 {
		return markup{}
	}
	list := parts{}
	for i, d := range p.r.Deployments {
		state := stateOf(d)
		if breaksIn(p.r, d) {
			state = Broken
		}
		state = known(state)
		list = append(list, el("li", class("state "+phrase(state)), glyph(state),
			el("a", to(place{"d", i + 1, 0}), broken(d.Name, shortText)), el("span", class("word"), own(stateWords[state]))))
	}
	return el("nav", is("aria-label", "Deployments"), el("ul", list))
}

// ways draws each deployment.
func (p *sheet) ways() markup {
	if len(p.r.Deployments) == 0 {
		return p.nowhere()
	}
	list := parts{}
	for i, d := range p.r.Deployments {
		list = append(list, p.way(i+1, d))
	}
	return section(1, "The way of a request", list)
}

// nowhere says where deployments were looked for.
func (p *sheet) nowhere() markup {
	list := parts{}
	for _, l := range p.r.Looked {
		list = append(list, el("li", said(l, lineText)))
	}
	next := parts{el("p", own("An app that neither runs, nor has a unit, nor stands in the web server's configuration leaves no trace here. "+
		"Start it, then look again. What was understood of this host:")), typedLines([]string{"sudo assay model"})}
	if !p.r.Host.Root {
		next = parts{el("p", own("Much of that shows itself to root alone. Look again:")), typedLines([]string{"sudo assay check"})}
	}
	if len(list) == 0 {
		return section(1, "What to do", next)
	}
	return section(1, "Where one was looked for", el("ul", class("plain"), list), next)
}

// way draws one deployment: its hops from the visitor inwards, and under each
// what it stands on. Requests get no further than the first broken one.
func (p *sheet) way(n int, d Deployment) markup {
	at := place{"d", n, 0}
	names := parts{class("names")}
	for i, s := range d.Names {
		if i > 0 {
			names = append(names, own(", "))
		}
		names = append(names, broken(s, shortText))
	}
	runs := parts{class("runs")}
	for _, s := range []string{d.Server, d.App, d.Unit, d.Container} {
		if s != "" {
			runs = append(runs, el("span", broken(s, shortText)))
		}
	}
	hops := parts{class("way")}
	reached := true
	for i, h := range d.Path {
		reached = reached && h.State != Broken
		next := i+1 < len(d.Path)
		hops = append(hops, p.hop(d, h, next, next && reached && d.Path[i+1].State != Broken))
	}
	return el("section", class("app"), is("aria-labelledby", phrase(at.String())),
		el("h3", id(at), broken(d.Name, shortText)), el("p", names), el("p", runs), el("ol", hops))
}

// hop is one station. next: another one follows; on: requests get there.
func (p *sheet) hop(d Deployment, h Hop, next, on bool) markup {
	state := known(h.State)
	word := class("word")
	if state == OK {
		word = class("unsaid")
	}
	line := parts{}
	if next {
		line = append(line, track(on))
	}
	spoken := parts{}
	if h.Text != "" {
		spoken = append(spoken, el("p", class("text"), broken(h.Text, lineText)))
	}
	return el("li", class("hop "+phrase(state)),
		el("svg", class("track"), is("aria-hidden", "true"), line, glyphAt(state)),
		el("p", class("name"), el("strong", said(h.Label, shortText)), own(" "), el("span", word, own(stateWords[state]))),
		el("div", class("under"), el("div", spoken, p.see(d, h)), stands(h.On)))
}

// track is the line to the next station, along the row and down the column: the
// style shows the one that is wanted.
func track(on bool) markup {
	state := phrase("line off")
	if on {
		state = "line on"
	}
	head := func(x, y, turn phrase) markup {
		return el("svg", is("x", x), is("y", y), is("overflow", "visible"), el("path", is("d", "M-6-3.5 0 0-6 3.5"), is("transform", turn)))
	}
	return el("g", class(state),
		el("g", class("across"), el("line", is("x1", "27"), is("y1", "11"), is("x2", "100%"), is("y2", "11")), head("100%", "11", "translate(0)")),
		el("g", class("down"), el("line", is("x1", "11"), is("y1", "26"), is("x2", "11"), is("y2", "100%")), head("11", "100%", "translate(0 -1)rotate(90)")))
}

// shapes of the states in a field of 22 by 22.
var shapes = map[string]markup{
	OK:      el("path", is("d", "M6.5 11.5l3 3 6-6.5")),
	Warning: el("path", is("d", "M11 5.5v7M11 15.2v1.3")),
	Broken:  el("path", is("d", "M7 7l8 8M15 7l-8 8")),
	Unseen:  el("path", is("d", "M8.3 8.8c0-3.6 5.4-3.5 5.4-.2 0 2-2.7 2.1-2.7 4.2M11 15.3v1.3")),
	None:    el("path", is("d", "M7 11h8")),
}

func glyphAt(state string) markup {
	ring := el("circle", is("cx", "11"), is("cy", "11"), is("r", "9.5"))
	if state == Warning {
		ring = el("path", class("ring"), is("d", "M11 1l10 18.5H1z"))
	}
	return el("g", class("glyph "+phrase(state)), ring, shapes[state])
}

// glyph is the sign of a state by itself.
func glyph(state string) markup {
	return el("svg", class("sign"), is("viewBox", "0 0 22 22"), is("aria-hidden", "true"), glyphAt(state))
}

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
