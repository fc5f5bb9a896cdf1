package deploy

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"assay/internal/apply"
	"assay/internal/host"
)

// incoming is where what comes packed is unpacked, until its change has ended: one
// that was cut off goes on from there.
const incoming = "/var/lib/assay/incoming"

const (
	mostUnpacked = 2 << 30
	mostEntries  = 200_000
)

// Folder is where the app lies: what is named, or what that holds, unpacked. done
// is for when the change has ended.
func Folder(ctx context.Context, w host.Writer, name, ref string) (folder string, done func(), err error) {
	done = func() {}
	st, err := os.Stat(name)
	switch {
	case err != nil:
		return "", done, err
	case st.IsDir() && ref == "":
		return name, done, nil
	case !st.IsDir() && ref != "":
		return "", done, fmt.Errorf("--ref is a commit of a folder of git's, and %s is none", name)
	}
	into, err := vacant()
	if err != nil {
		return "", done, err
	}
	done = func() { _ = os.RemoveAll(into) }
	if ref != "" {
		err = committed(ctx, w, name, ref, into)
	} else {
		err = unpack(name, into)
	}
	if err != nil {
		done()
		return "", done, err
	}
	return inner(into), done, nil
}

// vacant makes an empty folder, and takes away those that nobody needs any more.
func vacant() (string, error) {
	if err := os.MkdirAll(incoming, 0o700); err != nil {
		return "", err
	}
	if e, err := apply.Unfinished(apply.Dir); err == nil && e == nil {
		old, _ := filepath.Glob(incoming + "/*")
		for _, o := range old {
			_ = os.RemoveAll(o)
		}
	}
	return os.MkdirTemp(incoming, "")
}

func committed(ctx context.Context, w host.Writer, name, ref, folder string) error {
	packed := folder + ".tar"
	f, err := os.OpenFile(packed, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(packed)
	if err := host.Committed(ctx, w, name, ref, f); err != nil {
		return err
	}
	return unpack(packed, folder)
}

// unpack takes an archive apart. It may be anybody's: nothing of it comes to lie
// outside the folder, and no link of it leads out.
func unpack(name, folder string) error {
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil || !st.Mode().IsRegular() {
		return errors.Join(err, fmt.Errorf("%s is neither a folder nor a file", name))
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	u := unpacking{root: root}
	switch {
	case strings.HasSuffix(name, ".zip"):
		err = u.zip(f, st.Size())
	case strings.HasSuffix(name, ".tar.gz"), strings.HasSuffix(name, ".tgz"):
		var z *gzip.Reader
		if z, err = gzip.NewReader(f); err == nil {
			err = u.tar(z)
		}
	case strings.HasSuffix(name, ".tar"):
		err = u.tar(f)
	default:
		err = errors.New("it is no .tar, .tar.gz, .tgz or .zip")
	}
	if err != nil {
		return fmt.Errorf("unpack %s: %w", name, err)
	}
	return nil
}

type unpacking struct {
	root    *os.Root
	entries int
	bytes   int64
}

func (u *unpacking) tar(r io.Reader) error {
	for t := tar.NewReader(r); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch h.Typeflag {
		case tar.TypeReg, tar.TypeDir, tar.TypeSymlink:
			if err := u.entry(h.Name, h.FileInfo().Mode(), h.Linkname, t); err != nil {
				return err
			}
		}
	}
}

func (u *unpacking) zip(f *os.File, size int64) error {
	z, err := zip.NewReader(f, size)
	if err != nil {
		return err
	}
	for _, e := range z.File {
		r, err := e.Open()
		if err != nil {
			return err
		}
		link := ""
		if e.Mode().Type() == fs.ModeSymlink {
			b, err := io.ReadAll(io.LimitReader(r, 4096))
			if err != nil {
				return err
			}
			link = string(b)
		}
		if err := errors.Join(u.entry(e.Name, e.Mode(), link, r), r.Close()); err != nil {
			return err
		}
	}
	return nil
}

func (u *unpacking) entry(name string, mode fs.FileMode, link string, r io.Reader) error {
	name = path.Clean(strings.TrimPrefix(name, "./"))
	if !filepath.IsLocal(name) {
		return fmt.Errorf("%q leads out of it", name)
	}
	if u.entries++; u.entries > mostEntries {
		return fmt.Errorf("more than %d files", mostEntries)
	}
	if name == "." {
		return nil
	}
	if err := u.root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	switch mode.Type() {
	case fs.ModeDir:
		return u.root.MkdirAll(name, 0o755)
	case fs.ModeSymlink:
		if path.IsAbs(link) || !filepath.IsLocal(path.Join(path.Dir(name), link)) {
			return fmt.Errorf("%s is a link that leads out of it", name)
		}
		return u.root.Symlink(link, name)
	}
	f, err := u.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644|mode.Perm()&0o111)
	if err != nil {
		return err
	}
	n, err := io.Copy(f, io.LimitReader(r, mostUnpacked-u.bytes+1))
	if u.bytes += n; err == nil && u.bytes > mostUnpacked {
		err = fmt.Errorf("it holds more than %d GB", mostUnpacked>>30)
	}
	return errors.Join(err, f.Close())
}

// inner is the one folder that an archive holds, where it holds nothing else.
func inner(folder string) string {
	all, err := os.ReadDir(folder)
	if err == nil && len(all) == 1 && all[0].IsDir() {
		return filepath.Join(folder, all[0].Name())
	}
	return folder
}
