package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"assay/internal/plan"
	"assay/internal/syntax/edit"
	"assay/internal/tape"
)

// Unmended is a finding that a plan does not mend, and why not.
type Unmended struct {
	Finding Finding `json:"finding"`
	Why     string  `json:"why"`
}

// Plan writes what a plan does, for people: a diff for each file with secrets
// masked, each command, what it cures, and what is left to do by hand.
func Plan(w io.Writer, p plan.Plan, left []Unmended, apply string, o TextOptions) error {
	g := newPage(o)
	if p.Empty() {
		g.para("", 0, "Nothing here is mended by assay.", none)
	} else {
		g.para("", 0, fmt.Sprintf("Plan %s mends %s.", p.ID(), count(len(p.Cures), "finding")), strong)
		for i, s := range p.Steps {
			g.planned(i+1, s)
		}
		g.tried(p)
		g.blank()
		g.para("", 0, "Every check is heard again then. It stays only if what it mends is gone and nothing else is worse; else all of it is taken back.", faint)
	}
	g.byHand(left)
	if apply != "" && !p.Empty() {
		g.blank()
		g.para("", 0, "To do exactly this:", none)
		g.command(apply, 2)
	}
	_, err := io.WriteString(w, g.b.String())
	return err
}

func (p *page) planned(n int, s plan.Step) {
	p.blank()
	p.para(fmt.Sprintf("%2d  ", n), 4, p.clean(s.Say, lineText), strong)
	switch s.Kind {
	case plan.Edit:
		p.path(s.Path, "")
		p.diff(s.Seen, s.Lines)
	case plan.Write:
		p.path(s.Path, "a new file, "+s.Mode)
		lines, _ := edit.Split(s.Body)
		p.diff("", []edit.Lines{{Line: 1, New: lines}})
	case plan.Remove:
		p.path(s.Path, "is taken away")
	case plan.Folder:
		p.path(s.Path, "a new folder, "+s.Mode)
	case plan.Link:
		p.path(s.Path, "leads to "+s.Target)
	case plan.Own:
		p.path(s.Path, strings.Join(owning(s), ", "))
	case plan.Append:
		p.path(s.Path, "gets at its end")
		lines, _ := edit.Split(s.Body)
		p.diff("", []edit.Lines{{Line: 1, New: lines}})
	case plan.Unit, plan.Deed:
		p.command(s.Words(), 4)
	}
	if ids := idsOf(s.Cures); len(ids) > 0 {
		p.para("    "+p.paint(faint, "cures "), 10, glued(ids, ", "), faint)
	}
}

func owning(s plan.Step) []string {
	var out []string
	for _, w := range [][2]string{{"owner", s.Owner}, {"group", s.Group}, {"mode", s.Mode}} {
		if w[1] != "" {
			out = append(out, w[0]+" "+w[1])
		}
	}
	return out
}

func (p *page) path(path, what string) {
	text := p.clean(path, lineText)
	if what != "" {
		text += ": " + p.clean(what, lineText)
	}
	p.para("    ", 4, text, none)
}

// written tells in a diff what is done with a secret, which nobody sees.
var written = strings.NewReplacer(plan.Secret, "[made when this is carried out]",
	plan.Quoted+"[masked]", "[masked, quoted]", plan.Doubled+"[masked]", "[masked, each % twice]")

// diff shows the lines that go and come, with their numbers.
func (p *page) diff(seen string, changes []edit.Lines) {
	lines, _ := edit.Split(seen)
	changes = slices.Clone(changes)
	slices.SortStableFunc(changes, func(a, b edit.Lines) int { return a.Line - b.Line })
	row := func(n int, mark string, st style, text string) {
		number := "    "
		if n > 0 {
			number = fmt.Sprintf("%4d", n)
		}
		p.b.WriteString("    " + p.paint(faint, number) + " " + p.paint(st, mark+" "+p.literal(short(tape.Unmasked(text)))) + "\n")
	}
	shown := 0 // up to which line
	for i, c := range changes {
		for n := max(1, c.Line-2, shown+1); n < c.Line && n <= len(lines); n++ {
			row(n, " ", faint, lines[n-1])
		}
		same := 0 // what a changed span leaves as it was
		for same < min(len(c.Old), len(c.New)) && c.Old[same] == c.New[same] {
			row(c.Line+same, " ", faint, c.Old[same])
			same++
		}
		for i, l := range c.Old[same:] {
			row(c.Line+same+i, "-", bad, l)
		}
		for _, l := range c.New[same:] {
			row(0, "+", good, written.Replace(tape.Unmasked(l)))
		}
		shown = c.Line + len(c.Old) - 1
		if n := shown + 1; n <= len(lines) && (i+1 == len(changes) || n < changes[i+1].Line) {
			row(n, " ", faint, lines[n-1])
			shown = n
		}
	}
}

func short(s string) string {
	if r := []rune(s); len(r) > 200 {
		return string(r[:200]) + "…"
	}
	return s
}

func (p *page) tried(pl plan.Plan) {
	if len(pl.Tests) == 0 {
		return
	}
	p.blank()
	var words []string
	for _, t := range pl.Tests {
		words = append(words, p.clean(t.Words(), shortText))
	}
	p.para("", 0, "Tried before anything is changed: "+glued(words, ", ")+".", faint)
}

func (p *page) byHand(left []Unmended) {
	if len(left) == 0 {
		return
	}
	p.heading("Not by assay")
	follow := 0
	for _, u := range left {
		f := u.Finding
		if f.Cause != nil && len(f.Remedy.Steps) == 0 {
			follow++
			continue
		}
		p.para("  "+p.severity(f.Severity)+"  ", 12, p.clean(f.Summary, lineText)+" ("+p.clean(f.ID, shortText)+")", none)
		p.para("            ", 12, p.clean(strings.ToUpper(u.Why[:1])+u.Why[1:], proseText)+".", faint)
		if f.Cause == nil && f.Remedy.Do != "" {
			p.para("            ", 12, p.clean(f.Remedy.Do, proseText), none)
			for _, c := range f.Remedy.Commands {
				p.command(c, 12)
			}
		}
	}
	if follow == 1 {
		p.para("  ", 2, "One more is a consequence, and ends with its cause.", faint)
	} else if follow > 1 {
		p.para("  ", 2, fmt.Sprintf("%d more are consequences, and end with their causes.", follow), faint)
	}
}

func idsOf(keys []string) []string {
	var out []string
	for _, k := range keys {
		id, _, _ := strings.Cut(k, "|")
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}
