package cli

import (
	"bytes"
	"io"

	"github.com/spf13/cobra"

	"assay/internal/report"
)

// modelOptions are the flags of assay model.
type modelOptions struct {
	format string
	visit  visitOptions
}

func (a *app) modelVerb() *cobra.Command {
	var o modelOptions
	c := &cobra.Command{
		Use:     "model [flags]",
		Short:   "what assay understood of this host",
		Long:    "Prints the model that the checks judge: the deployments, and the way of a request through each, with the effective value of each setting and the line that set it.",
		Example: "  sudo assay model\n  assay model --host ann@web-1\n  assay model --tape web-1.tape.gz --format json",
		Args:    exactly(0, "no argument"),
		RunE:    func(*cobra.Command, []string) error { return a.model(o) },
	}
	f := c.Flags()
	f.StringVar(&o.format, "format", "text", "`text|json`")
	f.StringVar(&o.visit.tape, "tape", "", "of the recording `FILE`, plain or gzipped; - is the standard input")
	o.visit.flags(a, c)
	return c
}

func (a *app) model(o modelOptions) error {
	if err := oneOf("format", o.format, "text", "json"); err != nil {
		return err
	}
	t, err := a.tapeOf(o.visit)
	if err != nil {
		return err
	}
	m := a.Works.Model(t)
	if o.format == "json" {
		return report.WriteJSON(a.Stdout, a.Works.Data(m))
	}
	var b bytes.Buffer
	if err := a.Works.Describe(&b, m); err != nil {
		return err
	}
	_, _ = io.WriteString(a.Stdout, report.Lines(b.String(), a.ascii()))
	return nil
}
