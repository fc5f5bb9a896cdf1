package report

import (
	"slices"
	"strings"
)

// foldNames is how many of the names that a deployment serves are shown.
const foldNames = 4

// deployment draws one app: its name, who serves it, and the way of a request.
func (p *page) deployment(r Report, d Deployment) {
	p.blank()
	p.para("", 0, p.clean(d.Name, shortText), strong)
	p.who(d)
	p.blank()
	p.way(d.Path)
	p.blank()
	p.hops(r, d)
}

// who says under which names the app is served, and by what.
func (p *page) who(d Deployment) {
	var names []string
	n := p.fold(len(d.Names), foldNames)
	for _, name := range d.Names[:n] {
		names = append(names, p.clean(name, shortText))
	}
	if n < len(d.Names) {
		names = append(names, p.more(len(d.Names)-n))
	}
	p.para("  ", 2, strings.Join(names, ", "), faint)
	var runs []string
	for _, s := range []string{strings.TrimSpace(d.Server + " " + d.App), d.Unit, d.Container} {
		if s != "" {
			runs = append(runs, p.clean(s, shortText))
		}
	}
	p.para("  ", 2, strings.Join(runs, ", "), faint)
}

// way draws the hops, wrapped at the arrows, with lines of about one length.
func (p *page) way(path []Hop) {
	hops := make([]string, len(path))
	for i, h := range path {
		m := marks[h.State]
		hops[i] = p.clean(h.Label, shortText) + " " + p.paint(m.style, p.own(m.mark))
	}
	lines := p.arrows(hops, p.o.Width-2)
	for w := p.o.Width - 3; w > 20; w-- {
		narrower := p.arrows(hops, w)
		if len(narrower) > len(lines) {
			break
		}
		lines = narrower
	}
	for _, l := range lines {
		p.b.WriteString("  " + l + "\n")
	}
}

// arrows joins hops into lines of at most width columns; a line that goes on
// from the one before begins with its arrow.
func (p *page) arrows(hops []string, width int) []string {
	arrow := p.paint(faint, p.own("→"))
	var out []string
	line, at := "", 0
	for i, h := range hops {
		w := columns(unpainted(h))
		if i > 0 {
			h = arrow + " " + h
			w += columns(unpainted(arrow)) + 1
			if at+1+w > width {
				out = append(out, line)
				line, at = "", 0
			} else {
				line, at = line+" ", at+1
			}
		}
		line, at = line+h, at+w
	}
	if line != "" {
		out = append(out, line)
	}
	return out
}

type mark struct {
	mark  string
	style style
}

// marks of a hop's state. In ASCII they are words: ok, FAIL, !, ?, -.
var marks = map[string]mark{
	OK: {"✓", good}, Warning: {"!", caution}, Broken: {"✗", bad}, Unseen: {"?", caution}, None: {"–", faint},
}

// hops says what no finding says: why a hop is unknown or left out. With
// --verbose each hop says what it is.
func (p *page) hops(r Report, d Deployment) {
	var shown []Hop
	wide := 0
	for _, h := range d.Path {
		told := slices.ContainsFunc(r.Findings, func(f Finding) bool {
			return f.Stage == h.Stage && (f.Deployment == d.Name || f.Deployment == "")
		}) || slices.ContainsFunc(r.Unknown, func(u Unknown) bool {
			return u.Stage == h.Stage && (u.Deployment == d.Name || u.Deployment == "")
		})
		if p.o.Verbose || h.Text != "" && !told && h.State != OK {
			shown = append(shown, h)
			wide = max(wide, columns(p.clean(h.Label, shortText)))
		}
	}
	wide = min(wide, 16)
	for _, h := range shown {
		lead := "  " + p.paint(faint, pad(p.clean(h.Label, shortText), wide)) + "  "
		if h.Text != "" {
			p.para(lead, 4+wide, p.clean(h.Text, lineText), none)
			lead = strings.Repeat(" ", 4+wide)
		}
		if p.o.Verbose {
			p.stands(lead, h.On)
		}
	}
	p.blank()
}

// stands lists what a hop stands on.
func (p *page) stands(lead string, on []Ground) {
	for _, g := range on {
		s := p.clean(g.Text, lineText)
		switch {
		case g.State == "unknown":
			s = "not known: " + p.clean(g.Why, lineText)
		case g.State == "absent":
			s = "none"
		case s == "":
			continue
		}
		at := columns(unpainted(lead))
		p.para(lead, at+2, p.clean(g.Kind, shortText)+": "+s, faint)
		lead = strings.Repeat(" ", at)
	}
}

// pad fills s up to w columns.
func pad(s string, w int) string {
	return s + strings.Repeat(" ", max(w-columns(s), 0))
}
