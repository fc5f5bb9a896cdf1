package sqlite

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// build lets Python's sqlite3, which is SQLite itself, make a database and
// leave it as it is when a process is cut off.
func build(t *testing.T, script string) string {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not here")
	}
	file := filepath.Join(t.TempDir(), "a.db")
	cmd := exec.Command(python, "-c", "import sqlite3, sys, os\nc = sqlite3.connect(sys.argv[1], isolation_level=None)\n"+script+"\nos._exit(0)", file)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return file
}

func look(t *testing.T, file string) *DB {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	wal, _ := os.ReadFile(file + "-wal")
	d, err := Open(bytes.NewReader(b), int64(len(b)), wal)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestRead(t *testing.T) {
	const version = "c.execute('create table alembic_version (version_num varchar(32) not null, constraint p primary key (version_num))')\n"
	for name, c := range map[string]struct {
		script, want string
		wal          bool
	}{
		"empty":    {"", "[] no such table: alembic_version", false},
		"one":      {version + "c.execute(\"insert into alembic_version values ('8b2d64c7e9f0')\")", "[8b2d64c7e9f0] <nil>", false},
		"two":      {version + "c.execute(\"insert into alembic_version values ('a'), ('b')\")", "[a b] <nil>", false},
		"no row":   {version, "[] <nil>", false},
		"in a log": {"c.execute('pragma journal_mode=wal')\n" + version + "c.execute(\"insert into alembic_version values ('old')\")\nc.execute(\"update alembic_version set version_num='new'\")", "[new] <nil>", true},
		"not committed": {"c.execute('pragma journal_mode=wal')\n" + version + "c.execute(\"insert into alembic_version values ('old')\")\nc.execute('pragma cache_size=1')\nc.execute('begin')\nc.execute(\"update alembic_version set version_num='new'\")\nc.execute('create table x (y)')\nc.execute(\"insert into x select hex(randomblob(3000)) from (select 1 union select 2 union select 3)\")",
			"[old] <nil>", true},
		"log begun anew": {"c.execute('pragma journal_mode=wal')\n" + version + "c.execute(\"insert into alembic_version values ('old')\")\nfor i in range(20): c.execute('create table t%d (x)' % i)\nc.execute('pragma wal_checkpoint(restart)')\nc.execute(\"update alembic_version set version_num='new'\")",
			"[new] <nil>", true},
		"many tables": {"c.execute('pragma page_size=512')\nfor i in range(300): c.execute('create table t%d (x text default \"%s\")' % (i, 'z' * 900))\n" + version + "c.execute(\"insert into alembic_version values ('deep')\")",
			"[deep] <nil>", false},
		"big pages": {"c.execute('pragma page_size=65536')\n" + version + "c.execute(\"insert into alembic_version values ('big')\")", "[big] <nil>", false},
		"deleted":   {version + "c.execute(\"insert into alembic_version values ('x')\")\nc.execute('drop table alembic_version')\n" + version + "c.execute(\"insert into alembic_version values ('y')\")", "[y] <nil>", false},
	} {
		t.Run(name, func(t *testing.T) {
			d := look(t, build(t, c.script))
			got, err := d.First("alembic_version")
			if fmt.Sprintf("%v %v", got, err) != c.want || d.WAL != c.wal {
				t.Errorf("got %v %v, wal %v; want %s", got, err, d.WAL, c.want)
			}
		})
	}
}

func TestNoDatabase(t *testing.T) {
	for _, s := range []string{"x", "SQLite format 3\x00", "<!doctype html>" + string(make([]byte, 200))} {
		if _, err := Open(bytes.NewReader([]byte(s)), int64(len(s)), nil); err == nil {
			t.Errorf("%q is none", s)
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte("SQLite format 3\x00\x02\x00\x01\x01\x00"), []byte{})
	page := make([]byte, 512)
	copy(page, "SQLite format 3\x00\x02\x00\x02\x02\x00")
	page[100] = 13
	f.Add(page, []byte{0x37, 0x7f, 0x06, 0x82})
	f.Fuzz(func(t *testing.T, b, wal []byte) {
		d, err := Open(bytes.NewReader(b), int64(len(b)), wal)
		if err != nil {
			return
		}
		for _, x := range d.Tables {
			_, _ = d.First(x.Name)
		}
	})
}
