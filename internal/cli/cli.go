// Package cli is the command line: one file a verb, each an options struct,
// its parse and its run. It is the only place that prints and exits.
package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"assay/internal/check"
	"assay/internal/collect"
	"assay/internal/host"
	"assay/internal/model"
	"assay/internal/plan"
	"assay/internal/report"
	"assay/internal/tape"
)

// Env is all that a verb has of the world.
type Env struct {
	Stdin      io.Reader
	Stdout     io.Writer
	Stderr     io.Writer
	Getenv     func(string) string
	IsTerminal func(fd int) bool // 1 is Stdout, 2 is Stderr
	Columns    func(fd int) int  // of the terminal, 0 when it is none
	Exe        string            // path of this program
	Version    string
	// AskPassword asks on the terminal, without echo; nil when there is none.
	AskPassword func(ctx context.Context, prompt string) (string, error)
	Works       Works
}

// Works is what the verbs set going; see Wire.
type Works struct {
	// Collect visits this host; tell hears of each ask as it begins and ends, from
	// several goroutines.
	Collect func(ctx context.Context, how Look, tell func(a tape.Ask, ended bool)) (*tape.Tape, collect.Trace)
	// Away visits another host.
	Away func(context.Context, Trip) (*tape.Tape, error)
	// Outside looks at a site that another host serves.
	Outside Outsider
	// Judge audits a recording. The model is whole, whatever was chosen.
	Judge    func(*tape.Tape, Choice) (report.Report, *model.Model)
	Model    func(*tape.Tape) *model.Model
	Families func() []*check.Family
	// Describe says what was understood, for people; Data for programs.
	Describe func(io.Writer, *model.Model) error
	Data     func(*model.Model) any
	// Fix makes the plan that mends the findings that are wanted.
	Fix func(*tape.Tape, report.Report, func(report.Finding) bool) (plan.Plan, []report.Unmended)
	// Hands change this host; Root says whether we may.
	Hands func() host.Writer
	Root  func() bool
}

// Look is how a host is looked at.
type Look struct {
	NoImport bool   // the app is not loaded
	Deep     bool   // the git history is read
	Hasty    bool   // what takes long is given up early
	Page     string // a URL that is asked for, too
}

// Choice is what of an audit is wanted. A nil function takes everything.
type Choice struct {
	Check  func(check.Check) bool
	App    func(name string) bool
	Outage bool // what breaks requests stands first
}

// app is one run of the command line.
type app struct {
	Env
	exit    int
	visited collect.Trace // where the time of a visit to this host went
	answers *bufio.Reader // of who is asked
}

// usageError is one line about how assay was called, with the nearest right
// command; it exits 2, as does a file named there that cannot be used.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return usageError{fmt.Sprintf(format, args...)} }

// Main runs the command line and returns its exit code.
func Main(env Env, args []string) (code int) {
	a := &app{Env: env}
	defer func() {
		if r := recover(); r != nil {
			a.complain(fmt.Errorf("a fault of its own: %v", r))
			code = exitUnseen
		}
	}()
	root := a.root()
	root.SetArgs(args)
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	root.PersistentPreRun = func(c *cobra.Command, _ []string) { a.remind(c.Name()) }
	if err := root.Execute(); err != nil {
		a.complain(err)
		if _, is := errors.AsType[unseenError](err); is {
			return exitUnseen
		}
		return exitUsage
	}
	return a.exit
}

// complain writes an error as one line, and its hint as another.
func (a *app) complain(err error) {
	text, hint, hinted := strings.Cut(err.Error(), "\nhint: ")
	fmt.Fprintln(a.Stderr, "assay: "+report.Line(text, 500, a.ascii()))
	if hinted {
		fmt.Fprintln(a.Stderr, "hint: "+report.Line(hint, 500, a.ascii()))
	}
}

// note writes what the operator should know beside the report.
func (a *app) note(text string) {
	fmt.Fprintln(a.Stderr, "note: "+report.Line(text, 500, a.ascii()))
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "assay",
		Short:         "Finds out what is wrong with the Flask deployments on this host.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if v, _ := c.Flags().GetBool("version"); v {
				return a.version()
			}
			if len(args) > 0 {
				return usagef("unknown command %q%s", args[0], didYouMean(args[0], verbs(c), "assay "))
			}
			return a.help(c)
		},
	}
	root.Flags().Bool("version", false, "print the version")
	root.AddCommand(a.setupVerb(), a.deployVerb(), a.rollbackVerb(), a.releasesVerb(), a.checkVerb(), a.diagnoseVerb(), a.fixVerb(), a.historyVerb(), a.undoVerb(), a.resumeVerb(), a.diffVerb(), a.configVerb(), a.explainVerb(), a.checksVerb(), a.modelVerb(), a.runbookVerb(), a.asksVerb(),
		a.recordVerb(), a.collectVerb(), a.schemaVerb(), a.completionVerb(), a.versionVerb())
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpFunc(func(c *cobra.Command, _ []string) { _ = a.help(c) })
	root.SetUsageFunc(a.help)
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(a.helpVerb())
	return root
}

func verbs(c *cobra.Command) []string {
	var out []string
	for _, v := range c.Root().Commands() {
		if !v.Hidden {
			out = append(out, v.Name())
		}
	}
	return out
}

// exactly takes n arguments, and says what they are for.
func exactly(n int, want string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) == n:
			return nil
		case len(args) < n:
			return usagef("%s needs %s: %s", c.CommandPath(), want, c.UseLine())
		}
		return usagef("unexpected %q: %s", args[n], c.UseLine())
	}
}

func asUsage(err error) error {
	if _, is := errors.AsType[usageError](err); is {
		return err
	}
	return usageError{err.Error()}
}
