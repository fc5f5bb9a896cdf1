package gitobject

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var roomy = Limits{Object: 16 << 20, Blob: 1 << 20, Held: 64 << 20, Total: 1 << 30, Stop: func() error { return nil }}

// repository is made by git itself: 30 versions of a file and one of another.
func repository(t testing.TB) (dir string, git func(args ...string) []byte) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git here")
	}
	dir = t.TempDir()
	git = func(args ...string) []byte {
		t.Helper()
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		cmd.Env = []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b.example", "GIT_COMMITTER_NAME=a",
			"GIT_COMMITTER_EMAIL=a@b.example", "GIT_COMMITTER_DATE=1700000000 +0100", "GIT_AUTHOR_DATE=1700000000 +0100"}
		var said bytes.Buffer
		cmd.Stderr = &said
		b, err := cmd.Output()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, said.Bytes())
		}
		return b
	}
	git("init", "-q")
	put := func(name, text string) {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var lines []string
	for i := range 400 {
		lines = append(lines, fmt.Sprintf("line %d of %x", i, i*i*7919))
	}
	put("empty", "")
	put("large", strings.Repeat("0123456789abcdef", 100_000)) // above Blob
	for i := range 30 {
		lines[i*10] = fmt.Sprintf("version %d", i)
		put("app/with blank/é.py", strings.Join(lines, "\n"))
		git("add", ".")
		git("commit", "-q", "-m", fmt.Sprint("change ", i))
	}
	git("tag", "-a", "-m", "a tag", "v1")
	return dir, git
}

// expected is what git says of all its objects.
func expected(git func(...string) []byte) map[string]int {
	out := map[string]int{}
	for line := range strings.Lines(string(git("cat-file", "--batch-all-objects", "--batch-check"))) {
		var id, kind string
		var size int
		_, _ = fmt.Sscan(line, &id, &kind, &size)
		if kind != "blob" || size <= roomy.Blob {
			out[id+" "+kind] = size
		}
	}
	return out
}

func compare(t *testing.T, got []Object, want map[string]int) {
	t.Helper()
	names := map[Kind]string{Commit: "commit", Tree: "tree", Blob: "blob", Tag: "tag"}
	for _, o := range got {
		key := o.ID.String() + " " + names[o.Kind]
		if size, ok := want[key]; !ok || size != len(o.Body) {
			t.Errorf("%s of %d bytes; want %d (%v)", key, len(o.Body), size, ok)
		}
		delete(want, key)
		if sha1.Sum(append(fmt.Appendf(nil, "%s %d\x00", names[o.Kind], len(o.Body)), o.Body...)) != o.ID {
			t.Errorf("%s: another content than git's", key)
		}
	}
	for key := range want {
		t.Errorf("%s is missing", key)
	}
}

func TestLoose(t *testing.T) {
	dir, git := repository(t)
	files, _ := filepath.Glob(filepath.Join(dir, ".git/objects/??/*"))
	var got []Object
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		id, _ := ParseID(filepath.Base(filepath.Dir(f)) + filepath.Base(f))
		o, ok, err := Loose(id, b, roomy)
		if err != nil {
			t.Errorf("%s: %v", f, err)
		}
		if ok {
			got = append(got, o)
		}
		if _, _, err := Loose(id, b[:len(b)-1], roomy); err == nil && ok {
			t.Errorf("%s: cut, and read all the same", f)
		}
	}
	compare(t, got, expected(git))
}

// packed reads all packs of a repository.
func packed(t testing.TB, dir string) (out []Object, s Skipped) {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(dir, ".git/objects/pack/*.idx"))
	if len(files) == 0 {
		t.Fatal("no pack")
	}
	for _, f := range files {
		idx, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		body, err := os.ReadFile(strings.TrimSuffix(f, "idx") + "pack")
		if err != nil {
			t.Fatal(err)
		}
		x, err := ParseIndex(idx, 1000)
		if err != nil {
			t.Fatal(err)
		}
		s, err = Walk(bytes.NewReader(body), int64(len(body)), x, roomy, func(o Object) error {
			out = append(out, o)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out, s
}

func TestPack(t *testing.T) {
	for name, how := range map[string][]string{
		"offsets":   {"repack", "-q", "-a", "-d", "-f"},
		"ids":       {"-c", "repack.useDeltaBaseOffset=false", "repack", "-q", "-a", "-d", "-f"},
		"deep":      {"repack", "-q", "-a", "-d", "-f", "--depth=4095", "--window=60"},
		"no deltas": {"repack", "-q", "-a", "-d", "-f", "--depth=0"},
		"far":       {"-c", "pack.indexVersion=2", "repack", "-q", "-a", "-d"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, git := repository(t)
			git(how...)
			got, s := packed(t, dir)
			if s.N != 0 {
				t.Errorf("skipped: %+v", s)
			}
			compare(t, got, expected(git))
		})
	}
}

func TestCommitsAndTrees(t *testing.T) {
	dir, git := repository(t)
	git("gc", "-q")
	got, _ := packed(t, dir)
	by := map[ID]Object{}
	for _, o := range got {
		by[o.ID] = o
	}
	id, _ := ParseID(strings.TrimSpace(string(git("rev-parse", "HEAD"))))
	c, err := ParseCommit(by[id].Body)
	if err != nil || c.When != 1700000000 || c.Tree.String() != strings.TrimSpace(string(git("rev-parse", "HEAD^{tree}"))) {
		t.Errorf("%+v, %v", c, err)
	}
	var names []string
	for name, id := range Entries(by[c.Tree].Body) {
		names = append(names, string(name)+" "+id.String())
	}
	want := strings.Fields(string(git("ls-tree", "--format=%(path)+%(objectname)", "HEAD")))
	if strings.Join(names, ",") != strings.ReplaceAll(strings.Join(want, ","), "+", " ") {
		t.Errorf("%q; want %q", names, want)
	}
}

// built is a pack of entries: a header and what is deflated in it.
type built struct {
	head []byte
	body []byte
}

func number(kind byte, size int) []byte {
	out := []byte{kind<<4 | byte(size&15)}
	for size >>= 4; size > 0; size >>= 7 {
		out[len(out)-1] |= 0x80
		out = append(out, byte(size&0x7f))
	}
	return out
}

func little(n int) []byte {
	out := []byte{byte(n & 0x7f)}
	for n >>= 7; n > 0; n >>= 7 {
		out[len(out)-1] |= 0x80
		out = append(out, byte(n&0x7f))
	}
	return out
}

func deflated(b []byte) []byte {
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	_, _ = z.Write(b)
	_ = z.Close()
	return out.Bytes()
}

// pack writes entries with the ids 1, 2, 3 and their index.
func packOf(entries ...built) ([]byte, *Index) {
	out := binary.BigEndian.AppendUint32([]byte("PACK\x00\x00\x00\x02"), uint32(len(entries)))
	x := &Index{}
	known := map[string][]byte{}
	for i, e := range entries {
		x.offsets = append(x.offsets, int64(len(out)))
		x.ids = append(x.ids, nameOf(i+1)...)
		if known[string(e.body)] == nil {
			known[string(e.body)] = deflated(e.body)
		}
		out = append(append(out, e.head...), known[string(e.body)]...)
	}
	return append(out, make([]byte, 20)...), x
}

func nameOf(n int) []byte { return binary.BigEndian.AppendUint32(make([]byte, 16), uint32(n)) }

func refTo(n, size int) []byte { return append(number(refDelta, size), nameOf(n)...) }

// What a hostile repository may hold ends soon, and is said.
func TestHostilePacks(t *testing.T) {
	tight := Limits{Object: 1 << 20, Blob: 1 << 16, Held: 4 << 20, Total: 8 << 20, Stop: func() error { return nil }}
	text := bytes.Repeat([]byte("0123456789abcdef"), 1000)
	copyAll := append(append(little(len(text)), little(len(text))...), 0x80|0x30, byte(len(text)&255), byte(len(text)>>8))
	bomb := append(little(len(text)), little(32*len(text))...)
	for range 32 {
		bomb = append(bomb, 0x80|0x30, byte(len(text)&255), byte(len(text)>>8))
	}
	many := []built{{number(3, len(text)), text}}
	chain := []built{{number(3, len(text)), text}}
	for i := range 6000 {
		many = append(many, built{refTo(1, len(copyAll)), copyAll})
		chain = append(chain, built{refTo(i+1, len(copyAll)), copyAll})
	}
	for name, c := range map[string]struct {
		entries []built
		given   int
		why     string
	}{
		"plain":           {[]built{{number(3, len(text)), text}, {refTo(1, len(copyAll)), copyAll}}, 2, ""},
		"ring":            {[]built{{refTo(2, len(copyAll)), copyAll}, {refTo(1, len(copyAll)), copyAll}}, 0, "without its base"},
		"on itself":       {[]built{{refTo(1, len(copyAll)), copyAll}}, 0, "without its base"},
		"base elsewhere":  {[]built{{refTo(9, len(copyAll)), copyAll}}, 0, "outside of its pack"},
		"says more":       {[]built{{number(3, 100_000_000), text}}, 0, "another size"},
		"says less":       {[]built{{number(3, 10), text}}, 0, "another size"},
		"no such kind":    {[]built{{number(5, 3), []byte("abc")}}, 0, "kind 5"},
		"beyond its base": {[]built{{number(3, 3), []byte("abc")}, {refTo(1, 5), []byte{3, 9, 0x91, 1, 9}}}, 1, "beyond its base"},
		"another base":    {[]built{{number(3, 3), []byte("abc")}, {refTo(1, 4), []byte{4, 1, 1, 'x'}}}, 1, "another base"},
		"cut delta":       {[]built{{number(3, 3), []byte("abc")}, {refTo(1, 3), []byte{3, 9, 0x7f}}}, 1, "within a word"},
		"delta bomb":      {append([]built{{number(1, len(text)), text}}, slicesOf(built{refTo(1, len(bomb)), bomb}, 40)...), 16, "more bytes"},
		"many":            {many, 510, "more bytes"},
		"deep":            {chain, 510, "more bytes"},
	} {
		b, x := packOf(c.entries...)
		given := 0
		s, err := Walk(bytes.NewReader(b), int64(len(b)), x, tight, func(Object) error { given++; return nil })
		if err != nil || (s.N == 0) != (c.why == "") || s.N > 0 && !strings.Contains(s.Why.Error(), c.why) || given < c.given*9/10 || given > c.given+c.given/9 {
			t.Errorf("%s: %d given, skipped %+v, %v", name, given, s, err)
		}
	}
	tight.Total = 1 << 30
	b, x := packOf(chain...)
	given := 0
	s, _ := Walk(bytes.NewReader(b), int64(len(b)), x, tight, func(Object) error { given++; return nil })
	if given < maxDepth || given+s.N != len(chain) || !strings.Contains(fmt.Sprint(s.Why), "deltas on more than") {
		t.Errorf("%d given, %+v", given, s)
	}
}

func slicesOf(b built, n int) (out []built) {
	for range n {
		out = append(out, b)
	}
	return out
}

func TestStops(t *testing.T) {
	b, x := packOf(built{number(3, 3), []byte("abc")}, built{number(3, 3), []byte("abd")})
	lim, stop := roomy, errors.New("stop")
	lim.Stop = func() error { return stop }
	if _, err := Walk(bytes.NewReader(b), int64(len(b)), x, lim, nil); !errors.Is(err, stop) {
		t.Error(err)
	}
}

func FuzzIndex(f *testing.F) {
	f.Add(append([]byte("\xfftOc\x00\x00\x00\x02"), make([]byte, 256*4+40)...))
	f.Fuzz(func(_ *testing.T, b []byte) {
		if x, err := ParseIndex(b, 1000); err == nil {
			for i := range x.Len() {
				x.At(i)
			}
		}
	})
}

func FuzzPack(f *testing.F) {
	text := []byte("text of the base")
	b, _ := packOf(built{number(3, len(text)), text}, built{refTo(1, 5), []byte{16, 3, 0x91, 1, 3}}, built{append(number(ofsDelta, 5), 36), []byte{16, 3, 0x91, 1, 3}})
	f.Add(b, uint16(36), uint16(60))
	f.Fuzz(func(_ *testing.T, b []byte, second, third uint16) {
		x := &Index{offsets: []int64{12, int64(second), int64(third)}}
		for i := range 3 {
			x.ids = append(x.ids, nameOf(i+1)...)
		}
		lim := Limits{Object: 1 << 16, Blob: 1 << 12, Held: 1 << 16, Total: 1 << 20, Stop: func() error { return nil }}
		_, _ = Walk(bytes.NewReader(b), int64(len(b)), x, lim, func(Object) error { return nil })
	})
}

func FuzzObject(f *testing.F) {
	f.Add([]byte("blob 3\x00abc"), []byte("base"))
	f.Add([]byte("tree 5555555555555555555555555555555555555555\ncommitter a <b> 17 +0000\n\n"), []byte{4, 3, 0x91, 1, 3})
	f.Fuzz(func(_ *testing.T, b, delta []byte) {
		lim := Limits{Object: 1 << 16, Blob: 1 << 12}
		_, _, _ = Loose(ID{}, deflated(b), lim)
		_, _, _ = Loose(ID{}, b, lim)
		_, _ = ParseCommit(b)
		for range Entries(b) {
		}
		_, _ = apply(b, delta, 1<<16)
	})
}
