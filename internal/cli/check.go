package cli

import (
	"bytes"
	"io"
	"net/url"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"assay/internal/check"
	"assay/internal/report"
)

// checkOptions are the flags of assay check.
type checkOptions struct {
	format, output, failOn string
	only, skip, apps       []string
	color                  string
	visit                  visitOptions
	verbose, outage        bool
	url                    *url.URL // of a diagnosis
	symptom                string
	baseline               string
	since                  time.Duration
}

func (a *app) checkVerb() *cobra.Command {
	var o checkOptions
	c := &cobra.Command{
		Use:   "check [flags]",
		Short: "audit this host, another one over ssh, or a recording",
		Long: "Finds every WSGI deployment on this host, follows the way of a request through each, and says what is wrong, why, " +
			"and what mends it. It changes nothing: assay asks prints all that it runs and reads. As root it sees more. " +
			"--host looks at another host over ssh, with your own configuration of ssh, agent and known hosts; nothing needs to be installed there.\n\n" +
			"Exit codes, the worst of 2 > 1 > 3 > 0:\n" + exitsText(),
		Example: "  sudo assay check\n  sudo assay check --only nginx,tls --fail-on medium\n  sudo assay check --format html --output report.html\n  sudo assay check --format json --output report.json\n" +
			"  assay check --host ann@web-1",
		Args: exactly(0, "no argument"),
		RunE: func(*cobra.Command, []string) error { return a.check(o) },
	}
	f := c.Flags()
	f.StringVar(&o.format, "format", "text", "`FORMAT` of the report: text, json, html, markdown, sarif, junit, prometheus (for the textfile collector) or nagios, which exits as a plugin does")
	f.StringVarP(&o.output, "output", "o", "-", "write the report to `FILE`, whole or not at all, mode 0600")
	f.StringVar(&o.failOn, "fail-on", check.High.String(), "exit 1 from this `SEVERITY` on: info, low, medium, high, critical or never")
	f.StringVar(&o.baseline, "baseline", "", "tell and count only what is not in the report or recording `FILE`")
	f.StringArrayVar(&o.only, "only", nil, "these checks alone: `IDS` or beginnings of ids, with commas")
	f.StringArrayVar(&o.skip, "skip", nil, "all checks but these `IDS`")
	f.StringArrayVar(&o.apps, "app", nil, "this deployment alone, by `NAME`; may be given again")
	o.visit.flags(a, c)
	f.StringVar(&o.visit.tape, "tape", "", "judge the recording `FILE`, plain or gzipped; - is the standard input")
	f.StringVar(&o.color, "color", auto, "`auto|always|never`")
	complete(c, "format", formats...)
	complete(c, "color", auto, always, never)
	complete(c, "fail-on", append(check.SeverityNames(), never)...)
	f.BoolVarP(&o.verbose, "verbose", "v", false, "fold no list; say what each hop stands on, what passed, and what was asked")
	return c
}

var formats = []string{"text", "json", "html", "markdown", "sarif", "junit", "prometheus", "nagios"}

// formats are those of a verb; a diagnosis is for people and programs, and for
// no machine that watches.
func (o checkOptions) formats() []string {
	if o.outage {
		return formats[:3]
	}
	return formats
}

func (o checkOptions) valid() error {
	if err := oneOf("format", o.format, o.formats()...); err != nil {
		return err
	}
	if err := oneOf("color", o.color, auto, always, never); err != nil {
		return err
	}
	if err := o.visit.valid(); err != nil {
		return err
	}
	if o.output == "" {
		return usagef("--output needs a file, or - for the standard output")
	}
	return oneOf("fail-on", o.failOn, append(check.SeverityNames(), never)...)
}

func (a *app) check(o checkOptions) error {
	if err := o.valid(); err != nil {
		return err
	}
	if o.format == "html" && o.output == "-" && a.IsTerminal(1) {
		return usagef("a page is not for a terminal: assay check --format html --output report.html")
	}
	var base report.Report
	if o.baseline != "" { // before the host is looked at: a wrong name costs nothing
		var err error
		if base, err = a.readReport(o.baseline); err != nil {
			return asUsage(err)
		}
	}
	chosen, err := choose(o.only, o.skip, a.Works.Families())
	if err != nil {
		return err
	}
	t, err := a.tapeOf(o.visit)
	if err != nil {
		return err
	}
	apps, err := a.appsOf(o.apps, t)
	if err != nil {
		return err
	}
	began := time.Now()
	r, _ := a.Works.Judge(t, Choice{Check: chosen, App: apps, Outage: o.outage})
	if o.url != nil {
		own := serves(r, o.url.Hostname())
		if len(own) == 0 {
			return a.outside(o)
		}
		r, _ = a.Works.Judge(t, Choice{Check: chosen, App: func(n string) bool { return slices.Contains(own, n) }, Outage: true})
	}
	r = r.Narrowed(o.symptom, o.since)
	if o.baseline != "" {
		r = r.Against(base, o.baseline)
	}
	code, sentence := verdict(r, o.failOn)
	if err := a.deliver(o, r, code, sentence); err != nil {
		return asUsage(err)
	}
	if o.verbose && o.format == "text" {
		a.trace(a.visited, time.Since(began))
	}
	return nil
}

// deliver writes the report where it is wanted.
func (a *app) deliver(o checkOptions, r report.Report, code int, sentence string) error {
	toFile := o.output != "-"
	decides := func(severity string) bool { return reaches(severity, o.failOn) }
	a.exit = code
	write := func(w io.Writer) error {
		switch o.format {
		case "json":
			return report.JSON(w, r)
		case "html":
			return a.page(w, r, code, sentence, o.verbose)
		case "markdown":
			return report.Markdown(w, r, sentence)
		case "sarif":
			return report.SARIF(w, r)
		case "junit":
			return report.JUnit(w, r, decides)
		case "prometheus":
			return report.Prometheus(w, r)
		case "nagios":
			state, err := report.Nagios(w, r, decides)
			a.exit = state
			return err
		}
		t := a.textOptions(o.color, toFile)
		t.Verbose, t.Unfold, t.Verdict = o.verbose, o.verbose, sentence
		if o.outage {
			return report.Diagnosis(w, r, t)
		}
		return report.Text(w, r, t)
	}
	if toFile {
		if o.format == "prometheus" { // node_exporter is another user; there are names of checks and sites in it, no more
			return writeFileFor(o.output, 0o644, write)
		}
		return writeFile(o.output, write)
	}
	var b bytes.Buffer // one write: a pager that leaves early is no error of ours
	if err := write(&b); err != nil {
		return err
	}
	_, _ = a.Stdout.Write(b.Bytes())
	return nil
}
