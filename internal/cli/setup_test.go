package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"assay/internal/setup"
)

// Flags win over assay.toml, that over what the app's packages speak of, and only
// what is left is asked.
func TestIntended(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "My Shop")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "assay.toml"), []byte("[setup]\nentry = 'web:app'\ndatabase = 'none'\nredis = true\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	read := setup.App{Packages: []string{"flask", "psycopg2"}, Entries: []string{"wsgi:app"}}
	for _, c := range []struct {
		typed string // nobody sits there where it is ""
		flags setup.Intent
		store string
		noR   bool
		want  setup.Intent
		asked int
	}{
		{"\nshop.example, WWW.shop.example\nops@shop.example\n", setup.Intent{}, "", false,
			setup.Intent{Name: "my-shop", Entry: "web:app", Store: setup.NoStore, Redis: true, Email: "ops@shop.example", Domains: []string{"shop.example", "www.shop.example"}}, 3},
		{"", setup.Intent{Entry: "x:app", Email: "a@b.example", Domains: []string{"b.example"}, Name: "b"}, "sqlite", true,
			setup.Intent{Name: "b", Entry: "x:app", Store: setup.SQLite, Email: "a@b.example", Domains: []string{"b.example"}}, 0},
	} {
		var out bytes.Buffer
		a := &app{Env: Env{Stdin: strings.NewReader(c.typed), Stdout: &out, Getenv: os.Getenv}}
		o := setupOptions{intent: c.flags, store: c.store, noRedis: c.noR, asked: c.typed != "", changed: func(string) bool { return false }}
		o.intent.Source = dir
		if err := a.intended(&o, read); err != nil {
			t.Error(err)
		}
		got := o.intent
		if got.Name != c.want.Name || got.Entry != c.want.Entry || got.Store != c.want.Store || got.Redis != c.want.Redis || got.Email != c.want.Email || !slices.Equal(got.Domains, c.want.Domains) {
			t.Errorf("%+v, want %+v", got, c.want)
		}
		if n := strings.Count(out.String(), ": "); n != c.asked {
			t.Errorf("%d questions, want %d: %s", n, c.asked, out.String())
		}
	}
}

// What the app's own file may not say ends it before anything is asked.
func TestIntendedOfAHostileApp(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "pyproject.toml"), []byte("[tool.assay.setup]\nenv-file = '/etc/shadow'\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	a := &app{Env: Env{Stdin: strings.NewReader(""), Stdout: &out}}
	o := setupOptions{intent: setup.Intent{Source: dir}, asked: true, changed: func(string) bool { return false }}
	if err := a.intended(&o, setup.App{}); err == nil || !strings.Contains(err.Error(), "env-file reaches beyond the app") || out.Len() > 0 {
		t.Error(err, out.String())
	}
}
