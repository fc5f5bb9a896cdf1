package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"io"
	"strconv"
)

// The page is for people too, and keeps the rules of the text; in place of
// columns it has places:
//
//   - One file: no network, no font, nothing that a script must do. The script
//     unfolds, copies and opens what is to be printed; all is there without it.
//   - What could not fit into a word is a shape and a word, then a colour.
//   - Text reaches the page through markup.go alone.

//go:embed page.css
var pageStyle string

//go:embed page.js
var pageScript string

// HTMLOptions are what the report itself does not know.
type HTMLOptions struct {
	Verdict string            // what the exit code means here
	Exit    int               // the code
	Exits   []Exit            // every code that a check ends with
	Prose   map[string]string // the story of each check, by its id
	Verbose bool              // what was asked, and how long it took
}

// Exit is one exit code with its meaning.
type Exit struct {
	Code  int
	Means string
}

// HTML writes a report as a page that stands by itself. The only errors are w's.
func HTML(w io.Writer, r Report, o HTMLOptions) error {
	p := newSheet(r, o)
	body := el("body",
		p.header(),
		el("main", p.overview(), p.ways(), p.wrong(), p.unseen(), p.passed(), p.exits(), p.asked()),
		p.footer(),
		el("script", raw(asset(pageScript))))
	doc := "<!DOCTYPE html>\n" + el("html", is("lang", "en"), p.head(), body).html + "\n"
	_, err := io.WriteString(w, doc)
	return err
}

// sheet is one page in the making.
type sheet struct {
	r      Report
	o      HTMLOptions
	faults []fault
	at     map[string]place // findings by key
	told   map[string]place // where a check's story stands, by its id
}

func newSheet(r Report, o HTMLOptions) *sheet {
	s := &sheet{r: r, o: o, faults: faults(r.Findings), at: map[string]place{}, told: map[string]place{}}
	s.faults = s.faults[:min(len(s.faults), maxFaults)]
	for i, f := range s.faults {
		s.stands(f.Key, place{"f", i + 1, 0})
		for k, c := range f.causes[:min(len(f.causes), maxCauses)] {
			s.stands(c.Key, place{"f", i + 1, k + 1})
		}
	}
	return s
}

// stands keeps where a finding is told; keys are alike only in a spoilt report.
func (p *sheet) stands(key string, at place) {
	if _, twice := p.at[key]; !twice {
		p.at[key] = at
	}
}

// policy forbids all but the style and the script below it.
func policy() string {
	hash := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; style-src " + hash(pageStyle) + "; script-src " + hash(pageScript) + "; base-uri 'none'; form-action 'none'"
}

func (p *sheet) head() markup {
	title := parts{own("Assay: "), said(p.r.Host.Name, shortText)}
	if !p.r.Host.Seen.IsZero() {
		title = append(title, own(phrase(p.r.Host.Seen.UTC().Format(", 2 Jan 2006 15:04 UTC"))))
	}
	return el("head",
		el("meta", is("charset", "utf-8")),
		el("meta", is("http-equiv", "Content-Security-Policy"), attr{"content", policy()}),
		el("meta", is("name", "viewport"), is("content", "width=device-width, initial-scale=1")),
		el("meta", is("name", "color-scheme"), is("content", "light dark")),
		el("meta", is("name", "referrer"), is("content", "no-referrer")),
		el("meta", is("name", "robots"), is("content", "noindex")),
		el("title", title),
		el("style", raw(asset(pageStyle))))
}

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

// section is a part of the page under a heading of its own.
func section(n int, title phrase, of ...part) markup {
	at := place{"s", n, 0}
	return el("section", is("aria-labelledby", phrase(at.String())), el("h2", id(at), own(title)), parts(of))
}
