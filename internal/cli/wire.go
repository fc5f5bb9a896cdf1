package cli

import (
	"context"
	"errors"
	"io"
	"net/url"
	"os"

	"assay/internal/audit"
	"assay/internal/checks"
	"assay/internal/collect"
	"assay/internal/diagnose"
	"assay/internal/facts"
	"assay/internal/fix"
	"assay/internal/host"
	"assay/internal/model"
	"assay/internal/remote"
	"assay/internal/report"
	"assay/internal/tape"
)

// Wire joins the verbs to the river.
func Wire(version, exe string) Works {
	return Works{
		Collect: func(ctx context.Context, how Look, tell func(tape.Ask, bool)) (*tape.Tape, collect.Trace) {
			opt := host.Options{Version: version, NoImport: how.NoImport, Deep: how.Deep, Page: how.Page}
			if how.Hasty {
				opt.AppSeconds, opt.Wait = importSeconds, hastyWait
			}
			h := host.Watch(host.Local(opt), func(a tape.Ask, s host.State) {
				tell(a, s == host.Ended)
			})
			return collect.Traced(ctx, h)
		},
		Away: func(ctx context.Context, t Trip) (*tape.Tape, error) {
			r, err := remote.Host{Name: t.Host, Exe: exe, Binary: t.Binary, Collect: t.Collect, Timeout: t.Timeout,
				NoSudo: t.NoSudo, Clean: t.Clean, Password: t.Password, Doing: t.Doing, Note: t.Note}.Tape(ctx)
			if errors.Is(err, remote.ErrName) {
				err = usagef("--host %q: %v", t.Host, remote.ErrName)
			}
			return r, err
		},
		Outside: func(ctx context.Context, u *url.URL, tell func(tape.Ask, bool)) diagnose.FromOutside {
			h := host.Watch(host.Local(host.Options{Version: version, Wait: hastyWait}), func(a tape.Ask, s host.State) { tell(a, s == host.Ended) })
			return diagnose.Outside(model.LookFrom(facts.Parse(collect.Outside(ctx, h, u)), u))
		},
		Judge: func(t *tape.Tape, c Choice) (report.Report, *model.Model) {
			return audit.Judge(t, audit.Choice{Check: c.Check, App: c.App, Outage: c.Outage})
		},
		Model:    func(t *tape.Tape) *model.Model { return model.Build(facts.Parse(t)) },
		Families: checks.All,
		Describe: func(w io.Writer, m *model.Model) error { return report.Model(w, model.Describe(m)) },
		Data:     func(m *model.Model) any { return model.Describe(m) },
		Fix:      fix.Make,
		Hands:    func() host.Writer { return host.Hands(host.Options{Version: version}) },
		Root:     func() bool { return os.Geteuid() == 0 },
	}
}
