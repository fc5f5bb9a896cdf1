package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"assay/internal/report"
)

func (a *app) versionVerb() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "which assay this is",
		Long:    "Prints the version of this program, and what it was built for and with.",
		Example: "  assay version",
		Args:    exactly(0, "no argument"),
		RunE:    func(*cobra.Command, []string) error { return a.version() },
	}
}

func (a *app) version() error {
	_, _ = fmt.Fprintf(a.Stdout, "assay %s (%s/%s, %s)\n", a.Version, runtime.GOOS, runtime.GOARCH, runtime.Version())
	return nil
}

func (a *app) schemaVerb() *cobra.Command {
	return &cobra.Command{
		Use:     "schema",
		Short:   "the JSON Schema of check --format json",
		Long:    "Prints the JSON Schema that every report in JSON is valid against.",
		Example: "  assay schema > assay-report.schema.json",
		Args:    exactly(0, "no argument"),
		RunE: func(*cobra.Command, []string) error {
			_, _ = a.Stdout.Write(report.SchemaFile)
			return nil
		},
	}
}
