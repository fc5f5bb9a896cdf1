package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"assay/internal/apply"
	"assay/internal/report"
	"assay/internal/tape"
)

func (a *app) historyVerb() *cobra.Command {
	return &cobra.Command{
		Use:   "history",
		Short: "what assay changed on this host, and what became of it",
		Long:  "Lists the changes that assay made on this host, the newest first: what they did, whether they were kept, and how each is taken back. What ended well is kept for 30 days.",
		Args:  exactly(0, "no argument"),
		RunE:  func(*cobra.Command, []string) error { return a.history() },
	}
}

func (a *app) undoVerb() *cobra.Command {
	return &cobra.Command{
		Use:   "undo ID",
		Short: "take a change back: every file, its owner and mode, every unit",
		Long: "Puts back what change ID of assay history touched: each file byte for byte with owner, mode, ACL and attributes, and each unit to where it was. " +
			"A file that somebody else has changed since is left alone, and said.",
		Args: exactly(1, "the number of a change"),
		RunE: func(_ *cobra.Command, args []string) error { return a.again(args[0], apply.Job.Undo) },
	}
}

func (a *app) resumeVerb() *cobra.Command {
	return &cobra.Command{
		Use:   "resume ID",
		Short: "end a change that was cut off",
		Long:  "Goes on with change ID of assay history, which was cut off by a crash or a reboot, and judges it as fix does: it is kept or taken back.",
		Args:  exactly(1, "the number of a change"),
		RunE:  func(_ *cobra.Command, args []string) error { return a.again(args[0], apply.Job.Resume) },
	}
}

func (a *app) again(arg string, do func(apply.Job, context.Context, int) (apply.Outcome, error)) error {
	id, err := strconv.Atoi(arg)
	if err != nil || id < 1 {
		return usagef("%q is not the number of a change: assay history lists them", arg)
	}
	if !a.Works.Root() {
		return a.refuse(errors.New("change this host: that needs root\nhint: use sudo"))
	}
	defer unstopped()()
	o, err := do(a.job(new(*tape.Tape)), context.Background(), id)
	if err != nil {
		return a.refuse(err)
	}
	return a.ended(o)
}

func (a *app) history() error {
	all, err := apply.History(apply.Dir)
	if errors.Is(err, fs.ErrPermission) {
		return unseenError{fmt.Errorf("%w\nhint: sudo assay history", err)}
	}
	if err != nil {
		return unseenError{err}
	}
	if len(all) == 0 {
		fmt.Fprintln(a.Stdout, "assay has changed nothing on this host.")
	}
	for _, e := range all {
		by := ""
		if e.By != "" {
			by = " by " + e.By
		}
		fmt.Fprintf(a.Stdout, "%4d  %s  %s%s\n", e.ID, e.Began.Format("2006-01-02 15:04 UTC"), stateWords(e), report.Line(by, 60, a.ascii()))
		for _, s := range e.Plan.All() {
			fmt.Fprintln(a.Stdout, "        "+report.Line(strings.TrimSpace(s.Path+" "+s.Say), 160, a.ascii()))
		}
		if e.Why != "" {
			fmt.Fprintln(a.Stdout, "        why: "+report.Line(e.Why, 300, a.ascii()))
		}
	}
	return nil
}

func stateWords(e *apply.Entry) string {
	switch e.State {
	case apply.Kept:
		return "kept"
	case apply.Undone:
		return "undone"
	case apply.Stuck:
		return fmt.Sprintf("not wholly taken back: sudo assay undo %d", e.ID)
	}
	if apply.Busy(apply.Dir) {
		return "under way"
	}
	return fmt.Sprintf("cut off: sudo assay undo %d, or sudo assay resume %d", e.ID, e.ID)
}

// remind says that a change was cut off, whatever else was asked for.
func (a *app) remind(verb string) {
	if a.Works.Root == nil || !a.Works.Root() || slices.Contains([]string{"history", "undo", "resume", "collect"}, verb) {
		return
	}
	if e, err := apply.Unfinished(apply.Dir); err == nil && e != nil {
		a.note(fmt.Sprintf("change %d of this host is %s", e.ID, stateWords(e)))
	}
}
