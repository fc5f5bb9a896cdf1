package report

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/check"
)

// How much is told before a list is folded. Commands are never folded.
const (
	foldFull     = 10 // findings told in full
	foldShort    = 20 // findings in one line each
	foldEvidence = 5
	foldCauses   = 5
)

// wrong tells what is wrong, worst first.
func (p *page) wrong(r Report) {
	if len(r.Findings) == 0 {
		return
	}
	p.heading("What is wrong")
	list := faults(r.Findings)
	several := len(r.Deployments) > 1
	full := p.fold(len(list), foldFull)
	for i, f := range list[:full] {
		p.fault(i+1, f, several)
	}
	rest := list[full:]
	n := p.fold(len(rest), foldShort)
	for i, f := range rest[:n] {
		lead := p.number(full+i+1) + p.severity(f.Severity) + "  "
		p.para(lead, p.indent(), p.clean(f.Summary, lineText)+" ("+p.clean(f.ID, shortText)+")", none)
	}
	if n < len(rest) {
		p.para(strings.Repeat(" ", p.indent()), p.indent(), p.more(len(rest)-n), faint)
	}
}

func (p *page) number(n int) string {
	return pad(fmt.Sprintf("%d.", n), p.indent()-1) + " "
}

// fault tells one finding in full.
func (p *page) fault(n int, f fault, several bool) {
	p.para(p.number(n)+p.severity(f.Severity)+"  ", p.indent(), p.clean(f.Summary, proseText), strong)
	p.para(strings.Repeat(" ", p.indent()), p.indent(), p.about(f.Finding, several), faint)
	p.blank()
	p.evidence(f.Evidence)
	p.labelled("why", p.clean(f.Why, proseText), none)
	p.remedy(f.Remedy)
	p.caused(f.causes)
	p.blank()
}

// about is the line under a finding's summary: what it is called, whose it is,
// and what to expect of mending it.
func (p *page) about(f Finding, several bool) string {
	words := []string{p.clean(f.ID, shortText)}
	switch {
	case several && f.Deployment != "":
		words = append(words, p.clean(f.Deployment, shortText))
	case several:
		words = append(words, "the whole host")
	}
	if f.Breaks {
		words = append(words, "requests fail now")
	}
	switch f.Remedy.Cure {
	case check.InCode:
		words = append(words, "mended in the app's code")
	case check.Elsewhere:
		words = append(words, "not mended on this host")
	}
	if t := duration(f.Remedy.Minutes); t != "" {
		words = append(words, t)
	}
	return glued(words, p.own(" · "))
}

// duration spells minutes as one would say them; "" for none.
func duration(minutes int) string {
	switch {
	case minutes <= 0:
		return ""
	case minutes < 90:
		return "about " + count(minutes, "minute")
	}
	return "about " + count((minutes+30)/60, "hour")
}

func (p *page) evidence(list []Evidence) {
	n := p.fold(len(list), foldEvidence)
	label := "seen"
	for _, e := range list[:n] {
		where := p.clean(e.Where, lineText)
		if e.Line > 0 {
			where += fmt.Sprintf(":%d", e.Line)
		}
		p.saw(label, where, p.clean(e.Text, lineText))
		label = ""
	}
	if n < len(list) {
		p.labelled("", p.more(len(list)-n), faint)
	}
}

// saw writes where something was seen and what, on one line if it fits, else
// each on its own.
func (p *page) saw(label, where, what string) {
	switch room := min(p.o.Width, maxProse) - p.indent() - labelWidth; {
	case what == "":
		p.item(label, where, 2, none)
	case columns(where)+2+columns(what) <= room:
		p.item(label, where+": "+what, 2, none)
	default:
		p.item(label, where+":", 2, none)
		in := p.indent() + labelWidth + 2
		p.para(strings.Repeat(" ", in), in, what, none)
	}
}

func (p *page) remedy(m Remedy) {
	p.labelled("fix", p.clean(m.Do, proseText), none)
	if len(m.Commands) > 0 {
		p.blank()
		for _, c := range m.Commands {
			p.command(c, p.indent()+labelWidth)
		}
		p.blank()
	}
	if m.Verify != "" {
		p.verify(m.Verify)
	}
}

// verify stands behind its label when it is one line.
func (p *page) verify(cmd string) {
	if strings.ContainsAny(cmd, "\n\r") || len(cmd) > maxCommand {
		p.labelled("verify", "with", none)
		p.command(cmd, p.indent()+labelWidth)
		return
	}
	in := strings.Repeat(" ", p.indent())
	p.b.WriteString(in + p.paint(faint, pad("verify", labelWidth)) + p.paint(typed, p.literal(cmd)) + "\n")
}

// severity is the word, in the colour of its weight.
func (p *page) severity(s string) string {
	st := none
	switch s {
	case check.Critical.String():
		st = worstOf
	case check.High.String():
		st = bad
	case check.Medium.String():
		st = caution
	}
	if !slices.Contains(check.SeverityNames(), s) {
		s = p.clean(s, shortText)
	}
	return p.paint(st, s)
}
