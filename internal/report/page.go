package report

import (
	"fmt"
	"strings"
)

// style is an SGR parameter; colours mean something or are not there.
type style string

const (
	none    style = ""
	strong  style = "1"    // headings
	faint   style = "2"    // labels, and what a second look is for
	good    style = "32"   // ✓
	caution style = "33"   // !, medium
	bad     style = "31"   // ✗, high
	worstOf style = "1;31" // critical
	typed   style = "36"   // what one types: commands
)

// page collects lines. Only its methods write text from a report, so that each
// string passes inert once.
type page struct {
	b strings.Builder
	o TextOptions
}

// clean makes a string of a report fit to be shown; limit is in runes.
func (p *page) clean(s string, limit int) string {
	s = inert(s, limit)
	if p.o.ASCII {
		s = ascii(s)
	}
	return s
}

// own spells a text of ours for the terminal at hand.
func (p *page) own(s string) string {
	if p.o.ASCII {
		return ascii(s)
	}
	return s
}

func (p *page) paint(st style, s string) string {
	if !p.o.Color || st == none || s == "" {
		return s
	}
	return "\x1b[" + string(st) + "m" + s + "\x1b[0m"
}

// blank ends a block; two in a row are one.
func (p *page) blank() {
	if s := p.b.String(); s != "" && !strings.HasSuffix(s, "\n\n") {
		p.b.WriteByte('\n')
	}
}

// heading opens a section.
func (p *page) heading(s string) {
	p.blank()
	p.para("", 0, s, strong)
	p.blank()
}

// para writes clean text, wrapped. lead stands before the first line, later
// lines are indented by hang columns. lead may be painted.
func (p *page) para(lead string, hang int, text string, st style) {
	width := min(p.o.Width, maxProse)
	first := columns(unpainted(lead))
	for i, l := range wrap(text, max(width-hang, 16), first-hang) {
		if i == 0 {
			p.b.WriteString(lead)
		} else {
			p.b.WriteString(strings.Repeat(" ", hang))
		}
		p.b.WriteString(p.paint(st, strings.ReplaceAll(l, glue, " ")) + "\n")
	}
}

// glue is a space at which no line breaks; clean text has no control bytes.
const glue = "\x01"

// glued joins items into a list that breaks only between them.
func glued(items []string, between string) string {
	for i, s := range items {
		items[i] = strings.ReplaceAll(s, " ", glue)
	}
	return strings.Join(items, between)
}

// indent is the column of a finding's body, and gap the column of what stands
// behind its labels. A narrow terminal gets less of both.
func (p *page) indent() int {
	if p.o.Width < 60 {
		return 2
	}
	return 4
}

const labelWidth = len("verify") + 2

// labelled writes "    label   text" with the text hanging behind its label;
// an empty label continues the one before.
func (p *page) labelled(label, text string, st style) {
	p.item(label, text, 0, st)
}

// item is labelled for lists: later lines of one item stand deeper than the next.
func (p *page) item(label, text string, deeper int, st style) {
	in := p.indent()
	lead := strings.Repeat(" ", in) + p.paint(faint, pad(label, labelWidth))
	p.para(lead, in+labelWidth+deeper, text, st)
}

// more is the last line of a folded list.
func (p *page) more(n int) string {
	return strings.ReplaceAll(p.own(fmt.Sprintf("… and %d more: --verbose", n)), " ", glue)
}

// fold gives how many of n list items to show: all, when that is only one
// more than the limit.
func (p *page) fold(n, limit int) int {
	if p.o.Unfold || n <= limit+1 {
		return n
	}
	return limit
}

// unpainted is s without our own SGR sequences.
func unpainted(s string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, "\x1b[")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		_, s, _ = strings.Cut(after, "m")
	}
}

// count spells a number with its noun: "1 check", "8 checks".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
