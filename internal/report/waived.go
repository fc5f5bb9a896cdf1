package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/syntax/nearest"
)

// Waived is a finding that somebody accepts: it stays in the report and counts
// for nothing.
type Waived struct {
	Finding
	Reason string   `json:"reason"`
	Until  string   `json:"until"` // the last day on which it counts
	By     Evidence `json:"by"`    // the line that says so
}

// Problem is one thing that is wrong with what people declare.
type Problem struct {
	Where string `json:"where"`
	Line  int    `json:"line"`
	Col   int    `json:"column,omitempty"`
	Text  string `json:"text"`
	Hint  string `json:"hint,omitempty"`
	Bad   bool   `json:"bad"` // the file is wrong, as against out of date
}

func (p Problem) place() string {
	at := fmt.Sprintf("%s:%d", p.Where, p.Line)
	if p.Col > 0 {
		at += fmt.Sprintf(":%d", p.Col)
	}
	return at
}

// waive moves what is accepted out of the findings, and says which waivers do
// nothing. ids are those of all checks with their former ones, and today's for
// each; nil where not all checks were asked.
func (r *Report) waive(m *model.Model, ids map[string]string) {
	for _, s := range m.Settings {
		r.Problems = append(r.Problems, Problem{s.File, s.Line, s.Col, s.Text, s.Hint, true})
	}
	for _, w := range m.Waivers {
		id := w.ID
		if now := ids[id]; now != "" {
			id = now
		}
		over := r.Host.Seen.UTC().Format(time.DateOnly) > w.Until.Format(time.DateOnly)
		var took, critical int
		r.Findings = slices.DeleteFunc(r.Findings, func(f Finding) bool {
			switch {
			case f.ID != id || !covers(w.Scope, f.Deployment, f.Subject):
				return false
			case over:
				took++
				return false
			case f.Severity == check.Critical.String() && !w.Operator:
				critical++
				return false
			}
			took++
			r.Waived = append(r.Waived, Waived{f, w.Reason, w.Until.Format(time.DateOnly), Evidence{w.Source.Where, w.Source.Line, ""}})
			return true
		})
		r.complain(w, id, over, took, critical, ids)
	}
	if len(r.Waived) == 0 {
		return
	}
	r.Counts.Findings, r.Counts.Waived = len(r.Findings), len(r.Waived)
	r.Counts.BySeverity = map[string]int{}
	for i, f := range r.Findings {
		r.Counts.BySeverity[f.Severity]++
		if f.Cause != nil && slices.ContainsFunc(r.Waived, func(w Waived) bool { return w.Key == *f.Cause }) {
			r.Findings[i].Cause = nil // nobody looks for it below what is accepted
		}
	}
}

// complain says what is wrong with a waiver that does not do its work.
func (r *Report) complain(w model.Waiver, id string, over bool, took, critical int, ids map[string]string) {
	p := Problem{Where: w.Source.Where, Line: w.Source.Line}
	unseen := slices.ContainsFunc(r.Unknown, func(u Unknown) bool { return u.ID == id })
	switch {
	case ids == nil && took+critical == 0:
		return
	case ids != nil && ids[w.ID] == "":
		p.Text, p.Bad = "a waiver of "+w.ID+": there is no such check", true
		p.Hint = "assay checks lists them"
		if n := nearest.Word(w.ID, slices.Sorted(maps.Keys(ids))); n != "" {
			p.Hint = "did you mean " + n + "?"
		}
	case critical > 0:
		p.Text = fmt.Sprintf("the waiver of %s counts for nothing: the finding is critical", id)
		p.Hint = "what is critical is accepted in " + model.OperatorFile + " alone"
	case over:
		p.Text = fmt.Sprintf("the waiver of %s ended on %s", id, w.Until.Format("2 Jan 2006"))
		p.Hint = "the finding counts again"
		if took == 0 {
			p.Hint = "nothing is found there any more: take it away"
		}
	case took == 0 && !unseen && len(r.Deployments) > 0:
		p.Text = fmt.Sprintf("the waiver of %s for %s matches no finding", id, w.Scope)
		p.Hint = "take it away, or correct its scope: a deployment's name, host or *, and |SUBJECT where it is one of several"
	default:
		return
	}
	r.Problems = append(r.Problems, p)
}

// covers says whether a waiver's scope holds a finding.
func covers(scope, deployment, subject string) bool {
	whose, of, one := strings.Cut(scope, "|")
	if deployment == "" {
		deployment = "host"
	}
	return (whose == "*" || whose == deployment) && (!one || of == subject)
}

// declared tells what is wrong with the files in which people declare.
func (p *page) declared(r Report) {
	if len(r.Problems) == 0 {
		return
	}
	p.heading("What is declared, and does not hold")
	n := p.fold(len(r.Problems), foldShort)
	for _, x := range r.Problems[:n] {
		text := x.place() + ": " + x.Text
		if x.Hint != "" {
			text += "; " + x.Hint
		}
		if !strings.HasSuffix(text, "?") {
			text += "."
		}
		p.para("  ", 4, p.clean(text, proseText), caution)
	}
	if n < len(r.Problems) {
		p.para("  ", 4, p.more(len(r.Problems)-n), faint)
	}
	p.blank()
}

// accepted tells what was found and is accepted.
func (p *page) accepted(r Report) {
	if len(r.Waived) == 0 {
		return
	}
	p.heading("Accepted by somebody, and not counted")
	n := p.fold(len(r.Waived), foldShort)
	for _, w := range r.Waived[:n] {
		p.para("  "+p.severity(w.Severity)+"  ", p.indent()+2, p.clean(w.Summary, lineText)+" ("+p.clean(w.ID, shortText)+")", none)
		p.para(strings.Repeat(" ", p.indent()+2), p.indent()+2, p.clean(fmt.Sprintf("until %s: %s (%s:%d)", w.Until, w.Reason, w.By.Where, w.By.Line), lineText), faint)
	}
	if n < len(r.Waived) {
		p.para("  ", 4, p.more(len(r.Waived)-n), faint)
	}
	p.blank()
}
