package report

import "strconv"

// header says whom the report is about, and how it stands.
func (p *sheet) header() markup {
	h := p.r.Host
	about := parts{class("about")}
	add := func(m markup) { about = append(about, el("span", m)) }
	if h.OS != "" {
		add(said(h.OS, shortText))
	}
	if !h.Seen.IsZero() {
		add(el("time", is("datetime", phrase(h.Seen.UTC().Format("2006-01-02T15:04:05Z"))), own(phrase(h.Seen.UTC().Format("2 January 2006, 15:04 UTC")))))
	}
	if h.Root {
		add(own("seen as root"))
	} else {
		add(own("seen without root"))
	}
	if p.r.Assay != "" {
		add(el("span", own("assay "), said(p.r.Assay, shortText)))
	}
	lead, state := p.lead()
	return el("header",
		el("p", class("kind"), own("Assay report")),
		el("h1", broken(h.Name, shortText)),
		el("p", about),
		el("p", class("lead "+state), own(lead)),
		p.tally(),
		p.unfold())
}

// tally counts the outcomes, where there are any.
func (p *sheet) tally() markup {
	if c := p.r.Counts; c.Findings+c.Unknown+c.Passed+c.NotApplicable == 0 {
		return markup{}
	}
	return el("p", class("tally"), own(phrase(tally(p.r)+".")))
}

// lead is the report in one sentence.
func (p *sheet) lead() (sentence, state phrase) {
	failing := 0
	for _, d := range p.r.Deployments {
		if breaksIn(p.r, d) {
			failing++
		}
	}
	n := len(p.r.Deployments)
	switch {
	case n == 0:
		return "No deployment was found.", "unknown"
	case failing > 0 && n == 1:
		return "Requests fail now.", "broken"
	case failing > 0:
		return phrase("Requests fail now on " + strconv.Itoa(failing) + " of " + count(n, "deployment") + "."), "broken"
	case len(p.r.Findings) > 0:
		return "Requests are served; there are risks.", "warn"
	case p.r.Baseline != nil && p.r.Baseline.Known > 0:
		return phrase("Nothing new; " + count(p.r.Baseline.Known, "finding") + " of the baseline stay."), "warn"
	case p.r.Counts.Unknown > 0:
		return "Nothing found wrong in what could be seen.", "unknown"
	}
	return "Nothing found wrong.", "ok"
}

// breaksIn says that requests to a deployment fail.
func breaksIn(r Report, d Deployment) bool {
	for _, f := range r.Findings {
		if f.Breaks && f.Deployment == d.Name {
			return true
		}
	}
	return stateOf(d) == Broken
}

// stateOf is the worst of the hops, unknown before well.
func stateOf(d Deployment) string {
	state := OK
	for _, h := range d.Path {
		state = worst(state, h.State)
	}
	return state
}

// unfold is shown by the script, without which it could do nothing.
func (p *sheet) unfold() markup {
	if len(p.r.Findings) == 0 {
		return markup{}
	}
	return el("button", is("type", "button"), is("id", "unfold"), is("hidden", ""), own("Unfold all"))
}

func (p *sheet) footer() markup {
	return el("footer", el("p", own("Made by assay "), said(p.r.Assay, shortText),
		own(", which changed nothing on this host. The page holds no secret, loads nothing, and reads the same without its script.")))
}
