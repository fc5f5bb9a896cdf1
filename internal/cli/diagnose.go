package cli

import (
	"bytes"
	"context"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"assay/internal/check"
	"assay/internal/diagnose"
	"assay/internal/report"
	"assay/internal/tape"
)

// While a site is down nobody wants to wait: for the app's import, for an
// answer of something that hangs.
const (
	importSeconds = 3
	hastyWait     = 3 * time.Second
)

func (a *app) diagnoseVerb() *cobra.Command {
	o := checkOptions{outage: true, failOn: check.High.String()}
	var since string
	c := &cobra.Command{
		Use:   "diagnose [URL] [flags]",
		Short: "the site is down: the root cause, with its proof and its fix",
		Long: "Walks the way of a request, and names what breaks it: the root cause first, what proves it, what mends it, what it makes fail, " +
			"what will still be wrong after, and what happened before. It says how sure it is, and behind what it could not see. It changes nothing.\n\n" +
			"Without a URL it takes every site of this host. A URL that this host does not serve is looked at from outside: its name, its addresses, " +
			"its certificate and its answer. It exits as check does.",
		Example: "  sudo assay diagnose\n  sudo assay diagnose https://shop.example/cart\n  assay diagnose --host ann@web-1",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("diagnose takes one URL, and was given %d", len(args))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			var err error
			if o.since, err = sinceWhen(since); err != nil {
				return err
			}
			if len(args) == 1 {
				if o.url, err = siteURL(args[0]); err != nil {
					return err
				}
				o.visit.page = o.url.String()
			}
			o.visit.hasty = true
			return a.check(o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.format, "format", "text", "`text|json|html`")
	f.StringVarP(&o.output, "output", "o", "-", "write the report to `FILE`, whole or not at all, mode 0600")
	f.StringVar(&o.symptom, "symptom", "", "what visitors got: a `STATUS` such as 504, or refused, timeout, tls; says so where it is another now")
	f.StringVar(&since, "since", "", "leave out what happened before: a `TIME` ago such as 2h or 30m")
	f.StringArrayVar(&o.apps, "app", nil, "this deployment alone, by `NAME`; may be given again")
	o.visit.flags(a, c)
	f.StringVar(&o.visit.tape, "tape", "", "judge the recording `FILE`, plain or gzipped; - is the standard input")
	f.StringVar(&o.color, "color", auto, "`auto|always|never`")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "fold no list")
	complete(c, "format", "text", "json", "html")
	complete(c, "color", auto, always, never)
	return c
}

// sinceWhen reads "2h", "30m", and "2 hours ago" as people and journalctl say it.
func sinceWhen(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	w := strings.Fields(strings.TrimSuffix(s, " ago"))
	if len(w) == 2 {
		for _, u := range []struct {
			name string
			is   string
		}{{"second", "s"}, {"minute", "m"}, {"hour", "h"}} {
			if strings.TrimSuffix(w[1], "s") == u.name {
				w = []string{w[0] + u.is}
			}
		}
		if len(w) == 2 && strings.TrimSuffix(w[1], "s") == "day" {
			if d, err := time.ParseDuration(w[0] + "h"); err == nil && d > 0 {
				return 24 * d, nil
			}
		}
	}
	d, err := time.ParseDuration(strings.Join(w, ""))
	if err != nil || d <= 0 {
		return 0, usagef("--since %q: want a time ago, such as 2h, 30m or '2 days ago'", s)
	}
	return d, nil
}

// siteURL reads what a visitor types.
func siteURL(s string) (*url.URL, error) {
	if !strings.Contains(s, "://") {
		s = "https://" + s
	}
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil {
		return nil, usagef("%q is no address of a site: want https://shop.example or shop.example", s)
	}
	if u.Path == "" {
		u.Path = "/"
	}
	u.Fragment = ""
	return u, nil
}

// serves are the deployments of a report that answer to a name.
func serves(r report.Report, host string) []string {
	var out []string
	for _, d := range r.Deployments {
		if slices.ContainsFunc(d.Names, func(n string) bool { return strings.EqualFold(n, host) }) {
			out = append(out, d.Name)
		}
	}
	return out
}

// outside looks at a site that this host does not serve.
func (a *app) outside(o checkOptions) error {
	if o.format == "html" {
		return usagef("%s is not served here: from outside there is text and json", o.url.Hostname())
	}
	ctx, cancel := context.WithTimeout(context.Background(), o.visit.timeout)
	defer cancel()
	s := a.spinner()
	x := a.Works.Outside(ctx, o.url, s.tell)
	s.stop()
	a.exit = exitWell
	switch {
	case x.Confidence == diagnose.Unseen:
		a.exit = exitUnseen
	case x.Broken:
		a.exit = exitFindings
	}
	write := func(w io.Writer) error {
		if o.format == "json" {
			return report.OutsideJSON(w, x)
		}
		return report.Outside(w, x, a.textOptions(o.color, o.output != "-"))
	}
	if o.output != "-" {
		return asUsage(writeFile(o.output, write))
	}
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	_, _ = a.Stdout.Write(b.Bytes())
	return nil
}

// Outsider looks at a site from this machine.
type Outsider func(ctx context.Context, u *url.URL, tell func(a tape.Ask, ended bool)) diagnose.FromOutside
