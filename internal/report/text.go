package report

import (
	"io"
	"strings"
)

// The rules of the text report. It is read by a tired person at three in the
// morning, on whatever terminal there is:
//
//   - First the way of the request, then what is wrong, then what could not be
//     seen; the last line is the verdict. Nothing is said twice.
//   - A finding has one shape: what is so, seen, why, fix, verify, causes. The
//     eye finds the same thing in the same column each time.
//   - Words carry the meaning, marks repeat it, colour only points at it: red is
//     broken, yellow is a risk, green is well, cyan is what one types. Without
//     colour, and in ASCII, nothing is lost.
//   - Commands and paths are never broken: what is copied is whole. A command
//     has its line to itself, with nothing but spaces before it.
//   - No line is wider than the terminal, except for such words.
//   - Long lists are folded and say so; --verbose unfolds them. No finding is
//     ever folded away while it is among the first worst ten.
//   - Where nothing is wrong, little is said.
//   - No byte of the host reaches the terminal unseen: see inert.

// TextOptions say what the terminal can do and how much is wanted.
type TextOptions struct {
	Width   int    // columns; 0 is 80, the least is 40
	Color   bool   // SGR sequences
	ASCII   bool   // no byte above 0x7f
	Verbose bool   // what hops stand on, what passed, what was asked, and how long it took
	Unfold  bool   // long lists whole
	Verdict string // the last line: what the exit code means
}

// Text writes a report for people. The only errors are w's.
func Text(w io.Writer, r Report, o TextOptions) error {
	p := newPage(o)
	p.host(r)
	for _, d := range r.Deployments {
		p.deployment(r, d)
	}
	if len(r.Deployments) == 0 {
		p.nowhere(r)
	}
	p.declared(r)
	p.wrong(r)
	p.accepted(r)
	p.unseen(r.Unknown)
	if o.Verbose {
		p.right(r.Passed)
	}
	p.sum(r)
	p.compared(r.Baseline)
	if o.Verbose {
		p.asked(r.Asked)
	}
	if o.Verdict != "" {
		p.blank()
		p.para("", 0, p.clean(o.Verdict, proseText), none)
	}
	_, err := io.WriteString(w, p.b.String())
	return err
}

func newPage(o TextOptions) *page {
	if o.Width == 0 {
		o.Width = 80
	}
	o.Width = max(o.Width, 40)
	return &page{o: o}
}

// maxProse bounds the lines of prose, in columns: longer ones tire the eye.
const maxProse = 110

// host says whom the report is about, in one faint line.
func (p *page) host(r Report) {
	words := []string{p.clean(r.Host.Name, shortText)}
	if r.Host.OS != "" {
		words = append(words, p.clean(r.Host.OS, shortText))
	}
	if !r.Host.Seen.IsZero() {
		words = append(words, r.Host.Seen.UTC().Format("2 Jan 2006 15:04 UTC"))
	}
	if r.Host.Root {
		words = append(words, "seen as root")
	} else {
		words = append(words, "seen without root")
	}
	p.para("", 0, strings.Join(words, ", "), faint)
	p.blank()
}

// nowhere says where deployments were looked for, and what to do next.
func (p *page) nowhere(r Report) {
	p.heading("No deployment found")
	if len(r.Looked) > 0 {
		p.para("", 0, "Looked for one in:", none)
		for _, l := range r.Looked {
			p.para("  - ", 4, p.clean(l, lineText), none)
		}
		p.blank()
	}
	if !r.Host.Root {
		p.para("", 0, "Much of that shows itself to root alone. Look again:", none)
		p.blank()
		p.command("sudo assay check", 2)
		return
	}
	p.para("", 0, "An app that neither runs, nor has a unit, nor stands in the web server's configuration leaves no trace here. "+
		"Start it, then look again. What was understood of this host:", none)
	p.blank()
	p.command("sudo assay model", 2)
}
