package report

import (
	"io"
	"strings"

	"assay/internal/check"
)

// Explanation is what `assay explain` says of a check: the check's data, the
// prose of its story and the story's cases.
type Explanation struct {
	Check    check.Check
	Prose    string // paragraphs; "- " begins an item, four spaces a literal line, "# " a heading
	Examples []Example
}

// Example is one case of a story.
type Example struct {
	Bad   bool
	On    string   // the blueprint host that it starts from
	Break string   // the script that makes the healthy host so; "" for the host as it is
	Found []string // what is then found: "critical: nginx passes / to nobody"
}

// Explain writes the page of one check. The only errors are w's.
func Explain(w io.Writer, e Explanation, o TextOptions) error {
	p := newPage(o)
	c := e.Check
	p.para("", 0, p.clean(c.ID, shortText), strong)
	p.para("  ", 2, p.clean(c.Title, lineText), none)
	p.para("  ", 2, p.facts(c), faint)
	p.prose(e.Prose)
	p.examples("Found, for example, after", e.Examples, true)
	p.examples("Silent after", e.Examples, false)
	_, err := io.WriteString(w, p.b.String())
	return err
}

// facts is the line of what kind of check it is.
func (p *page) facts(c check.Check) string {
	words := []string{c.Severity.String()}
	if c.Breaks {
		words = append(words, "requests fail while it is wrong")
	}
	switch c.Cure {
	case check.OnHost:
		words = append(words, "mended on the host")
	case check.InCode:
		words = append(words, "mended in the app's code")
	case check.Elsewhere:
		words = append(words, "mended outside of the host")
	}
	if c.Guide != "" {
		words = append(words, "guide "+p.clean(c.Guide, shortText))
	}
	if len(c.Formerly) > 0 {
		words = append(words, "formerly "+p.clean(strings.Join(c.Formerly, ", "), shortText))
	}
	return glued(words, p.own(" · "))
}

// prose wraps paragraphs and items, and leaves literal lines as they are.
func (p *page) prose(text string) {
	p.blank()
	for _, b := range blocks(text) {
		if b.apart {
			p.blank()
		}
		switch b.kind {
		case verbatim:
			p.b.WriteString("    " + p.paint(typed, p.literal(b.text)) + "\n")
		case headed:
			p.heading(p.clean(b.text, lineText))
		case listed:
			p.para("- ", 2, p.clean(b.text, 1<<16), none)
		default:
			p.para("", 0, p.clean(b.text, 1<<16), none)
		}
	}
}

func (p *page) examples(title string, list []Example, bad bool) {
	first := true
	for _, e := range list {
		if e.Bad != bad {
			continue
		}
		if first {
			p.heading(title)
			first = false
		}
		p.blank()
		p.script(e)
		for _, f := range e.Found {
			word, rest, _ := strings.Cut(f, " ")
			p.para("  "+p.own("→ ")+p.severity(word)+"  ", 4, p.clean(rest, proseText), none)
		}
	}
	p.blank()
}

// script shows how a healthy host is made so, without what every script begins with.
func (p *page) script(e Example) {
	shown := 0
	for line := range strings.Lines(e.Break) {
		line = strings.TrimRight(line, "\n\r\t ")
		if line == "" || strings.HasPrefix(line, "#!") || strings.HasPrefix(line, "set -") {
			continue
		}
		st := typed
		if strings.HasPrefix(line, "#") {
			st = faint
		}
		p.b.WriteString("    " + p.paint(st, p.literal(line)) + "\n")
		shown++
	}
	switch on := p.clean(e.On, shortText); {
	case shown == 0 && on == "":
		p.para("    ", 4, p.own("(nothing: the healthy host as it is)"), faint)
	case shown == 0:
		p.para("    ", 4, p.own("(nothing: the healthy host “"+on+"” as it is)"), faint)
	case on != "":
		p.para("    ", 4, p.own("(on the host “"+on+"”)"), faint)
	}
}
