package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"assay/internal/story"
)

func (a *app) explainVerb() *cobra.Command {
	color := auto
	c := &cobra.Command{
		Use:     "explain ID",
		Short:   "why a check matters, with examples",
		Long:    "Tells what a check asks, why it matters, how a healthy host comes to fail it, and what it keeps silent about. Each example was run on a real host.",
		Example: "  assay explain nginx.proxy.upstream-matches-bind",
		Args:    exactly(1, "the id of a check"),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := oneOf("color", color, auto, always, never); err != nil {
				return err
			}
			return a.explain(args[0], color)
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return a.ids(), cobra.ShellCompDirectiveNoFileComp
		},
	}
	c.Flags().StringVar(&color, "color", auto, "`auto|always|never`")
	return c
}

func (a *app) explain(id, color string) error {
	c, f, err := find(id, a.Works.Families())
	if err != nil {
		return err
	}
	s, err := story.Of(f, c.ID)
	if err != nil {
		return fmt.Errorf("explain %s: %w", c.ID, err)
	}
	_, _ = io.WriteString(a.Stdout, story.Page(c, s, a.textOptions(color, false)))
	return nil
}

func (a *app) ids() []string {
	var out []string
	for _, f := range a.Works.Families() {
		for _, c := range f.Checks() {
			out = append(out, c.ID)
		}
	}
	return out
}
