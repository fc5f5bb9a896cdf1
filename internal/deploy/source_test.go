package deploy

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type packed struct{ name, text, link string }

func tarOf(t *testing.T, w io.Writer, all []packed) {
	t.Helper()
	out := tar.NewWriter(w)
	for _, p := range all {
		h := &tar.Header{Name: p.name, Mode: 0o755, Size: int64(len(p.text)), Typeflag: tar.TypeReg, Linkname: p.link}
		if p.link != "" {
			h.Typeflag = tar.TypeSymlink
		}
		if err := out.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(out, p.text); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

func archive(t *testing.T, name string, all []packed) (file, folder string) {
	t.Helper()
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case strings.HasSuffix(name, ".zip"):
		z := zip.NewWriter(f)
		for _, p := range all {
			w, err := z.Create(p.name)
			if err == nil {
				_, err = io.WriteString(w, p.text)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		err = z.Close()
	case strings.HasSuffix(name, "gz"):
		z := gzip.NewWriter(f)
		tarOf(t, z, all)
		err = z.Close()
	default:
		tarOf(t, f, all)
	}
	if err != nil || f.Close() != nil {
		t.Fatal(err)
	}
	folder = filepath.Join(dir, "out")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	return f.Name(), folder
}

func TestUnpack(t *testing.T) {
	all := []packed{{name: "shop-1/requirements.txt", text: "flask\n"}, {name: "shop-1/app/wsgi.py", text: "app = 1\n"}}
	for _, name := range []string{"a.tar", "a.tar.gz", "a.tgz", "a.zip"} {
		file, folder := archive(t, name, all)
		if err := unpack(file, folder); err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(filepath.Join(inner(folder), "app/wsgi.py")); string(b) != "app = 1\n" {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
}

func TestUnpackStaysInside(t *testing.T) {
	for want, all := range map[string][]packed{
		"leads out of it": {{name: "../outside", text: "x"}},
		`"/etc/outside"`:  {{name: "/etc/outside", text: "x"}},
		"a link":          {{name: "a/l", link: "../../outside"}},
		"link that leads": {{name: "l", link: "/etc"}, {name: "l/outside", text: "x"}},
	} {
		file, folder := archive(t, "a.tar", all)
		if err := unpack(file, folder); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", all, err)
		}
		if _, err := os.Lstat(filepath.Join(filepath.Dir(folder), "outside")); err == nil {
			t.Errorf("%+v: it came to lie outside", all)
		}
	}
	file, folder := archive(t, "a.tar", []packed{{name: "x", text: "1"}})
	if err := os.Rename(file, file+".rar"); err != nil {
		t.Fatal(err)
	}
	if err := unpack(file+".rar", folder); err == nil {
		t.Error("what is no archive was unpacked")
	}
}
