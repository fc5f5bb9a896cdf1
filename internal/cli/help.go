package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"assay/internal/report"
)

// The verbs in the order in which one meets them.
var chapters = []struct {
	title string
	verbs []string
}{
	{"Look", []string{"check", "diagnose", "diff", "config", "runbook", "model", "explain", "checks"}},
	{"Change", []string{"setup", "deploy", "rollback", "releases", "fix", "history", "undo", "resume"}},
	{"Trust", []string{"asks", "record", "collect"}},
	{"Other", []string{"schema", "completion", "version"}},
}

func (a *app) helpVerb() *cobra.Command {
	return &cobra.Command{Use: "help [COMMAND]", Short: "about a command", Hidden: true,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return a.help(c.Root())
			}
			about, _, err := c.Root().Find(args)
			if err != nil || about == c.Root() {
				return usagef("unknown command %q%s", args[0], didYouMean(args[0], verbs(c), "assay help "))
			}
			return a.help(about)
		}}
}

// help prints a page about a command. Templates would link every exported
// method of the program: some ten megabytes.
func (a *app) help(c *cobra.Command) error {
	var b strings.Builder
	width := min(a.textOptions(never, false).Width, 100)
	if c.HasParent() {
		a.helpVerbPage(&b, c, width)
	} else {
		a.helpRoot(&b, c, width)
	}
	_, _ = io.WriteString(a.Stdout, report.Lines(b.String(), a.ascii()))
	return nil
}

func (a *app) helpRoot(b *strings.Builder, root *cobra.Command, width int) {
	paragraphs(b, root.Short+" It finds them by itself, follows a request from DNS to the database, and says what is broken, "+
		"what shows it, and what mends it. Looking changes nothing; what changes something shows it first, and can be taken back.", width)
	b.WriteString("\n  sudo assay check\n")
	for _, ch := range chapters {
		b.WriteString("\n" + ch.title + "\n")
		for _, name := range ch.verbs {
			for _, v := range root.Commands() {
				if v.Name() == name {
					fmt.Fprintf(b, "  assay %-11s %s\n", name, v.Short)
				}
			}
		}
	}
	b.WriteString("\nassay COMMAND --help says more about each.\n")
}

func (a *app) helpVerbPage(b *strings.Builder, c *cobra.Command, width int) {
	b.WriteString("Usage: " + c.UseLine() + "\n\n")
	paragraphs(b, c.Long, width)
	for i, v := range c.Commands() {
		if i == 0 {
			b.WriteString("\nCommands\n")
		}
		fmt.Fprintf(b, "  assay %s %-11s %s\n", c.Name(), v.Name(), v.Short)
	}
	flags(b, c, width)
	if c.Example != "" {
		b.WriteString("\nExamples\n" + c.Example + "\n")
	}
}

// paragraphs wraps a text; lines that begin with two spaces stay as they are.
func paragraphs(b *strings.Builder, text string, width int) {
	for i, p := range strings.Split(text, "\n\n") {
		if i > 0 {
			b.WriteString("\n")
		}
		if strings.Contains(p, "\n  ") {
			b.WriteString(p + "\n")
			continue
		}
		for _, l := range report.Wrap(p, width) {
			b.WriteString(l + "\n")
		}
	}
}

// flags lists a command's flags: name and value, what for, and the default.
func flags(b *strings.Builder, c *cobra.Command, width int) {
	type row struct{ left, right string }
	var rows []row
	wide := 0
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		value, about := pflag.UnquoteUsage(f)
		left := "--" + f.Name
		if f.Shorthand != "" {
			left = "-" + f.Shorthand + ", " + left
		}
		if value != "" {
			left += " " + value
		}
		if about == value {
			about = ""
		}
		if d := f.DefValue; d != "" && d != "false" && d != "[]" && d != "-" {
			about = strings.TrimSpace(about + " (default " + d + ")")
		}
		rows = append(rows, row{left, about})
		wide = max(wide, len(left))
	})
	if len(rows) == 0 {
		return
	}
	b.WriteString("\nFlags\n")
	for _, r := range rows {
		lines := report.Wrap(r.right, max(width-wide-4, 20))
		if len(lines) == 0 {
			fmt.Fprintf(b, "  %s\n", r.left)
		}
		for i, l := range lines {
			if i > 0 {
				r.left = ""
			}
			fmt.Fprintf(b, "  %-*s  %s\n", wide, r.left, l)
		}
	}
}
