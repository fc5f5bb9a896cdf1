package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"assay/internal/report"
	"assay/internal/tape"
)

const defaultTimeout = 30 * time.Second

// visitOptions say which host is looked at, and how: this one, another one over
// SSH, or the recording of one.
type visitOptions struct {
	tape          string
	host, binary  string
	noSudo, clean bool
	noImport      bool
	deep          bool
	hasty         bool                   // the site is down: wait for nothing long
	page          string                 // a URL that somebody complains about
	changed       func(flag string) bool // whether it was given
	timeout       time.Duration
}

// flags gives a verb the flags of a visit. They have no say in what is judged.
func (o *visitOptions) flags(a *app, c *cobra.Command) {
	f := c.Flags()
	o.changed = f.Changed
	o.collectFlags(c)
	f.StringVar(&o.host, "host", "", "look at `HOST` over ssh, as your ssh knows it: web-1 or ann@web-1; as root, by sudo if need be")
	f.BoolVar(&o.noSudo, "no-sudo", false, "with --host: look as the user who logs in, without root")
	f.BoolVar(&o.clean, "clean", false, "with --host: leave nothing there; else the program stays in ~/.cache/assay for the next time")
	f.StringVar(&o.binary, "binary", "", "with --host: bring the program `FILE`, where the host's machine is another than this one")
	err := c.RegisterFlagCompletionFunc("host", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return sshHosts(a.Getenv("HOME") + "/.ssh/config"), cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic(err) // the flag is not there: a mistake in the source
	}
}

// collectFlags are those that assay collect takes on the host itself.
func (o *visitOptions) collectFlags(c *cobra.Command) {
	c.Flags().DurationVar(&o.timeout, "timeout", defaultTimeout, "for the whole visit: a `TIME` such as 30s or 2m")
	c.Flags().BoolVar(&o.noImport, "no-import", false, "load neither the app nor gunicorn.conf.py; else that is done once, in a sandbox")
	c.Flags().BoolVar(&o.deep, "deep", false, "search the git history of the app's code for its secrets, too; at most 20 seconds")
}

// diagnoseFlags let a recording hold what a diagnosis looks for.
func (o *visitOptions) diagnoseFlags(c *cobra.Command) {
	c.Flags().BoolVar(&o.hasty, "hasty", false, "wait for nothing long, as diagnose does while a site is down")
	c.Flags().StringVar(&o.page, "page", "", "ask for this `URL` of a site as well, for diagnose")
}

// collectArgs hands them on.
func (o visitOptions) collectArgs() []string {
	out := []string{"--timeout", o.timeout.String()}
	if o.noImport {
		out = append(out, "--no-import")
	}
	if o.deep {
		out = append(out, "--deep")
	}
	if o.hasty {
		out = append(out, "--hasty")
	}
	if o.page != "" {
		out = append(out, "--page", o.page)
	}
	return out
}

func (o visitOptions) valid() error {
	if o.timeout <= 0 {
		return usagef("--timeout %s: want more than no time", o.timeout)
	}
	if o.host == "" && o.changed != nil && o.changed("host") {
		return usagef("--host needs a host: web-1 or ann@web-1") // an empty variable does not mean this one
	}
	if o.deep && o.tape != "" {
		return usagef("--deep looks at a host, and a recording holds what it holds: assay record --deep FILE")
	}
	if o.host != "" && o.tape != "" {
		return usagef("--host and --tape name two hosts: give one of them")
	}
	for _, f := range []struct {
		name  string
		given bool
	}{{"no-sudo", o.noSudo}, {"clean", o.clean}, {"binary", o.binary != ""}} {
		if f.given && o.host == "" {
			return usagef("--%s says how to look at another host: it needs --host", f.name)
		}
	}
	if o.binary != "" {
		if _, err := os.Stat(o.binary); err != nil {
			return usagef("read %s: %v", o.binary, cause(err))
		}
	}
	return nil
}

// Trip is a visit to another host.
type Trip struct {
	Host, Binary  string
	NoSudo, Clean bool
	Timeout       time.Duration
	Collect       []string // flags for assay collect
	// Password is nil when nobody can be asked.
	Password    func(ctx context.Context, prompt string) (string, error)
	Doing, Note func(string)
}

// unseenError is a host that could not be looked at: exit 3.
type unseenError struct{ error }

// tapeOf reads a recording, or makes one of this host or of another.
func (a *app) tapeOf(o visitOptions) (*tape.Tape, error) {
	if err := o.valid(); err != nil {
		return nil, err
	}
	switch {
	case o.tape != "":
		t, err := a.readTape(o.tape)
		if err != nil {
			return nil, asUsage(err)
		}
		return t, nil
	case o.host != "":
		return a.away(o)
	}
	ctx, cancel := context.WithTimeout(context.Background(), o.timeout)
	defer cancel()
	s := a.spinner()
	defer s.stop()
	t, trace := a.Works.Collect(ctx, Look{NoImport: o.noImport, Deep: o.deep, Hasty: o.hasty, Page: o.page}, s.tell)
	a.visited = trace
	return t, nil
}

// away visits another host. An interrupt ends it in order: nothing half-done
// stays there, and nothing of ours here.
func (a *app) away(o visitOptions) (*tape.Tape, error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	s := a.spinner()
	var notes []string
	trip := Trip{Host: o.host, Binary: o.binary, NoSudo: o.noSudo, Clean: o.clean, Timeout: o.timeout,
		Collect: o.collectArgs(),
		Doing:   s.say, Note: func(n string) { notes = append(notes, n) }}
	if a.AskPassword != nil {
		trip.Password = func(ctx context.Context, prompt string) (string, error) {
			s.pause(true)
			defer s.pause(false)
			return a.AskPassword(ctx, report.Line(prompt, 200, a.ascii())+" ")
		}
	}
	t, err := a.Works.Away(ctx, trip)
	s.stop()
	for _, n := range notes {
		a.note(n)
	}
	if _, is := errors.AsType[usageError](err); err != nil && !is {
		err = unseenError{err}
	}
	return t, err
}
