package report

import (
	"fmt"
	"io"
	"strings"

	"assay/internal/check"
)

// Markdown writes the report for a merge request, an issue or a wiki: GitHub's
// flavour, without HTML. Consequences stand under their cause.
func Markdown(w io.Writer, r Report, verdict string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n", md(r.Host.Name))
	fmt.Fprintf(&b, "%s, seen %s%s. %s, %d passed, %d could not be seen, %d not applicable.\n", md(r.Host.OS), r.Host.Seen.UTC().Format("2 Jan 2006 15:04 UTC"),
		map[bool]string{true: " as root", false: " without root"}[r.Host.Root], count(r.Counts.Findings, "finding"), r.Counts.Passed, r.Counts.Unknown, r.Counts.NotApplicable)
	if verdict != "" {
		fmt.Fprintf(&b, "\n%s\n", md(verdict))
	}
	for i, f := range faults(r.Findings) {
		fmt.Fprintf(&b, "\n## %d. %s\n\n", i+1, md(f.Summary))
		fmt.Fprintf(&b, "**%s** · `%s`", f.Severity, code(f.ID))
		if f.Deployment != "" {
			fmt.Fprintf(&b, " · %s", md(f.Deployment))
		}
		if f.Breaks && f.Status == string(check.Fail) {
			b.WriteString(" · **requests fail now**")
		}
		fmt.Fprintf(&b, "\n\n%s\n", md(f.Why))
		for n, e := range f.Evidence {
			if n == 0 {
				b.WriteString("\n")
			}
			where := e.Where
			if e.Line > 0 {
				where += fmt.Sprintf(":%d", e.Line)
			}
			fmt.Fprintf(&b, "- `%s`", code(where))
			if e.Text != "" {
				fmt.Fprintf(&b, ": `%s`", code(e.Text))
			}
			b.WriteString("\n")
		}
		if f.Remedy.Do != "" {
			fmt.Fprintf(&b, "\n**Fix:** %s\n", md(f.Remedy.Do))
		}
		if len(f.Remedy.Commands) > 0 {
			b.WriteString("\n```sh\n")
			for _, c := range f.Remedy.Commands {
				b.WriteString(strings.ReplaceAll(strings.TrimRight(Lines(c, false), "\n"), "```", "` ` `") + "\n")
			}
			b.WriteString("```\n")
		}
		for n, c := range f.causes {
			if n == 0 {
				b.WriteString("\nIt causes:\n\n")
			}
			fmt.Fprintf(&b, "- %s (`%s`)\n", md(c.Summary), code(c.ID))
		}
	}
	for i, x := range r.Problems {
		if i == 0 {
			b.WriteString("\n## What is declared, and does not hold\n\n")
		}
		fmt.Fprintf(&b, "- `%s`: %s; %s\n", code(x.place()), md(x.Text), md(x.Hint))
	}
	for i, w := range r.Waived {
		if i == 0 {
			b.WriteString("\n## Accepted by somebody, and not counted\n\n")
		}
		fmt.Fprintf(&b, "- **%s** %s (`%s`), until %s: %s\n", w.Severity, md(w.Summary), code(w.ID), w.Until, md(w.Reason))
	}
	for i, u := range blinds(r.Unknown) {
		if i == 0 {
			b.WriteString("\n## What could not be seen\n\n")
		}
		fmt.Fprintf(&b, "- %s: %s", "`"+code(strings.Join(u.ids, ", "))+"`", md(strings.Join(u.reasons[:min(len(u.reasons), foldReasons)], "; ")))
		if n := len(u.reasons) - foldReasons; n > 0 {
			fmt.Fprintf(&b, "; and %d more", n)
		}
		if u.hint != "" {
			fmt.Fprintf(&b, " (%s)", md(u.hint))
		}
		b.WriteString("\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

var mdEscapes = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;", "#", `\#`, "|", `\|`, "@", "@\u2060", "!", `\!`, "~", `\~`)

// md is inert text of one line that Markdown leaves alone.
func md(s string) string { return mdEscapes.Replace(Line(s, proseText, false)) }

// code is inert text between backticks.
func code(s string) string { return strings.ReplaceAll(Line(s, lineText, false), "`", "'") }
