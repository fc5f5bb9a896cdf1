package lab

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// cacheDir holds roots, layers, packages, the private CA and the hosts. It must
// not lie on an overlay or a tmpfs with little room: a root is some 600 MB.
func cacheDir() string {
	if d := os.Getenv("ASSAY_LAB_CACHE"); d != "" {
		if abs, err := filepath.Abs(d); err == nil {
			return abs
		}
	}
	return "/var/cache/assay-lab"
}

// lock waits for the lock of that name and returns how to let go of it. The
// kernel lets go of it when the holder dies, however it dies.
func lock(name string) (unlock func(), err error) {
	dir := filepath.Join(cacheDir(), "lock")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if err != syscall.EINTR {
			break
		}
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", name, err)
	}
	return func() { f.Close() }, nil
}

// digest names the content of an embedded folder and of what else is given.
func digest(tree fs.FS, dirs []string, more ...string) (string, error) {
	sum := sha256.New()
	for _, m := range more {
		fmt.Fprintf(sum, "%d:%s", len(m), m)
	}
	for _, dir := range dirs {
		err := fs.WalkDir(tree, dir, func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := fs.ReadFile(tree, p)
			fmt.Fprintf(sum, "%s %d:%s", p, len(b), b)
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil))[:12], nil
}

// present tells whether a root or a layer was built to its end.
func present(dir string) bool {
	_, err := os.Stat(dir)
	return err == nil
}

// prune removes roots and layers that are not wanted, not mounted and a day
// old: another work tree's program may want them, and builds them again then.
func prune(wanted map[string]bool, log io.Writer) error {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return err
	}
	var all []string
	for _, kind := range []string{"root", "layer", "packages"} {
		found, _ := filepath.Glob(filepath.Join(cacheDir(), kind, "*-*"))
		all = append(all, found...)
	}
	for _, dir := range all {
		info, err := os.Stat(dir)
		if err != nil || wanted[dir] || time.Since(info.ModTime()) < 24*time.Hour || strings.Contains(string(mounts), dir) {
			continue
		}
		fmt.Fprintf(log, "cache: removing %s\n", filepath.Base(dir))
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	return nil
}
