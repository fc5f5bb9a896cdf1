package cli

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"assay/internal/apply"
	"assay/internal/deploy"
	"assay/internal/report"
	"assay/internal/setup"
)

func (a *app) releasesVerb() *cobra.Command {
	var name, format string
	c := &cobra.Command{
		Use:   "releases [flags]",
		Short: "the releases of an app that lie here, and which one serves",
		Long:  "Lists the releases of an app that assay setup made, the newest first: which one serves, which one did before, and which were taken back, when and why.",
		Args:  exactly(0, "no argument"),
		RunE:  func(*cobra.Command, []string) error { return a.releases(name, format) },
	}
	c.Flags().StringVar(&name, "app", "", "which app, by the `NAME` that it was set up with; needed where there are several")
	c.Flags().StringVar(&format, "format", "text", "`text|json`")
	complete(c, "format", "text", "json")
	return c
}

// released is one line of assay releases.
type released struct {
	Release string `json:"release"`
	Serves  bool   `json:"serves"`
	Before  bool   `json:"before"` // it served before the one that does
	Bad     string `json:"bad,omitempty"`
	Change  int    `json:"change,omitempty"` // of assay history, by which it came to serve
	By      string `json:"by,omitempty"`
}

func (a *app) releases(name, format string) error {
	if err := oneOf("format", format, "text", "json"); err != nil {
		return err
	}
	s, past, err := chosen(name)
	if err != nil {
		return unseenError{err}
	}
	list := []released{}
	for _, r := range slices.Backward(s.Kept) {
		x := released{Release: r, Serves: r == s.Serving, Before: r == s.Before, Bad: deploy.Bad(r, past)}
		if i := slices.IndexFunc(past, func(p deploy.Past) bool { return p.To == r && p.State == apply.Kept }); i >= 0 {
			x.Change, x.By = past[i].Change, past[i].By
		}
		list = append(list, x)
	}
	if format == "json" {
		return report.WriteJSON(a.Stdout, list)
	}
	for _, x := range list {
		word := ""
		switch {
		case x.Serves:
			word = "serves"
		case x.Bad != "":
			word = "BAD: " + x.Bad
		case x.Before:
			word = "served before"
		}
		if x.Change > 0 {
			word += fmt.Sprintf("  (change %d%s)", x.Change, by(x.By))
		}
		fmt.Fprintln(a.Stdout, report.Line("  "+x.Release+"  "+word, 300, a.ascii()))
	}
	return nil
}

func by(who string) string {
	if who == "" {
		return ""
	}
	return " by " + who
}

// chosen is an app and the turns that it took.
func chosen(name string) (deploy.Site, []deploy.Past, error) {
	s, err := deploy.Choose(name)
	if err != nil {
		return s, nil, err
	}
	all, err := apply.History(apply.Dir)
	return s, deploy.Taken(s, all), err
}

func (a *app) rollbackVerb() *cobra.Command {
	var o turnOptions
	c := &cobra.Command{
		Use:   "rollback [RELEASE] [flags]",
		Short: "let the release before serve again, without a lost request",
		Long: "Lets RELEASE serve again, or the one that served before, if none is named. It goes the way of assay deploy: started beside the one that serves, asked there as a visitor would, " +
			"and only then one link changes hands. Code goes back, the database does not: what its migrations added stays, and is named. The release that it takes the place of is marked BAD; " +
			"assay deploy does not take the same files again without --again.\n\n" +
			"Exit codes:\n  0  shown, or done and kept\n  2  wrong use\n  4  refused, or taken back\n  5  not everything could be taken back",
		Example: "  sudo assay rollback\n  sudo assay rollback 61ac22b3 --watch 1m",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			name := ""
			if len(args) > 0 {
				name = args[0]
			}
			return a.rollback(name, o)
		},
	}
	o.flags(c)
	return c
}

func (a *app) rollback(name string, o turnOptions) error {
	if err := o.valid(); err != nil {
		return err
	}
	if !a.Works.Root() {
		return a.refuse(errors.New("change this host: that needs root\nhint: sudo assay rollback"))
	}
	s, past, err := chosen(o.app)
	if err != nil {
		return a.refuse(err)
	}
	to, err := deploy.Older(s, name, past)
	if err != nil {
		return a.refuse(err)
	}
	app, err := setup.Read(s.Release(to))
	if err != nil {
		return a.refuse(err)
	}
	return a.turn(deploy.Turn{Site: s, To: to, Watch: o.watch, Keep: o.keep, Data: deploy.Data{Unknown: deploy.Unknown(s, to)}}, app.Health, o)
}
