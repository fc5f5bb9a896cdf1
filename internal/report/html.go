package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"io"
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
		el("main", p.overview(), p.outage(), p.ways(), p.declared(), p.wrong(), p.accepted(), p.unseen(), p.passed(), p.exits(), p.asked()),
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

// section is a part of the page under a heading of its own.
func section(n int, title phrase, of ...part) markup {
	at := place{"s", n, 0}
	return el("section", is("aria-labelledby", phrase(at.String())), el("h2", id(at), own(title)), parts(of))
}
