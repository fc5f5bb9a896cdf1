package report

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
