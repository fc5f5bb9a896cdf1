package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"assay/internal/apply"
	"assay/internal/deploy"
	"assay/internal/plan"
	"assay/internal/report"
	"assay/internal/setup"
	"assay/internal/tape"
)

// turnOptions are the flags of the verbs that let releases take turns.
type turnOptions struct {
	app           string
	ref           string
	again, dry    bool
	contract      bool
	noDump        bool
	watch         time.Duration
	keep          int
	format, color string
}

func (o *turnOptions) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&o.app, "app", "", "which app, by the `NAME` that it was set up with; needed where there are several")
	f.BoolVar(&o.dry, "dry-run", false, "show what would be done, and do nothing")
	f.DurationVar(&o.watch, "watch", 20*time.Second, "`TIME` for which the site is watched when it has changed hands; the release before stays ready as long")
	f.IntVar(&o.keep, "keep", 5, "`N` releases stay: the one that serves, the one before, and the newest of the others")
	f.StringVar(&o.format, "format", "text", "`text|json` of the plan that --dry-run shows")
	f.StringVar(&o.color, "color", auto, "`auto|always|never`")
	complete(c, "format", "text", "json")
	complete(c, "color", auto, always, never)
}

func (o turnOptions) valid() error {
	switch {
	case o.watch < 0 || o.watch > time.Hour:
		return usagef("--watch %s: at most an hour", o.watch)
	case o.keep < 2:
		return usagef("--keep %d: the release that serves and the one before always stay: 2 or more", o.keep)
	}
	if err := oneOf("format", o.format, "text", "json"); err != nil {
		return err
	}
	return oneOf("color", o.color, auto, always, never)
}

func (a *app) deployVerb() *cobra.Command {
	var o turnOptions
	c := &cobra.Command{
		Use:   "deploy [FOLDER|ARCHIVE] [flags]",
		Short: "a new release of an app, without a lost request",
		Long: "Makes a release of the app in FOLDER (this one, if none is named), of a commit of it, or of an ARCHIVE (.tar.gz, .zip), and lets it take the place of the one that serves, on a host that assay setup made. " +
			"It is built, loaded in the sandbox, started beside the other one and asked there as a visitor would, before anybody is sent to it. " +
			"Migrations run before that, once, with a limit for locks, after a dump; while they run and after, the release before serves on, so that what it needs must stay: what takes away is refused without --contract. " +
			"One link on the disk changes hands; the site is watched; the release before ends when its last request has. Then the whole host is looked at again. " +
			"Where anything is worse than before, all of it is taken back, the link first; a migration is not, and that is said.\n\n" +
			"assay history lists what was done, assay rollback and assay undo bring the release before back.\n\n" +
			"Exit codes:\n  0  shown, or done and kept, or the same release already\n  2  wrong use\n  4  refused, or taken back\n  5  not everything could be taken back",
		Example: "  sudo assay deploy\n  sudo assay deploy /home/me/shop --watch 1m\n  sudo assay deploy shop-1.4.tar.gz\n  sudo assay deploy --ref v1.4 --dry-run",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			source := "."
			if len(args) > 0 {
				source = args[0]
			}
			return a.deploy(source, o)
		},
	}
	o.flags(c)
	c.Flags().StringVar(&o.ref, "ref", "", "`COMMIT`, branch or tag of FOLDER's git, instead of the files as they lie there")
	c.Flags().BoolVar(&o.again, "again", false, "make a release of it though the one that serves is the same")
	c.Flags().BoolVar(&o.contract, "contract", false, "carry migrations out that take something away which the release before may need: drop, rename, not null")
	c.Flags().BoolVar(&o.noDump, "no-dump", false, "migrate the database without writing it down before")
	return c
}

func (a *app) deploy(source string, o turnOptions) error {
	if err := o.valid(); err != nil {
		return err
	}
	if !a.Works.Root() {
		return a.refuse(errors.New("change this host: that needs root\nhint: sudo assay deploy"))
	}
	source, err := filepath.Abs(source)
	if err != nil {
		return usagef("%v", err)
	}
	s, past, err := chosen(o.app)
	if err != nil {
		return a.refuse(err)
	}
	source, done, err := deploy.Folder(context.Background(), a.Works.Hands(), source, o.ref)
	if err != nil {
		return a.refuse(err)
	}
	defer done()
	app, err := setup.Read(source)
	if err != nil {
		return a.refuse(err)
	}
	sum, err := setup.Sum(source)
	if err != nil {
		return a.refuse(err)
	}
	if deploy.Same(s.Serving, sum) && !o.again {
		fmt.Fprintf(a.Stdout, "Nothing is to be done: %s serves, and was made of the same files. To deploy them again: --again\n", s.Serving)
		return nil
	}
	if why := deploy.Refused(sum, past); why != "" && !o.again {
		return a.refuse(fmt.Errorf("a release of the same files was %s\nhint: where that was no fault of the release: --again", why))
	}
	if err := deploy.Refuse(s, app); err != nil {
		return a.refuse(err)
	}
	d, err := deploy.Schema(context.Background(), a.Works.Hands(), s, app, source, !o.noDump)
	if err != nil {
		return a.refuse(err)
	}
	if err := deploy.Taking(d.Pending); err != nil && !o.contract {
		return a.refuse(err)
	}
	t := deploy.Turn{Site: s, Data: d, To: setup.ReleaseName(time.Now(), sum), Source: source, List: app.List, Locked: app.Locked, More: app.More(), Alike: deploy.Alike(s, app), Watch: o.watch, Keep: o.keep}
	return a.turn(t, app.Health, o)
}

// turn shows a turn, or takes it.
func (a *app) turn(t deploy.Turn, health string, o turnOptions) error {
	t.Pages = deploy.Pages(context.Background(), a.Works.Hands(), t.Site, health)
	p := t.Plan()
	if !o.dry {
		return a.take(t, p)
	}
	if o.format == "json" {
		return report.WriteJSON(a.Stdout, struct {
			ID   string    `json:"id"`
			Plan plan.Plan `json:"plan"`
		}{p.ID(), p})
	}
	var b bytes.Buffer
	err := report.Parts(&b, p, report.Built{Head: t.Sentence(), Notes: t.Notes(),
		Then: "The whole host is looked at again then. It stays only if nothing weighs heavily that did not before; else all of it is taken back, visitors first.",
		Only: "Nothing was changed. Without --dry-run this is done."}, a.textOptions(o.color, false))
	if err == nil {
		_, err = a.Stdout.Write(b.Bytes())
	}
	return err
}

func (a *app) take(t deploy.Turn, p plan.Plan) error {
	defer unstopped()()
	say := func(format string, args ...any) {
		fmt.Fprintln(a.Stdout, report.Line(fmt.Sprintf(format, args...), 600, a.ascii()))
	}
	for _, n := range t.Notes() {
		say("%s", n)
	}
	j := a.job(new(*tape.Tape))
	before, err := j.Look(context.Background())
	if err != nil {
		return a.refuse(err)
	}
	out, err := j.Run(context.Background(), p, before)
	if err != nil {
		return a.refuse(err)
	}
	if out.State != apply.Kept {
		return a.ended(out)
	}
	say("")
	way := "sudo assay rollback"
	if t.Source == "" { // what a rollback left is not gone back to by itself
		way += " " + t.Site.Serving
	}
	say("%s serves https://%s. Kept as change %d; back to %s: %s", t.To, t.Site.Domains[0], out.Entry.ID, t.Site.Serving, way)
	return nil
}
