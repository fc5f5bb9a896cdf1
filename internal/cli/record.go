package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"assay/internal/report"
)

func (a *app) recordVerb() *cobra.Command {
	var o visitOptions
	c := &cobra.Command{
		Use:   "record FILE",
		Short: "write what this host answers to a file",
		Long: "Visits this host as check does, and writes every question with its answer to FILE: mode 0600, gzipped when the name ends in .gz. " +
			"Secrets are replaced by tokens. assay check --tape FILE gives the identical report, anywhere and at any time.",
		Example: "  sudo assay record web-1.tape.gz\n  assay record --host ann@web-1 web-1.tape.gz\n  assay check --tape web-1.tape.gz",
		Args:    exactly(1, "a file"),
		RunE:    func(_ *cobra.Command, args []string) error { return a.record(args[0], o) },
	}
	o.flags(a, c)
	o.diagnoseFlags(c)
	return c
}

func (a *app) record(file string, o visitOptions) error {
	if file == "-" {
		return usagef("assay record writes a file; to the standard output: assay collect")
	}
	t, err := a.tapeOf(o)
	if err != nil {
		return err
	}
	if err := writeTape(file, t); err != nil {
		return asUsage(err)
	}
	fmt.Fprintf(a.Stderr, "%d answers are in %s, secrets replaced. To judge them: assay check --tape %[2]s\n",
		t.Len(), report.Line(file, 200, a.ascii()))
	return nil
}

func (a *app) collectVerb() *cobra.Command {
	var o visitOptions
	c := &cobra.Command{
		Use:   "collect",
		Short: "the same to the standard output, for sudo and ssh",
		Long: "Writes a recording of this host to the standard output. A line for sudoers allows it without flags, and nothing else: " +
			"assay asks prints that line.",
		Example: "  sudo assay collect | assay check --tape -\n  ssh web-1 sudo assay collect > web-1.tape",
		Args:    exactly(0, "no argument"),
		RunE:    func(*cobra.Command, []string) error { return a.collect(o) },
	}
	o.collectFlags(c)
	o.diagnoseFlags(c)
	return c
}

func (a *app) collect(o visitOptions) error {
	if a.IsTerminal(1) {
		return usagef("assay collect writes a recording, which no one reads on a terminal: assay collect | assay check --tape -")
	}
	t, err := a.tapeOf(o)
	if err != nil {
		return err
	}
	if err := t.Write(a.Stdout); err != nil {
		return fmt.Errorf("write standard output: %w", cause(err))
	}
	return nil
}
