package cli

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"assay/internal/check"
	"assay/internal/report"
	"assay/internal/tape"
)

func (a *app) diffVerb() *cobra.Command {
	format, color, failOn := "text", auto, check.High.String()
	c := &cobra.Command{
		Use:   "diff BEFORE AFTER [flags]",
		Short: "what is new, worse, resolved between two reports or recordings",
		Long: "Compares two reports (check --format json) or recordings (record), in any mix: what is new, what became worse, what is resolved, " +
			"and what could not be seen the second time. It says nothing where nothing changed. It exits 1 where something at or above --fail-on is new or worse.",
		Example: "  assay diff monday.json today.json\n  assay diff --format json before.tape.gz after.tape.gz",
		Args:    exactly(2, "BEFORE and AFTER"),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := oneOf("format", format, "text", "json"); err != nil {
				return err
			}
			if err := oneOf("color", color, auto, always, never); err != nil {
				return err
			}
			if err := oneOf("fail-on", failOn, append(check.SeverityNames(), never)...); err != nil {
				return err
			}
			return a.diff(args[0], args[1], format, color, failOn)
		},
	}
	f := c.Flags()
	f.StringVar(&format, "format", format, "`text|json`")
	f.StringVar(&failOn, "fail-on", failOn, "exit 1 from this `SEVERITY` on: info, low, medium, high, critical or never")
	f.StringVar(&color, "color", color, "`auto|always|never`")
	complete(c, "format", "text", "json")
	complete(c, "color", auto, always, never)
	complete(c, "fail-on", append(check.SeverityNames(), never)...)
	return c
}

func (a *app) diff(before, after, format, color, failOn string) error {
	old, err := a.readReport(before)
	if err != nil {
		return asUsage(err)
	}
	now, err := a.readReport(after)
	if err != nil {
		return asUsage(err)
	}
	c := report.Compare(old, now)
	var b bytes.Buffer
	if format == "json" {
		err = report.ChangeJSON(&b, c)
	} else {
		err = report.Changed(&b, c, a.textOptions(color, false))
	}
	if err != nil {
		return err
	}
	_, _ = a.Stdout.Write(b.Bytes())
	for _, f := range append(c.New, c.Worse...) {
		if reaches(f.Severity, failOn) {
			a.exit = exitFindings
		}
	}
	return nil
}

// readReport reads a report in JSON, or judges a recording; either may be gzipped.
func (a *app) readReport(name string) (report.Report, error) {
	b, err := a.readWhole(name)
	if err != nil {
		return report.Report{}, err
	}
	var r report.Report
	if report.IsJSON(b) {
		r, err = report.ReadJSON(b)
	} else {
		var t *tape.Tape
		if t, err = tape.Read(bytes.NewReader(b)); err == nil {
			r, _ = a.Works.Judge(t, Choice{})
		}
	}
	if err != nil {
		return r, fmt.Errorf("read %s: %w", name, err)
	}
	now := map[string]string{}
	for _, f := range a.Works.Families() {
		for _, c := range f.Checks() {
			for _, old := range c.Formerly {
				now[old] = c.ID
			}
		}
	}
	return r.Renamed(now), nil
}

func (a *app) readWhole(name string) ([]byte, error) {
	in := a.Stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, cause(err))
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, tape.MaxTape))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, cause(err))
	}
	if bytes.HasPrefix(b, []byte("\x1f\x8b")) {
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		if b, err = io.ReadAll(io.LimitReader(z, tape.MaxTape)); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
	}
	return b, nil
}
