package cli

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/report"
	"assay/internal/syntax/assaytoml"
	"assay/internal/syntax/nearest"
)

func (a *app) configVerb() *cobra.Command {
	c := &cobra.Command{
		Use:   "config COMMAND",
		Short: "what people declare in assay.toml",
		Long: "What no tool can see from the host itself is declared: in " + model.OperatorFile + " by its operator, and for an app alone in assay.toml beside it " +
			"or in [tool.assay] of its pyproject.toml. It is optional, describes, and never commands: nothing of it is run. Its table [setup] answers what assay setup asks. " +
			"A waiver accepts a finding until a day; one of a critical finding counts in " + model.OperatorFile + " alone.",
		Example: "  sudo assay config show\n  assay config check assay.toml\n  assay config template | sudo tee " + model.OperatorFile,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("unknown command %q%s", "config "+args[0], didYouMean(args[0], []string{"check", "show", "schema", "template"}, "assay config "))
			}
			return a.help(c)
		},
	}
	c.AddCommand(a.configCheck(), a.configShow(),
		a.prints("schema", "a JSON Schema of assay.toml, for editors", func(b *bytes.Buffer) error { return report.WriteJSON(b, assaytoml.Schema()) }),
		a.prints("template", "an assay.toml in which everything is a comment", func(b *bytes.Buffer) error { b.WriteString(assaytoml.Template()); return nil }))
	return c
}

func (a *app) prints(name, short string, what func(*bytes.Buffer) error) *cobra.Command {
	return &cobra.Command{Use: name, Short: short, Args: exactly(0, "no argument"), RunE: func(*cobra.Command, []string) error {
		var b bytes.Buffer
		if err := what(&b); err != nil {
			return err
		}
		_, _ = a.Stdout.Write(b.Bytes())
		return nil
	}}
}

func (a *app) configCheck() *cobra.Command {
	var visit visitOptions
	beside := false
	c := &cobra.Command{
		Use:   "check [FILE] [flags]",
		Short: "whether what is declared is right",
		Long: "Reads FILE, or without one the files that an audit of this host reads, and tells each mistake with its line and column. " +
			"It exits 2 where there is one.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("config check takes one FILE at most")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				return a.checkFile(args[0], beside)
			}
			t, err := a.tapeOf(visit)
			if err != nil {
				return err
			}
			r, _ := a.Works.Judge(t, Choice{})
			for _, p := range r.Problems {
				if a.mistake(fmt.Sprintf("%s:%d:%d", p.Where, p.Line, max(p.Col, 1)), p.Text, p.Hint); p.Bad {
					a.exit = exitUsage
				}
			}
			if len(r.Problems) == 0 {
				fmt.Fprintln(a.Stdout, "All that is declared holds.")
			}
			return nil
		},
	}
	visit.flags(a, c)
	c.Flags().BoolVar(&beside, "app", false, "FILE is the app's own assay.toml, which may say less than the operator's")
	return c
}

func (a *app) checkFile(name string, beside bool) error {
	b, err := a.readWhole(name)
	if err != nil {
		return asUsage(err)
	}
	place := assaytoml.Operator
	switch {
	case filepath.Base(name) == "pyproject.toml":
		place = assaytoml.Project
	case beside:
		place = assaytoml.App
	}
	f := assaytoml.Parse(string(b), place)
	var ids []string
	for _, family := range a.Works.Families() {
		for _, c := range family.Checks() {
			ids = append(append(ids, c.ID), c.Formerly...)
		}
	}
	for _, w := range f.Waivers {
		if !slices.Contains(ids, w.ID) {
			hint := "assay checks lists them"
			if n := nearest.Word(w.ID, ids); n != "" {
				hint = "did you mean " + n + "?"
			}
			f.Troubles = append(f.Troubles, assaytoml.Trouble{Line: w.Line, Col: 1, Text: "there is no check " + w.ID, Hint: hint})
		}
	}
	for _, t := range f.Troubles {
		a.exit = exitUsage
		a.mistake(fmt.Sprintf("%s:%d:%d", name, t.Line, t.Col), t.Text, t.Hint)
	}
	if len(f.Troubles) == 0 {
		n := len(f.Values) + len(f.Setup)
		for _, of := range []map[string]map[string]assaytoml.Value{f.Of, f.SetupOf} {
			for _, v := range of {
				n += len(v)
			}
		}
		fmt.Fprintf(a.Stdout, "%s is right: %s, %s.\n", report.Line(name, 200, a.ascii()), number(n, "key", "keys"), number(len(f.Waivers), "waiver", "waivers"))
	}
	return nil
}

func (a *app) mistake(at, text, hint string) {
	line := at + ": " + text
	if hint != "" {
		line += "; " + hint
	}
	fmt.Fprintln(a.Stdout, report.Line(line, 500, a.ascii()))
}

func (a *app) configShow() *cobra.Command {
	var visit visitOptions
	c := &cobra.Command{
		Use:   "show [flags]",
		Short: "what is declared of each deployment, and by which line",
		Args:  exactly(0, "no argument"),
		RunE: func(*cobra.Command, []string) error {
			t, err := a.tapeOf(visit)
			if err != nil {
				return err
			}
			a.showDeclared(a.Works.Model(t))
			return nil
		},
	}
	visit.flags(a, c)
	c.Flags().StringVar(&visit.tape, "tape", "", "of the recording `FILE`, plain or gzipped; - is the standard input")
	return c
}

func (a *app) showDeclared(m *model.Model) {
	var b strings.Builder
	for _, d := range m.Deployments {
		fmt.Fprintf(&b, "%s\n", d.Name)
		var open []string
		for _, l := range append(d.Declared.Lines(), d.Declared.Setup...) {
			if !said(&b, l) {
				open = append(open, l.Key)
			}
		}
		if len(open) > 0 {
			fmt.Fprintf(&b, "  not declared: %s\n", strings.Join(open, ", "))
		}
	}
	if len(m.Deployments) == 0 {
		b.WriteString("No deployment was found.\n")
		for _, l := range m.Declared.Setup {
			said(&b, l)
		}
	}
	for _, w := range m.Waivers {
		fmt.Fprintf(&b, "waived until %s: %s for %s: %s  (%s:%d)\n", w.Until.Format("2006-01-02"), w.ID, w.Scope, w.Reason, w.Source.Where, w.Source.Line)
	}
	fmt.Fprint(a.Stdout, report.Lines(b.String(), a.ascii()))
}

// said writes what is declared as a key, if anything is.
func said(b *strings.Builder, l model.Said) bool {
	var n fact.Notes
	text, state := l.Text.Look(&n)
	switch state {
	case fact.IsKnown:
		fmt.Fprintf(b, "  %-10s %s  (%s:%d)\n", l.Key, text, n.Sources[0].Where, n.Sources[0].Line)
	case fact.IsUnknown:
		fmt.Fprintf(b, "  %-10s not known: %s\n", l.Key, n.Why().Text)
	}
	return state != fact.IsAbsent
}
