package host

import (
	_ "embed"
	"os"
	"path/filepath"
	"testing"
	"time"

	"assay/internal/tape"
)

// A dump of PostgreSQL 15; embedded, since these tests run in booted hosts too.
//
//go:embed testdata/pg15.dump
var whole []byte

func TestDumps(t *testing.T) {
	dir := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(dir, "2026/11/22/deep"), 0o755))
	for i, f := range []struct {
		name string
		b    []byte
	}{
		{"2026/11/22/deep/not-seen.dump", whole}, {"2026/11/old.dump", whole[:5000]}, {"new.dump", whole}, {"empty.sql", nil},
	} {
		at := filepath.Join(dir, f.name)
		must(t, os.WriteFile(at, f.b, 0o644))
		must(t, os.Chtimes(at, time.Time{}, time.Unix(int64(1_700_000_000+i), 0)))
	}
	must(t, os.Symlink("/etc/shadow", filepath.Join(dir, "link.dump")))
	got := seen[[]tape.Dump](t, Local(Options{}), tape.Ask{Kind: tape.KindDumps, Name: dir})
	if len(got) != 3 || got[0].Path != "empty.sql" || got[0].Problem != "it holds nothing" || got[2].Path != "2026/11/old.dump" || got[2].Problem != "it is cut off" {
		t.Fatalf("%+v", got)
	}
	if d := got[1]; d.Path != "new.dump" || d.Database != "shop" || !d.Whole || d.Size != int64(len(whole)) || d.MTime.Unix() != 1_700_000_002 {
		t.Errorf("%+v", d)
	}
	want(t, see(t, Local(Options{}), tape.Ask{Kind: tape.KindDumps, Name: dir + "/none"}), tape.Absent, "")
}

func TestDumpsOfAnotherUser(t *testing.T) {
	needRoot(t)
	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o755))
	must(t, os.Chmod(filepath.Dir(dir), 0o755))
	own := filepath.Join(dir, "own")
	must(t, os.Mkdir(own, 0o700))
	must(t, os.WriteFile(filepath.Join(own, "of-root.dump"), []byte("PGDMP"), 0o600))
	must(t, os.Chown(own, daemonUser, daemonUser))
	got := seen[[]tape.Dump](t, Local(Options{}), tape.Ask{Kind: tape.KindDumps, Name: own})
	if len(got) != 1 || got[0].Kind != "" || got[0].Unseen == "" {
		t.Errorf("%+v", got)
	}
}
