package report

import (
	"fmt"
	"io"

	"assay/internal/plan"
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
