package setup

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"

	"assay/internal/host"
	"assay/internal/plan"
	"assay/internal/syntax/envfile"
	"assay/internal/tape"
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
	t := host.Tryout{Source: i.Source, Entry: i.Entry, Named: a.List, List: i.list(a), More: a.More(), Config: i.config(), Home: i.Home(), Later: []string{i.conf(), i.Run()}, Files: map[string]string{i.config(): i.gunicorn(m)}}
	if a.Locked != "" {
		t.Files[t.List] = a.Locked
	}
	t.Stores = i.Store != NoStore || i.Redis
	if i.Store == PostgreSQL {
		t.System = []string{"libpq5"} // for drivers that bring none of their own
	}
	for _, e := range envfile.Parse(i.EnvFile(), i.variables(a)).Entries {
		t.Env = append(t.Env, e.Name+"="+strings.ReplaceAll(e.Value, plan.Secret, standIn))
	}
	if a.numbers() {
		t.Env = append(t.Env, "PROMETHEUS_MULTIPROC_DIR=/tmp")
	}
	unknown, err = host.TryOut(ctx, t)
	if err != nil {
		err = errors.New(i.veil(err.Error()))
	}
	return i.veil(unknown), err
}

// veil hides the values that were given in an app's own words, and what they hold:
// the password in a URL.
func (i Intent) veil(said string) string {
	var env strings.Builder
	for n, v := range i.Env {
		fmt.Fprintf(&env, "%s=%s\n", n, v)
		if len(v) >= 8 { // a shorter one may be a word
			said = strings.ReplaceAll(said, v, "[given]")
		}
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails (Go 1.24)
	var t tape.Tape
	words := tape.Ask{Kind: tape.KindApp, Name: i.Entry}
	t.Put(tape.Ask{Kind: tape.KindFile, Name: i.EnvFile()}, tape.Answer{Status: tape.Seen, Body: env.String()})
	t.Put(words, tape.Answer{Status: tape.Unseen, Why: said})
	t.Redact(key)
	v, _ := t.Get(words)
	return v.Why
}

// standIn is as long as the secrets that a plan makes.
var standIn = strings.Repeat("5eed", 16)
