package report

import (
	"fmt"
	"io"
	"strings"

	"assay/internal/plan"
	"assay/internal/syntax/edit"
)

// Setup writes what will make a site, part by part: each file whole, each command.
// Briefly, for who said yes before: that it does.
func Setup(w io.Writer, site string, p plan.Plan, kept []string, only, briefly bool, o TextOptions) error {
	g := newPage(o)
	if p.Empty() {
		g.para("", 0, "Nothing is left to do: https://"+g.clean(site, shortText)+" is set up.", none)
	} else {
		g.para("", 0, fmt.Sprintf("Plan %s makes https://%s.", p.ID(), g.clean(site, shortText)), strong)
	}
	parts := p.Parts
	if briefly && !p.Empty() {
		g.para("", 0, fmt.Sprintf("It has %d steps. To read each before it is done: assay setup --plan; afterwards: assay history.", len(p.All())), none)
		parts = nil
	}
	n := 0
	for _, part := range parts {
		g.heading(part.Say)
		for _, s := range part.Steps {
			n++
			g.planned(n, s)
		}
	}
	for _, k := range kept {
		g.blank()
		g.para("", 0, g.clean(k, lineText)+" is there already, with another text, and stays as it is.", faint)
	}
	if !p.Empty() {
		g.blank()
		g.para("", 0, "The whole host is looked at again then. It stays only if the site answers and nothing weighs heavily; else all of it is taken back, but for the packages.", faint)
	}
	if only && !p.Empty() {
		g.para("", 0, "Nothing was changed. Without --plan this is done.", faint)
	}
	_, err := io.WriteString(w, g.b.String())
	return err
}

// SetupNotes writes what is to be known of a setup, a sentence a paragraph.
func SetupNotes(w io.Writer, notes []string, o TextOptions) {
	g := newPage(o)
	for _, n := range notes {
		g.b.WriteByte('\n')
		g.para("", 0, g.clean(n, proseText), none)
	}
	_, _ = io.WriteString(w, g.b.String())
}

// Patch writes a diff that is offered, as it may be copied.
func Patch(w io.Writer, say, diff string, o TextOptions) {
	g := newPage(o)
	g.b.WriteByte('\n')
	g.para("", 0, g.clean(say, proseText), none)
	g.b.WriteByte('\n')
	lines, _ := edit.Split(diff)
	for _, l := range lines {
		st := none
		if strings.HasPrefix(l, "+") {
			st = good
		}
		words := strings.Split(l, "\t") // a tab is what it is in Python, and so are spaces at an end
		for n, w := range words {
			words[n] = g.literal(w) + w[len(strings.TrimRight(w, " ")):]
		}
		g.b.WriteString(g.paint(st, strings.Join(words, "\t")) + "\n")
	}
	_, _ = io.WriteString(w, g.b.String())
}
