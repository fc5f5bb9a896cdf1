package cli

import (
	"github.com/spf13/cobra"

	"assay/internal/check"
)

// importSeconds is how long a diagnosis waits for the app's import.
const importSeconds = 3

func (a *app) diagnoseVerb() *cobra.Command {
	var o checkOptions
	c := &cobra.Command{
		Use:   "diagnose [flags]",
		Short: "the site is down: the root cause, with its proof and its fix",
		Args:  exactly(0, "no argument"),
		RunE: func(*cobra.Command, []string) error {
			o.outage, o.visit.seconds = true, importSeconds
			return a.check(o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.format, "format", "text", "`text|json|html`")
	f.StringVarP(&o.output, "output", "o", "-", "write the report to `FILE`, whole or not at all, mode 0600")
	o.failOn = check.High.String()
	f.StringArrayVar(&o.apps, "app", nil, "this deployment alone, by `NAME`; may be given again")
	o.visit.flags(a, c)
	f.StringVar(&o.visit.tape, "tape", "", "judge the recording `FILE`, plain or gzipped; - is the standard input")
	f.StringVar(&o.color, "color", auto, "`auto|always|never`")
	complete(c, "format", "text", "json", "html")
	complete(c, "color", auto, always, never)
	return c
}
