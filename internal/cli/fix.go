package cli

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"assay/internal/apply"
	"assay/internal/plan"
	"assay/internal/report"
	"assay/internal/tape"
)

// fixOptions are the flags of assay fix.
type fixOptions struct {
	ids, skip, apps    []string
	apply, ask, script bool
	plan               string
	format, color      string
	visit              visitOptions
}

func (a *app) fixVerb() *cobra.Command {
	var o fixOptions
	c := &cobra.Command{
		Use:   "fix [ID...] [flags]",
		Short: "mend what was found: shown first, undone when it makes anything worse",
		Long: "Shows what would mend the findings of this host: a diff for each file, each command, and what is left to do by hand. IDS choose findings, " +
			"by id or the beginning of one. With --apply it carries that out: it writes down what it will touch, changes the files, asks nginx and systemd " +
			"whether they take them, reloads, and hears every check again. It is kept only if the findings are gone and nothing else became worse; else all " +
			"of it is taken back. What came to light by it is then mended in the same way, as a change of its own, unless --plan names the one plan. It never changes the app's code.\n\n" +
			"Exit codes:\n  0  shown, or done and kept\n  2  wrong use\n  3  the host could not be seen\n  4  refused, or taken back\n  5  not everything could be taken back",
		Example: "  sudo assay fix\n  sudo assay fix --apply --plan 3f2a91c4\n  sudo assay fix nginx.proxy.host --apply\n  sudo assay fix --script > mend.sh",
		RunE: func(_ *cobra.Command, args []string) error {
			o.ids = args
			return a.fix(o)
		},
	}
	f := c.Flags()
	f.BoolVar(&o.apply, "apply", false, "carry it out")
	f.StringVar(&o.plan, "plan", "", "carry out the plan `ID` that was shown, and no other")
	f.BoolVarP(&o.ask, "interactive", "i", false, "ask for each finding whether it is to be mended")
	f.BoolVar(&o.script, "script", false, "print the plan as a shell script")
	f.StringArrayVar(&o.skip, "skip", nil, "leave these findings as they are: `IDS` or beginnings of ids, with commas")
	f.StringArrayVar(&o.apps, "app", nil, "this deployment alone, by `NAME`; may be given again")
	f.StringVar(&o.format, "format", "text", "`text|json` of the plan that is shown")
	o.visit.collectFlags(c)
	o.visit.changed = f.Changed
	f.StringVar(&o.visit.tape, "tape", "", "show what would be done to the host of the recording `FILE`")
	f.StringVar(&o.color, "color", auto, "`auto|always|never`")
	complete(c, "color", auto, always, never)
	complete(c, "format", "text", "json")
	return c
}

func (o fixOptions) valid() error {
	switch {
	case o.apply && o.visit.tape != "":
		return usagef("a recording cannot be mended: assay fix --tape FILE shows what would be done")
	case o.apply && o.script:
		return usagef("--script prints, and --apply carries out: one of the two")
	case o.plan != "" && !o.apply:
		return usagef("--plan says which plan --apply may carry out: sudo assay fix --apply --plan %s", o.plan)
	}
	if err := oneOf("format", o.format, "text", "json"); err != nil {
		return err
	}
	return oneOf("color", o.color, auto, always, never)
}

func (a *app) fix(o fixOptions) error {
	if err := o.valid(); err != nil {
		return err
	}
	only, err := choose(o.ids, o.skip, a.Works.Families())
	if err != nil {
		return err
	}
	if o.apply && !a.Works.Root() {
		return a.refuse(fmt.Errorf("change this host: that needs root\nhint: sudo assay fix --apply"))
	}
	t, err := a.tapeOf(o.visit)
	if err != nil {
		return err
	}
	chosen, err := a.appsOf(o.apps, t)
	if err != nil {
		return err
	}
	r, _ := a.Works.Judge(t, Choice{})
	if len(r.Deployments) == 0 && len(r.Findings) == 0 {
		a.exit = exitUnseen
		fmt.Fprintln(a.Stdout, "No deployment was found, and nothing else is wrong.")
		return nil
	}
	ids := map[string]bool{}
	if only != nil {
		for _, f := range a.Works.Families() {
			for _, c := range f.Checks() {
				ids[c.ID] = only(c)
			}
		}
	}
	want := func(f report.Finding) bool {
		return (only == nil || ids[f.ID]) && (chosen == nil || f.Deployment == "" || chosen(f.Deployment))
	}
	p, left := a.Works.Fix(t, r, want)
	if o.ask {
		if want, err = a.askEach(r, p, want); err != nil {
			return err
		}
		p, left = a.Works.Fix(t, r, want)
	}
	if o.script {
		return report.Script(a.Stdout, p)
	}
	if o.plan != "" && o.plan != p.ID() {
		return a.refuse(fmt.Errorf("the plan %s is stale: this host would now be mended by %s\nhint: look at it: sudo assay fix", o.plan, p.ID()))
	}
	if err := a.showPlan(o, p, left); err != nil {
		return err
	}
	if !o.apply || p.Empty() {
		return nil
	}
	if o.plan == "" && !o.ask && a.IsTerminal(0) && !a.yes("Carry this out?") {
		return a.refuse(fmt.Errorf("nothing was changed"))
	}
	return a.carryOut(o, p, r, want)
}

// rounds bounds how often a run goes on with what only showed when something in
// front of it was mended.
const rounds = 4

// carryOut mends what was shown, and then what came to light by it. Who named
// the plan, or was asked for each finding, gets that alone.
func (a *app) carryOut(o fixOptions, p plan.Plan, before report.Report, want func(report.Finding) bool) error {
	defer unstopped()()
	tried := slices.Clone(p.Cures)
	for round := 1; ; round++ {
		fmt.Fprintln(a.Stdout)
		var seen *tape.Tape
		done, err := a.job(&seen).Run(context.Background(), p, before)
		if err != nil {
			return a.refuse(err)
		}
		if err := a.ended(done); err != nil || done.State != apply.Kept || o.plan != "" || o.ask || round == rounds {
			return err
		}
		next, left := a.Works.Fix(seen, done.After, func(f report.Finding) bool { return want(f) && !slices.Contains(tried, f.Key) })
		if next.Empty() {
			return nil
		}
		p, before, tried = next, done.After, append(tried, next.Cures...)
		fmt.Fprint(a.Stdout, "\nWhat came to light by it can be mended as well.\n\n")
		if err := a.showPlan(o, p, left); err != nil {
			return err
		}
		if a.IsTerminal(0) && !a.yes("Carry this out?") {
			return nil
		}
	}
}

// refuse is a change that is not made.
func (a *app) refuse(err error) error {
	a.complain(err)
	a.exit = exitRefused
	return nil
}

func (a *app) showPlan(o fixOptions, p plan.Plan, left []report.Unmended) error {
	if o.format == "json" {
		return report.WriteJSON(a.Stdout, struct {
			ID   string            `json:"id"`
			Plan plan.Plan         `json:"plan"`
			Left []report.Unmended `json:"left"`
		}{p.ID(), p, left})
	}
	command := ""
	if !o.apply && o.visit.tape == "" {
		words := append([]string{"sudo assay fix"}, o.ids...)
		for _, s := range o.skip {
			words = append(words, "--skip "+s)
		}
		for _, s := range o.apps {
			words = append(words, "--app "+s)
		}
		command = strings.Join(append(words, "--apply --plan "+p.ID()), " ")
	}
	var b bytes.Buffer
	if err := report.Plan(&b, p, left, command, a.textOptions(o.color, false)); err != nil {
		return err
	}
	_, err := a.Stdout.Write(b.Bytes())
	return err
}

// askEach asks for each finding that the plan mends.
func (a *app) askEach(r report.Report, p plan.Plan, want func(report.Finding) bool) (func(report.Finding) bool, error) {
	yes := map[string]bool{}
	for _, f := range r.Findings {
		if !want(f) || !slices.Contains(p.Cures, f.Key) {
			continue
		}
		fmt.Fprintf(a.Stdout, "%s: %s\n", f.ID, report.Line(f.Summary, 300, a.ascii()))
		yes[f.Key] = a.yes("Mend it? " + report.Line(f.Remedy.Do, 300, a.ascii()))
	}
	return func(f report.Finding) bool { return yes[f.Key] }, nil
}

// yes asks on the terminal; anything but y is no.
func (a *app) yes(question string) bool {
	fmt.Fprintf(a.Stdout, "%s [y/N] ", question)
	if a.answers == nil {
		a.answers = bufio.NewReader(a.Stdin)
	}
	l, _ := a.answers.ReadString('\n')
	l = strings.ToLower(strings.TrimSpace(l))
	return l == "y" || l == "yes"
}

// job is a change of this host that tells what it does; seen becomes its last look.
func (a *app) job(seen **tape.Tape) apply.Job {
	return apply.Job{Host: a.Works.Hands(), By: caller(a.Getenv), Tell: func(s string) { fmt.Fprintln(a.Stdout, "  "+report.Line(s, 200, a.ascii())) },
		Look: func(context.Context) (report.Report, error) {
			t, err := a.tapeOf(visitOptions{timeout: defaultTimeout, changed: func(string) bool { return false }})
			if err != nil {
				return report.Report{}, err
			}
			*seen = t
			r, _ := a.Works.Judge(t, Choice{})
			return r, nil
		}}
}

// caller is who typed sudo.
func caller(env func(string) string) string {
	if u := env("SUDO_USER"); u != "" {
		return u
	}
	return env("USER")
}

// unstopped lets no signal end a change in its middle: it ends kept or undone,
// also where nobody reads any more what it says (assay fix --apply | head).
func unstopped() (release func()) {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE}
	signal.Ignore(all...)
	return func() { signal.Reset(all...) }
}

func butFor(stays []string) string {
	if len(stays) == 0 {
		return ""
	}
	return ", but for this"
}

// staying lists what an undo leaves.
func (a *app) staying(stays []string) {
	for _, s := range stays {
		fmt.Fprintln(a.Stdout, "  "+report.Line(s, 600, a.ascii()))
	}
}

// ended says how a change ended, and what can be done then.
func (a *app) ended(o apply.Outcome) error {
	say := func(format string, args ...any) {
		fmt.Fprintln(a.Stdout, report.Line(fmt.Sprintf(format, args...), 600, a.ascii()))
	}
	fmt.Fprintln(a.Stdout)
	if o.State == apply.Kept && o.Undo != nil {
		a.exit = exitRefused
		if o.Why != nil {
			say("It had to be taken back: %v.", o.Why)
			a.exit = exitHalf
		}
		say("Change %d is not taken back: %v", o.Entry.ID, strings.ReplaceAll(o.Undo.Error(), "\n", "; "))
		return nil
	}
	switch o.State {
	case apply.Kept:
		say("Kept as change %d: %s gone, and nothing is worse. To take it back: sudo assay undo %d", o.Entry.ID, number(len(o.Entry.Plan.Cures), "finding is", "findings are"), o.Entry.ID)
	case apply.Undone:
		if o.Why != nil {
			say("Taken back: %v.", o.Why)
			a.exit = exitRefused
		}
		say("Change %d is undone: everything that it touched is as it was%s.", o.Entry.ID, butFor(o.Stays))
		a.staying(o.Stays)
	case apply.Stuck:
		if o.Why != nil {
			say("It had to be taken back: %v.", o.Why)
		}
		say("Not everything could be taken back: %v", strings.ReplaceAll(o.Undo.Error(), "\n", "; "))
		say("The files as they were lie in %s/%d. When what is in the way is gone: sudo assay undo %d", apply.Dir, o.Entry.ID, o.Entry.ID)
		a.exit = exitHalf
	}
	return nil
}
