package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"assay/internal/model"
)

// RunbookMark begins a runbook that was written here: what is compared with a
// later one.
const RunbookMark = "<!-- written by assay runbook -->"

// Runbook writes how a host is operated as Markdown. older is the text of the
// runbook before, "" for none: what differs since stands on top.
func Runbook(w io.Writer, h model.Handbook, older string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n# %s\n\n%s, seen %s.\n", RunbookMark, md(h.Host), md(h.OS), h.Seen.UTC().Format("2 Jan 2006 15:04 UTC"))
	if changes := RunbookChanges(h, older); len(changes) > 0 {
		b.WriteString("\n## Since the last one\n\n")
		for _, c := range changes {
			b.WriteString("- " + c + "\n")
		}
	}
	for _, p := range h.Parts {
		fmt.Fprintf(&b, "\n## %s\n\n", md(partTitle(p)))
		for _, l := range p.Lines {
			b.WriteString("- " + runbookLine(l) + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func partTitle(p model.HandbookPart) string {
	if p.Deployment == "" {
		return p.Title
	}
	return p.Deployment + ": " + strings.ToLower(p.Title[:1]) + p.Title[1:]
}

func runbookLine(l model.HandbookLine) string {
	text := md(l.Text)
	switch {
	case l.Why != "":
		text = "could not be seen: " + md(l.Why)
		if l.Hint != "" {
			text += " (" + md(l.Hint) + ")"
		}
	case l.Command:
		text = "`" + code(l.Text) + "`"
	}
	out := "**" + md(l.Name) + ":** " + text
	if l.Where != "" {
		out += " (`" + code(l.Where) + "`)"
	}
	return out
}

// RunbookChanges are the lines that are new, and those that are gone, since an
// older runbook; nil where that is none of ours.
func RunbookChanges(h model.Handbook, older string) []string {
	if !strings.HasPrefix(older, RunbookMark) {
		return nil
	}
	type line struct{ part, text string }
	var was, is []line
	part := ""
	for l := range strings.Lines(older) {
		l = strings.TrimRight(l, "\n")
		if t, ok := strings.CutPrefix(l, "## "); ok {
			part = t
		} else if t, ok := strings.CutPrefix(l, "- "); ok && part != "Since the last one" {
			was = append(was, line{part, t})
		}
	}
	for _, p := range h.Parts {
		for _, l := range p.Lines {
			is = append(is, line{md(partTitle(p)), runbookLine(l)})
		}
	}
	out := []string{}
	for _, l := range is {
		if !slices.Contains(was, l) {
			out = append(out, "new in "+l.part+": "+l.text)
		}
	}
	for _, l := range was {
		if !slices.Contains(is, l) {
			out = append(out, "gone from "+l.part+": "+l.text)
		}
	}
	return out
}

// RunbookHTML is the same as a page that stands by itself.
func RunbookHTML(w io.Writer, h model.Handbook, older string) error {
	r := Report{}
	r.Host.Name, r.Host.OS, r.Host.Seen = h.Host, h.OS, h.Seen
	p := newSheet(r, HTMLOptions{})
	main := parts{}
	if changes := RunbookChanges(h, older); len(changes) > 0 {
		list := parts{}
		for _, c := range changes {
			list = append(list, el("li", said(unmarked(c), proseText)))
		}
		main = append(main, section(1, "Since the last one", el("ul", list)))
	}
	for i, part := range h.Parts {
		rows := parts{class("book")}
		for _, l := range part.Lines {
			rows = append(rows, el("dt", said(l.Name, shortText)), bookText(l))
		}
		main = append(main, el("section", el("h2", id(place{"s", i + 2, 0}), said(partTitle(part), shortText)), el("dl", rows)))
	}
	body := el("body", el("header",
		el("p", class("kind"), own("Runbook")),
		el("h1", broken(h.Host, shortText)),
		el("p", class("about"), el("span", said(h.OS, shortText)), el("span", own(phrase(h.Seen.UTC().Format("2 January 2006, 15:04 UTC")))))),
		el("main", main))
	_, err := io.WriteString(w, "<!DOCTYPE html>\n"+el("html", is("lang", "en"), p.head(), body).html+"\n")
	return err
}

// unmarked takes the marks of Markdown away.
func unmarked(s string) string {
	return strings.NewReplacer("**", "", "`", "", `\`, "").Replace(s)
}

func bookText(l model.HandbookLine) markup {
	var of parts
	switch {
	case l.Why != "":
		of = append(of, own("could not be seen: "), said(l.Why, proseText))
		if l.Hint != "" {
			of = append(of, own(" ("), said(l.Hint, proseText), own(")"))
		}
	case l.Command:
		of = append(of, el("code", said(l.Text, lineText)))
	default:
		of = append(of, said(l.Text, lineText))
	}
	if l.Where != "" {
		of = append(of, own(" "), el("small", said(l.Where, shortText)))
	}
	return el("dd", of)
}
