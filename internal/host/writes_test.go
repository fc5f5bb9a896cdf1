package host

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"assay/internal/tape"
)

// A renamed file is told by its new name, a deleted one by its last; what is
// only read, or rewritten in place, is no log.
func TestWrites(t *testing.T) {
	dir := t.TempDir()
	hold := func(name string, flags int) string {
		p := filepath.Join(dir, name)
		f, err := os.OpenFile(p, flags|os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return p
	}
	hold("read.log", os.O_RDONLY)
	hold("table.db", os.O_RDWR)
	moved := hold("access.log", os.O_WRONLY|os.O_APPEND)
	gone := hold("error.log", os.O_WRONLY|os.O_APPEND)
	if err := os.Rename(moved, moved+".1"); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	l := Local(Options{})
	v := l.See(t.Context(), tape.Ask{Kind: tape.KindWrites, Name: strconv.Itoa(os.Getpid())})[0]
	got, err := tape.Decode[tape.Writes](v)
	if err != nil {
		t.Fatal(err, v.Why)
	}
	found := map[string]bool{}
	for _, f := range got.Files {
		if filepath.Dir(f.Path) == dir {
			found[filepath.Base(f.Path)] = f.Deleted
			if f.Space.Total == 0 {
				t.Errorf("%s: no space", f.Path)
			}
		}
	}
	if len(found) != 2 || found["access.log.1"] || !found["error.log"] {
		t.Errorf("found %v", found)
	}
}

func TestDisk(t *testing.T) {
	v := Local(Options{}).See(t.Context(), tape.Ask{Kind: tape.KindDisk, Name: t.TempDir()})[0]
	if s, err := tape.Decode[tape.Space](v); err != nil || s.Total == 0 || s.Free > s.Total {
		t.Errorf("%+v %v %s", s, err, v.Why)
	}
}
