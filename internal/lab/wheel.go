package lab

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// wheel is a Python distribution taken from a root, to be packed.
type wheel struct {
	name, version string
	debian        string            // the package that brings it
	meta          string            // METADATA without name and version
	extra         map[string]string // other files of its dist-info
	files         map[string][]byte // by path under site-packages
	tag           string            // python-abi-platform
}

// readWheel reads a distribution by its .dist-info or .egg-info.
func readWheel(root, info string, d *debian) (*wheel, error) {
	w := &wheel{extra: map[string]string{}, files: map[string][]byte{}, debian: d.owner[filepath.Base(info)]}
	if err := w.readMeta(info); err != nil {
		return nil, err
	}
	disk, err := os.OpenRoot(filepath.Join(root, distPackages))
	if err != nil {
		return nil, err
	}
	defer disk.Close()
	native := false
	for _, p := range d.files[w.debian] {
		top, _, _ := strings.Cut(p, "/")
		if strings.HasSuffix(top, "-info") || path.Base(path.Dir(p)) == "__pycache__" {
			continue
		}
		if i, err := disk.Stat(p); err != nil || !i.Mode().IsRegular() {
			continue // a folder, or a link to what Debian keeps elsewhere
		}
		if w.files[p], err = disk.ReadFile(p); err != nil {
			return nil, err
		}
		native = native || strings.HasSuffix(p, ".so")
	}
	w.tag = "py3-none-any"
	if native {
		python, err := os.Readlink(filepath.Join(root, "usr/bin/python3")) // python3.11
		if err != nil {
			return nil, err
		}
		cp := "cp" + strings.ReplaceAll(strings.TrimPrefix(python, "python"), ".", "")
		machine := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]
		w.tag = cp + "-" + cp + "-linux_" + machine
	}
	return w, nil
}

func (w *wheel) key() string { return normal(w.name) }

func (w *wheel) publish(to string, pages map[string][]string) error {
	body, err := w.pack()
	if err != nil {
		return err
	}
	return publish(to, w.key(), fmt.Sprintf("%s-%s.whl", w.stem(), w.tag), body, pages)
}

// stem is NAME-VERSION as file names have it.
func (w *wheel) stem() string {
	return strings.ReplaceAll(w.key(), "-", "_") + "-" + strings.ReplaceAll(w.version, "-", "_")
}

// pack writes the archive; RECORD, the last file, names all others with their
// sums (packaging.python.org, "Recording installed projects").
func (w *wheel) pack() ([]byte, error) {
	info := w.stem() + ".dist-info/"
	all := map[string][]byte{
		info + "METADATA": fmt.Appendf(nil, "%s", w.metadata()),
		info + "WHEEL": fmt.Appendf(nil, "Wheel-Version: 1.0\nGenerator: lab\nRoot-Is-Purelib: %t\nTag: %s\n",
			w.tag == "py3-none-any", w.tag),
	}
	for file, text := range w.extra {
		all[info+file] = []byte(text)
	}
	for file, body := range w.files {
		all[file] = body
	}
	var out bytes.Buffer
	var record strings.Builder
	z := zip.NewWriter(&out)
	for _, file := range slices.Sorted(maps.Keys(all)) {
		if err := store(z, file, all[file]); err != nil {
			return nil, err
		}
		sum := sha256.Sum256(all[file])
		fmt.Fprintf(&record, "\"%s\",sha256=%s,%d\n", file, base64.RawURLEncoding.EncodeToString(sum[:]), len(all[file]))
	}
	fmt.Fprintf(&record, "%sRECORD,,\n", info)
	if err := store(z, info+"RECORD", []byte(record.String())); err != nil {
		return nil, err
	}
	err := z.Close()
	return out.Bytes(), err
}

// metadata puts name and version behind the first line, Metadata-Version.
func (w *wheel) metadata() string {
	first, rest, _ := strings.Cut(w.meta, "\n")
	return fmt.Sprintf("%s\nName: %s\nVersion: %s\n%s", first, w.name, w.version, rest)
}

// store adds a file as it is: nothing is sent far, and packing takes no time.
func store(z *zip.Writer, name string, body []byte) error {
	f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
	if err == nil {
		_, err = f.Write(body)
	}
	return err
}
