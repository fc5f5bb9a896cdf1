package report

import (
	"fmt"
	"io"
	"strings"

	"assay/internal/plan"
	"assay/internal/syntax/edit"
)

// Built is how a plan of parts is shown.
type Built struct {
	Head  string   // what it makes, behind its name: "makes https://..."
	Done  string   // said instead, where nothing is left to do
	Notes []string // what should be known besides
	Then  string   // what comes after the last step
	Only  string   // said where it is shown and not done
	Brief string   // said in place of its steps, to who said yes before
}

// Parts writes a plan part by part: each file whole, each command.
func Parts(w io.Writer, p plan.Plan, t Built, o TextOptions) error {
	g := newPage(o)
	if p.Empty() {
		g.para("", 0, g.clean(t.Done, lineText), none)
	} else {
		g.para("", 0, "Plan "+p.ID()+" "+g.clean(t.Head, lineText)+".", strong)
	}
	parts := p.Parts
	if t.Brief != "" && !p.Empty() {
		g.para("", 0, t.Brief, none)
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
	for _, k := range t.Notes {
		g.blank()
		g.para("", 0, g.clean(k, proseText), faint)
	}
	if !p.Empty() {
		g.blank()
		g.para("", 0, t.Then, faint)
		if t.Only != "" {
			g.para("", 0, t.Only, faint)
		}
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

// Setup writes what will make a site; briefly, for who said yes before, that it does.
func Setup(w io.Writer, site string, p plan.Plan, kept []string, only, briefly bool, o TextOptions) error {
	t := Built{Head: "makes https://" + site, Done: "Nothing is left to do: https://" + site + " is set up.",
		Then: "The whole host is looked at again then. It stays only if the site answers and nothing weighs heavily; else all of it is taken back, but for the packages."}
	for _, k := range kept {
		t.Notes = append(t.Notes, k+" is there already, with another text, and stays as it is.")
	}
	if briefly {
		t.Brief = fmt.Sprintf("It has %d steps. To read each before it is done: assay setup --plan; afterwards: assay history.", len(p.All()))
	}
	if only {
		t.Only = "Nothing was changed. Without --plan this is done."
	}
	return Parts(w, p, t, o)
}
