package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"assay/internal/report"
)

// listed is a check as `assay checks --format json` lists it.
type listed struct {
	ID       string   `json:"id"`
	Formerly []string `json:"formerly,omitempty"`
	Severity string   `json:"severity"`
	Title    string   `json:"title"`
	Stage    string   `json:"stage"`
	Breaks   bool     `json:"breaks"`
	Guide    string   `json:"guide,omitempty"`
	Why      string   `json:"why,omitempty"`
	Cure     string   `json:"cure"`
}

func (a *app) checksVerb() *cobra.Command {
	format := "text"
	c := &cobra.Command{
		Use:     "checks",
		Short:   "all checks: id, severity and what is right",
		Long:    "Lists every check in the order of the way of a request: its id, its severity, and what it wants to be so.",
		Example: "  assay checks\n  assay checks --format json",
		Args:    exactly(0, "no argument"),
		RunE: func(*cobra.Command, []string) error {
			if err := oneOf("format", format, "text", "json"); err != nil {
				return err
			}
			return a.checks(format)
		},
	}
	c.Flags().StringVar(&format, "format", format, "`text|json`")
	return c
}

func (a *app) checks(format string) error {
	all := []listed{}
	wide := 0
	for _, f := range a.Works.Families() {
		for _, c := range f.Checks() {
			all = append(all, listed{ID: c.ID, Formerly: c.Formerly, Severity: c.Severity.String(), Title: c.Title,
				Stage: string(c.Stage), Breaks: c.Breaks, Guide: c.Guide, Why: c.Why, Cure: string(c.Cure)})
			wide = max(wide, len(c.ID))
		}
	}
	if format == "json" {
		return report.WriteJSON(a.Stdout, all)
	}
	for _, c := range all {
		fmt.Fprintf(a.Stdout, "%-*s  %-8s  %s\n", wide, c.ID, c.Severity, report.Line(c.Title, 200, a.ascii()))
	}
	return nil
}
