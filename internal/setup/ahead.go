package setup

import (
	"context"
	"slices"
	"strings"

	"assay/internal/host"
	"assay/internal/plan"
	"assay/internal/syntax/envfile"
)

// Ahead says whether a plan is to install the app's packages, so that the app is to
// be tried before that.
func Ahead(p plan.Plan) bool {
	return slices.ContainsFunc(p.All(), func(s plan.Step) bool { return s.Deed == "venv" })
}

// TryOut installs the app's packages and imports the app as its service will, in a
// folder that is thrown away. The error is what the plan would end with; what could
// not be known ahead is no error, and unknown says why.
func TryOut(ctx context.Context, i Intent, a App, m Machine) (unknown string, err error) {
	t := host.Tryout{Source: i.Source, Entry: i.Entry, Named: a.List, List: i.list(a), More: a.more(), Config: i.config(), Home: i.home(), Later: []string{i.conf(), i.run()}, Files: map[string]string{i.config(): i.gunicorn(m)}}
	if a.Locked != "" {
		t.Files[t.List] = a.Locked
	}
	t.Stores = i.Store != NoStore || i.Redis
	if i.Store == PostgreSQL {
		t.System = []string{"libpq5"} // for drivers that bring none of their own
	}
	for _, e := range envfile.Parse(i.env(), i.variables(a)).Entries {
		t.Env = append(t.Env, e.Name+"="+strings.ReplaceAll(e.Value, plan.Secret, standIn))
	}
	if a.numbers() {
		t.Env = append(t.Env, "PROMETHEUS_MULTIPROC_DIR=/tmp")
	}
	return host.TryOut(ctx, t)
}

// standIn is as long as the secrets that a plan makes.
var standIn = strings.Repeat("5eed", 16)
