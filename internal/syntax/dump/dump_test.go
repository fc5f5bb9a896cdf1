package dump

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"os/exec"
	"testing"
)

func never() bool { return false }

func load(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func unzip(t *testing.T, b []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func read(b []byte) File { return Read(bytes.NewReader(b), int64(len(b)), never) }

// The files are what pg_dump and mariadb-dump wrote on Debian 12 and 13.
func TestRead(t *testing.T) {
	pg15, pg17 := "15.20", "17.12"
	for _, c := range []struct {
		name string
		b    []byte
		want File
	}{
		{"pg15.dump", load(t, "pg15.dump"), File{Kind: Custom, Database: "shop", Server: pg15, Tool: pg15, Whole: true}},
		{"pg17.dump", load(t, "pg17.dump"), File{Kind: Custom, Database: "myapp", Server: pg17, Tool: pg17, Whole: true}},
		{"pg17-pipe.dump", load(t, "pg17-pipe.dump"), File{Kind: Custom, Database: "myapp", Server: pg17, Tool: pg17, Whole: true}},
		{"pg17-toc.dat", load(t, "pg17-toc.dat"), File{Kind: Directory, Database: "myapp", Server: pg17, Tool: pg17, Whole: true}},
		{"pg15.sql.gz", load(t, "pg15.sql.gz"), File{Kind: Plain, Packed: "gzip", Server: pg15, Tool: pg15, Whole: true}},
		{"pg15.sql", unzip(t, load(t, "pg15.sql.gz")), File{Kind: Plain, Server: pg15, Tool: pg15, Whole: true}},
		{"all15.sql", unzip(t, load(t, "all15.sql.gz")), File{Kind: Cluster, Server: pg15, Tool: pg15, Whole: true}},
		{"mariadb.sql", unzip(t, load(t, "mariadb.sql.gz")), File{Kind: MySQL, Database: "shop", Server: "11.8.6-MariaDB-0+deb13u1", Tool: "10.19-11.8.6-MariaDB,", Whole: true}},
		{"pg15.tar", unzip(t, load(t, "pg15.tar.gz")), File{Kind: Tar, Database: "shop", Server: pg15, Tool: pg15, Whole: true}},
		{"empty", nil, File{Problem: nothing}},
		{"empty, packed", pack(t, nil), File{Packed: "gzip", Problem: nothing}},
		{"packed custom", pack(t, load(t, "pg15.dump")), File{Kind: Custom, Packed: "gzip", Database: "shop", Server: pg15, Tool: pg15, Whole: true}},
		{"no dump", []byte("hello\n"), File{}},
	} {
		got := read(c.b)
		if got != c.want {
			t.Errorf("%s:\n got %+v\nwant %+v", c.name, got, c.want)
		}
	}
}

func pack(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// piped packs by a program that need not be there.
func piped(t *testing.T, b []byte, argv ...string) []byte {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin = bytes.NewReader(b)
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("%v: %v", argv, err)
	}
	return out
}

// Cut off anywhere, no file is taken for a whole one.
func TestCutOff(t *testing.T) {
	for name, b := range map[string][]byte{
		"pg15.dump": load(t, "pg15.dump"), "pg17.dump": load(t, "pg17.dump"), "pg17-pipe.dump": load(t, "pg17-pipe.dump"),
		"pg15.sql.gz": load(t, "pg15.sql.gz"), "pg15.tar": unzip(t, load(t, "pg15.tar.gz")),
		"zstd": piped(t, bytes.Repeat(load(t, "pg15.dump"), 60), "zstd", "-qc"), "xz": piped(t, load(t, "pg15.dump"), "xz", "-c"),
	} {
		if f := read(b); !f.Whole {
			t.Errorf("%s: %+v", name, f)
		}
		step := max(1, len(b)/2000)
		for n := 1; n < len(b); n += step {
			// What tar pads its end with; the second table of contents that
			// pg_dump 17 leaves behind the data when it writes to its output.
			if name == "pg15.tar" && n > 16896 || name == "pg17-pipe.dump" && n >= 7309 {
				continue
			}
			if f := read(b[:n]); f.Whole {
				t.Errorf("%s: %d of %d bytes are taken for the whole", name, n, len(b))
				break
			}
		}
	}
}

func TestStopped(t *testing.T) {
	b := load(t, "pg15.sql.gz")
	if f := Read(bytes.NewReader(b), int64(len(b)), func() bool { return true }); f.Whole || f.Problem != "" {
		t.Errorf("%+v", f)
	}
}

func FuzzRead(f *testing.F) {
	for _, n := range []string{"pg15.dump", "pg17.dump", "pg15.sql.gz", "pg15.tar.gz"} {
		b, err := os.ReadFile("testdata/" + n)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(_ *testing.T, b []byte) { read(b) })
}
