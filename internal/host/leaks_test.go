package host

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"assay/internal/tape"
)

const leakedKey = "9f2c4b7de1a05c38aa17d2446b0e9c51"

func searched(t *testing.T, files map[string]string) tape.LeakReport {
	t.Helper()
	dir := t.TempDir()
	for name, body := range files {
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	l := Local(Options{}).(*local)
	l.root = false // read as ourselves
	s := &search{l: l, root: dir, secrets: []live{{"SECRET_KEY", []byte(leakedKey)}}}
	s.git(context.Background())
	if v := s.run(context.Background()); v.Status != tape.Seen {
		t.Fatalf("%+v", v)
	}
	if v := tape.Encode(s.report); strings.Contains(v.Body, leakedKey) {
		t.Errorf("the value is in the answer: %s", v.Body)
	}
	return s.report
}

func TestLeaks(t *testing.T) {
	r := searched(t, map[string]string{
		"app/config.py":               "import os\n\nKEY = '" + leakedKey + "'\n",
		"app/longer.py":               "x = '0" + leakedKey + "'\n",
		"app/pay.py":                  "s = 'sk_" + "live_" + strings.Repeat("a1", 12) + "'\n",
		"app/logo.png":                leakedKey,
		"app/__pycache__/c.pyc":       leakedKey,
		"node_modules/x/y.js":         leakedKey,
		"env/pyvenv.cfg":              "home = /usr/bin",
		"env/lib/x.py":                leakedKey,
		"big.log":                     strings.Repeat("x", tape.MaxFile) + leakedKey,
		"name with blanks/é/notes.md": "\n\n\n" + leakedKey,
	})
	want := []tape.Leak{
		{Path: "app/config.py", Line: 3, Name: "SECRET_KEY", Live: true},
		{Path: "app/pay.py", Line: 1, Name: "a live key of Stripe"},
		{Path: "name with blanks/é/notes.md", Line: 4, Name: "SECRET_KEY", Live: true},
	}
	if !reflect.DeepEqual(r.Hits, want) || r.More != "" || r.Top != "" {
		t.Errorf("%+v", r)
	}
}

// A repository that tells nothing is no repository without files.
func TestLeaksBrokenIndex(t *testing.T) {
	r := searched(t, map[string]string{".git/index": "DIRC\x00\x00\x00\x09\x00\x00\x00\x00" + strings.Repeat("x", 20), "a.py": leakedKey})
	if r.Git == "" || r.Top == "" || len(r.Hits) != 1 || r.Hits[0].Tracked {
		t.Errorf("%+v", r)
	}
}

func TestLeaksNothingLoaded(t *testing.T) {
	l := Local(Options{}).(*local)
	l.root = true
	v := l.leaks(context.Background(), tape.Ask{Kind: tape.KindLeaks, Name: t.TempDir(), Arg: "pid 1"})
	if v.Status != tape.Unseen {
		t.Errorf("%+v", v)
	}
	l.keep("pid 1", tape.App{}) // it has no secret
	if v = l.leaks(context.Background(), tape.Ask{Kind: tape.KindLeaks, Name: t.TempDir(), Arg: "pid 1"}); v.Status != tape.Seen {
		t.Errorf("%+v", v)
	}
}

func TestSecretsOf(t *testing.T) {
	l := Local(Options{}).(*local)
	for k, v := range map[string]string{
		"x 7": "", "x 7/config/SECRET_KEY": leakedKey, "x 7/config/MAIL_PASSWORD": "changeme", "x 7/config/API_TOKEN": "shopkeeper", "x 7/config/JWT_SECRET_KEY": "short",
		"x 7/engine/default": "postgresql://shop:Zk3vQ9d2x@db/shop", "x 7/config/SITE_NAME": "a name that is no secret", "x 8/config/SECRET_KEY": "of another app, 0123456789",
	} {
		l.vault.put(k, v)
	}
	var got []string
	for _, s := range l.secretsOf(context.Background(), "x 7") {
		got = append(got, s.name)
	}
	if want := []string{"SECRET_KEY", "the password of engine/default"}; !reflect.DeepEqual(got, want) {
		t.Errorf("%q; want %q", got, want)
	}
}
