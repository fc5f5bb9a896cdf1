package cli

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"assay/internal/apply"
	"assay/internal/model"
	"assay/internal/plan"
	"assay/internal/report"
	"assay/internal/setup"
	"assay/internal/syntax/envfile"
	"assay/internal/tape"
)

// setupOptions are the flags of assay setup.
type setupOptions struct {
	intent        setup.Intent
	store, env    string
	noRedis       bool
	plan, yes     bool
	format, color string
	asked         bool // somebody sits there
	changed       func(string) bool

	notes []string // what is to be known of this setup, in sentences
	patch string   // offered for the app's own code
	of    string   // the file that it changes
}

func (a *app) setupVerb() *cobra.Command {
	var o setupOptions
	c := &cobra.Command{
		Use:   "setup [FOLDER] [flags]",
		Short: "from a bare server and an app to a site over HTTPS",
		Long: "Reads the Flask app in FOLDER (this one, if none is named) and this host, asks what neither of them tells nor assay.toml answers ([setup]), shows what it will do, and does it: " +
			"packages, an account, a release with its own environment, database and migrations, a systemd unit, nginx, a certificate and its renewal, a nightly dump, " +
			"a firewall. What cannot come out well is refused before anything changes. Then the whole host is looked at again; when the site does not answer as it should, " +
			"all of it is taken back but the installed packages. What it does can be taken back later, too: assay history, assay undo. A second run does only what is left.\n\n" +
			"Exit codes:\n  0  shown, or done and kept\n  2  wrong use\n  4  refused, or taken back\n  5  not everything could be taken back",
		Example: "  sudo assay setup\n  sudo assay setup /home/me/shop --domain shop.example --domain www.shop.example --email me@shop.example --yes\n  assay setup --plan",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			o.intent.Source = "."
			if len(args) > 0 {
				o.intent.Source = args[0]
			}
			return a.setup(o)
		},
	}
	f := c.Flags()
	o.changed = f.Changed
	f.StringVar(&o.intent.Name, "name", "", "of its account, its folders and its units: `NAME`; the folder's own, if none is given")
	f.StringVar(&o.intent.Entry, "entry", "", "`MODULE:VARIABLE` or MODULE:FUNCTION() that is the app")
	f.StringArrayVar(&o.intent.Domains, "domain", nil, "a `NAME` that visitors type; the first one is the site's own; may be given again")
	f.StringVar(&o.intent.Email, "email", "", "`ADDRESS` to which the certificate's authority writes")
	f.StringVar(&o.store, "database", "", "`postgresql|sqlite|none`")
	f.BoolVar(&o.noRedis, "no-redis", false, "install no Redis, though the app asks for it")
	f.StringVar(&o.env, "env-file", "", "`FILE` of KEY=value lines for the app's environment, beside what is known")
	f.StringVar(&o.intent.ACME, "acme", "", "`URL` of another certificate authority's directory (ACME)")
	f.BoolVar(&o.intent.Elsewhere, "elsewhere", false, "do not ask whether the domains lead to this host")
	f.BoolVar(&o.plan, "plan", false, "show what would be done, and do nothing")
	f.BoolVarP(&o.yes, "yes", "y", false, "do it without a question")
	f.StringVar(&o.format, "format", "text", "`text|json` of the plan that is shown")
	f.StringVar(&o.color, "color", auto, "`auto|always|never`")
	complete(c, "database", "postgresql", "sqlite", "none")
	complete(c, "format", "text", "json")
	complete(c, "color", auto, always, never)
	return c
}

func (a *app) setup(o setupOptions) error {
	for _, e := range []error{oneOf("format", o.format, "text", "json"), oneOf("color", o.color, auto, always, never)} {
		if e != nil {
			return e
		}
	}
	if !o.plan && !a.Works.Root() {
		return a.refuse(errors.New("change this host: that needs root\nhint: sudo assay setup; without it: assay setup --plan"))
	}
	source, err := filepath.Abs(o.intent.Source)
	if err != nil {
		return usagef("%v", err)
	}
	o.intent.Source = source
	o.asked = a.IsTerminal(0) && !o.yes && !o.plan
	app, err := setup.Read(source)
	if err != nil {
		return a.refuse(err)
	}
	if err := a.intended(&o, app); err != nil {
		return err
	}
	machine, err := setup.Look()
	if err != nil {
		return a.refuse(err)
	}
	ctx := context.Background()
	if err := setup.Refuse(ctx, o.intent, app, machine); err != nil {
		return a.refuse(err)
	}
	if u := machine.Unproven(); u != "" {
		o.notes = append(o.notes, u)
	}
	a.beside(ctx, &o, machine)
	o.of, o.patch = setup.HealthPatch(o.intent, app)
	release, err := setup.Release(o.intent, time.Now())
	if err != nil {
		return a.refuse(err)
	}
	p := setup.Plan(o.intent, app, machine, release)
	var kept []string
	if a.Works.Root() {
		if p, kept, err = setup.Left(ctx, a.Works.Hands(), p); err != nil {
			return a.refuse(err)
		}
	}
	return a.setUp(o, app, machine, p, kept)
}

// setUp shows a plan and carries it out.
func (a *app) setUp(o setupOptions, app setup.App, machine setup.Machine, p plan.Plan, kept []string) error {
	shown := setup.Shown(p, o.intent)
	if o.format == "json" {
		return report.WriteJSON(a.Stdout, struct {
			ID    string    `json:"id"`
			Plan  plan.Plan `json:"plan"`
			Notes []string  `json:"notes"`
			Patch string    `json:"patch"`
		}{shown.ID(), shown, append([]string{}, o.notes...), o.patch})
	}
	var b bytes.Buffer
	if err := report.Setup(&b, o.intent.Domains[0], shown, kept, o.plan, o.yes && !o.plan, a.textOptions(o.color, false)); err != nil {
		return err
	}
	report.SetupNotes(&b, o.notes, a.textOptions(o.color, false))
	if _, err := a.Stdout.Write(b.Bytes()); err != nil {
		return err
	}
	if o.plan || p.Empty() {
		return a.offer(o)
	}
	if !o.yes {
		if !o.asked {
			return a.refuse(errors.New("nobody sits here to be asked\nhint: --yes does it without a question"))
		}
		if !a.yes("Do all of this?") {
			return a.refuse(errors.New("nothing was changed"))
		}
	}
	if setup.Ahead(p) {
		if err := a.tryOut(o.intent, app, machine); err != nil {
			return a.refuse(err)
		}
	}
	return a.build(o, p)
}

// tryOut tries the app out before anything is changed. A signal ends it, and
// leaves nothing behind.
func (a *app) tryOut(i setup.Intent, app setup.App, m setup.Machine) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	fmt.Fprintln(a.Stdout, "\nFirst the app is tried out in a folder that is thrown away: its packages, and its import.")
	start := time.Now()
	unknown, err := setup.TryOut(ctx, i, app, m)
	switch {
	case err != nil:
		return err
	case unknown != "":
		fmt.Fprintln(a.Stdout, "  "+report.Line("Not known before: "+unknown+". It is tried again in its release, before anything serves.", 600, a.ascii()))
	default:
		fmt.Fprintf(a.Stdout, "  Its packages install, and it loads (%d s).\n", int(time.Since(start).Seconds()))
	}
	return nil
}

func (a *app) build(o setupOptions, p plan.Plan) error {
	defer unstopped()()
	j := a.job(new(*tape.Tape))
	start := time.Now()
	before, err := j.Look(context.Background())
	if err != nil {
		return a.refuse(err)
	}
	fmt.Fprintln(a.Stdout)
	out, err := j.Run(context.Background(), p, before)
	if err != nil {
		return a.refuse(err)
	}
	if out.State != apply.Kept {
		return a.ended(out)
	}
	say := func(format string, args ...any) {
		fmt.Fprintln(a.Stdout, report.Line(fmt.Sprintf(format, args...), 600, a.ascii()))
	}
	fmt.Fprintln(a.Stdout)
	say("https://%s is there, after %d s. Kept as change %d; to take it back: sudo assay undo %d", o.intent.Domains[0], int(time.Since(start).Seconds()), out.Entry.ID, out.Entry.ID)
	if n := len(out.After.Findings); n > 0 {
		say("The audit has something to say about this host: %s. Read it: sudo assay check", number(n, "finding", "findings"))
	} else {
		say("The audit finds nothing wrong. What only you can tell it stands in /etc/assay/assay.toml.")
	}
	return a.offer(o)
}

// offer shows a change of the app's own code, which is not ours to make.
func (a *app) offer(o setupOptions) error {
	if o.patch == "" {
		return nil
	}
	var b bytes.Buffer
	report.Patch(&b, "The app has no route that says whether it is well, so neither a monitor nor a deployment can ask it. This diff of "+o.of+
		" adds one; nothing was done with it (git apply, or patch -p1, takes it).", o.patch, a.textOptions(o.color, false))
	_, err := a.Stdout.Write(b.Bytes())
	return err
}

// beside asks for names that lead here as well, or says how to name them.
func (a *app) beside(ctx context.Context, o *setupOptions, m setup.Machine) {
	for _, d := range m.Beside(ctx, o.intent) {
		switch {
		case !o.asked:
			o.notes = append(o.notes, d+" leads to this host as well, and is not served: with --domain "+d+" it is.")
		case a.yes(d + " leads to this host as well. Serve it, too?"):
			o.intent.Domains = append(o.intent.Domains, d)
		}
	}
}

// intended fills in what was not said by flags: from assay.toml, from the app, or by
// asking.
func (a *app) intended(o *setupOptions, app setup.App) error {
	i := &o.intent
	said, err := setup.Answered(model.OperatorFile, i.Source)
	if err != nil {
		return usagef("%v", err)
	}
	if i.Name == "" {
		i.Name = said.Name(named(i.Source))
	}
	ask := func(key, question, preset string, into *string) {
		flag := strings.TrimSuffix(key, "s")
		if *into != "" {
			return
		}
		if v, ok := said.Of(i.Name, key); ok && !o.changed(flag) {
			*into = cmp.Or(v.Text, strings.Join(v.Texts, " "))
			return
		}
		if *into = preset; o.asked && !o.changed(flag) {
			*into = a.ask(question, preset)
		}
	}
	ask("name", "A short name for the app on this host", named(i.Source), &i.Name)
	ask("entry", "Where the app is", strings.Join(app.Entries[:min(1, len(app.Entries))], ""), &i.Entry)
	if i.Entry == "" {
		return a.refuse(fmt.Errorf("%s: no Flask app was found: no module makes one, and no create_app() does without arguments\nhint: say where it is with --entry MODULE:VARIABLE", i.Source))
	}
	domains := strings.Join(i.Domains, " ")
	ask("domains", "The names that visitors type, the site's own first", "", &domains)
	i.Domains = strings.Fields(strings.ToLower(strings.ReplaceAll(domains, ",", " ")))
	ask("email", "An address for the certificate's authority to write to", "", &i.Email)
	ask("database", "Its database: postgresql, sqlite or none", string(storeOf(app)), &o.store)
	if err := oneOf("database", o.store, "postgresql", "sqlite", "none"); err != nil {
		return err
	}
	i.Store, i.Health = setup.Store(o.store), app.Health
	i.Redis = app.Has("redis", "flask-redis", "celery", "rq", "flask-limiter")
	if v, ok := said.Of(i.Name, "redis"); ok {
		i.Redis = v.Truth
	}
	i.Redis = i.Redis && !o.noRedis
	if v, ok := said.Of(i.Name, "env-file"); ok && o.env == "" {
		o.env = v.Text
	}
	if o.env != "" {
		if i.Env, err = variables(o.env); err != nil {
			return err
		}
	}
	if err := i.Valid(); err != nil {
		return usagef("%v", err)
	}
	return nil
}

// storeOf is the database that an app's packages speak of.
func storeOf(app setup.App) setup.Store {
	switch {
	case app.Has("psycopg2", "psycopg2-binary", "psycopg", "pg8000", "asyncpg"):
		return setup.PostgreSQL
	case app.SQLite || app.Has("flask-sqlalchemy", "sqlalchemy"):
		return setup.SQLite
	}
	return setup.NoStore
}

var unnamed = regexp.MustCompile(`[^a-z0-9]+`)

func named(folder string) string {
	return strings.Trim(unnamed.ReplaceAllString(strings.ToLower(filepath.Base(folder)), "-"), "-")
}

// ask asks on the terminal; nothing is the preset.
func (a *app) ask(question, preset string) string {
	if preset != "" {
		question += " [" + report.Line(preset, 80, a.ascii()) + "]"
	}
	fmt.Fprintf(a.Stdout, "%s: ", question)
	if a.answers == nil {
		a.answers = bufio.NewReader(a.Stdin)
	}
	l, _ := a.answers.ReadString('\n')
	if l = strings.TrimSpace(l); l == "" {
		return preset
	}
	return l
}

// variables reads a file as systemd does. A value is never said, wherever it is wrong.
func variables(name string) (map[string]string, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, usagef("--env-file: %v", err)
	}
	f := envfile.Parse(name, string(b))
	for _, p := range f.Problems {
		return nil, usagef("--env-file %s: line %d: %s", name, p.Line, p.Text)
	}
	out := map[string]string{}
	for _, e := range f.Entries {
		if strings.ContainsAny(e.Value, "\n\r\x00") {
			return nil, usagef("--env-file %s: line %d: a value of several lines", name, e.Line)
		}
		out[e.Name] = e.Value
	}
	return out, nil
}
