package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

func treeThere(_ hands, _ context.Context, args []string) (bool, error) { return exists(args[1]) }

// NotReleased are the names that no release holds: what belongs to the place where
// the app was written, and not to the app.
var NotReleased = []string{".git", ".hg", ".svn", "venv", ".venv", "env", "node_modules", "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".tox", ".idea", ".vscode", ".env"}

const (
	mostReleased = 2 << 30
	mostFiles    = 200_000
)

// copyTree copies an app's folder into a release that nobody but root can change.
// It is made beside its place and renamed: a release that is there is whole. The
// source may belong to anybody: nothing outside of it is read (os.Root), and only
// files, folders and links that stay inside are taken.
func copyTree(_ hands, ctx context.Context, args []string) error {
	from, to := args[0], args[1]
	src, err := os.OpenRoot(from)
	if err != nil {
		return err
	}
	defer src.Close()
	tmp := to + ".new"
	if err := os.RemoveAll(tmp); err != nil {
		return err
	}
	if err := errors.Join(os.Mkdir(tmp, 0o755), os.Chmod(tmp, 0o755)); err != nil { // whatever root's umask is
		return err
	}
	dst, err := os.OpenRoot(tmp)
	if err != nil {
		return err
	}
	defer dst.Close()
	c := copying{ctx: ctx, from: src, to: dst}
	if err := fs.WalkDir(src.FS(), ".", c.visit); err != nil {
		_ = os.RemoveAll(tmp)
		return fmt.Errorf("copy %s: %w", from, err)
	}
	unix.Sync()
	return os.Rename(tmp, to)
}

type copying struct {
	ctx      context.Context
	from, to *os.Root
	files    int
	bytes    int64
}

func (c *copying) visit(name string, d fs.DirEntry, err error) error {
	switch {
	case err != nil:
		return err
	case c.ctx.Err() != nil:
		return c.ctx.Err()
	case name == ".":
		return nil
	case slices.Contains(NotReleased, d.Name()):
		if d.IsDir() {
			return fs.SkipDir
		}
		return nil
	}
	if c.files++; c.files > mostFiles {
		return fmt.Errorf("more than %d files; is this the app's own folder?", mostFiles)
	}
	switch d.Type() {
	case fs.ModeDir:
		return errors.Join(c.to.Mkdir(name, 0o755), c.to.Chmod(name, 0o755))
	case fs.ModeSymlink:
		return c.link(name)
	case 0:
		return c.file(name)
	}
	return nil // a socket or a pipe is no part of an app
}

func (c *copying) link(name string) error {
	to, err := c.from.Readlink(name)
	if err != nil {
		return err
	}
	if path.IsAbs(to) || !filepath.IsLocal(path.Join(path.Dir(name), to)) {
		return fmt.Errorf("%s is a link that leads out of the app, to %s", name, short(to))
	}
	return c.to.Symlink(to, name)
}

func (c *copying) file(name string) error {
	in, err := c.from.OpenFile(name, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer in.Close()
	st, err := in.Stat()
	if err != nil {
		return err
	}
	if !st.Mode().IsRegular() {
		return nil
	}
	mode := os.FileMode(0o644)
	if st.Mode()&0o100 != 0 {
		mode = 0o755
	}
	out, err := c.to.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	n, err := io.Copy(out, io.LimitReader(in, mostReleased-c.bytes+1))
	if c.bytes += n; err == nil && c.bytes > mostReleased {
		err = fmt.Errorf("it holds more than %d GB", mostReleased>>30)
	}
	return errors.Join(err, out.Chmod(mode), out.Close())
}

func dropTree(_ hands, _ context.Context, args []string) (string, error) {
	return "", errors.Join(os.RemoveAll(args[1]+".new"), os.RemoveAll(args[1]))
}

func venvOf(release string) string { return release + "/venv" }

// venvBuilt goes by the owner: an environment is the account's while it is built,
// and root's when it is whole.
func venvBuilt(_ hands, _ context.Context, args []string) (bool, error) {
	var st unix.Stat_t
	err := unix.Lstat(venvOf(args[0]), &st)
	if errors.Is(err, unix.ENOENT) {
		return false, nil
	}
	return err == nil && st.Uid == 0 && st.Mode&unix.S_IFMT == unix.S_IFDIR, err
}

// buildVenv makes a release's own virtual environment as the account that the app
// runs as, since packages run code as they are installed, and gives it to root
// when it is done. args are the release, the account, the list of packages, by a
// path or beside the app's code, and packages that are wanted besides.
func buildVenv(h hands, ctx context.Context, args []string) error {
	release, account, list, more := args[0], args[1], args[2], args[3:]
	dir := venvOf(release)
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if _, err := h.work(ctx, time.Minute, "install", "-d", "-o", account, "-g", account, "-m", "0755", dir); err != nil {
		return err
	}
	const most = 10 * time.Minute
	if _, err := h.confined(ctx, most, account, release, dir, nil, "/usr/bin/python3", "-m", "venv", dir); err != nil {
		return err
	}
	for _, what := range wanted(list, more) {
		pip := append([]string{dir + "/bin/python3", "-m", "pip", "--quiet"}, pipInstall...)
		if _, err := h.confined(ctx, most, account, release, dir, nil, append(pip, what...)...); err != nil {
			return err
		}
	}
	if err := toRoot(dir); err != nil {
		return err
	}
	// Compiling executes nothing of it. What does not compile fails where it is imported.
	_, _ = h.work(ctx, most, "python3", "-I", "-m", "compileall", "-q", "-x", "/venv/", release)
	return nil
}

var pipInstall = []string{"--no-input", "--disable-pip-version-check", "--no-cache-dir", "install"}

// wanted is what pip is told to install, one time after the other: a list with
// hashes suffers nothing beside it that has none.
func wanted(list string, more []string) [][]string {
	all := [][]string{{"-r", list}}
	if len(more) > 0 {
		all = append(all, more)
	}
	return all
}

// toRoot gives a tree to root, the top last, with nothing that others can write
// and no file that runs as somebody else. Links are not followed.
func toRoot(top string) error {
	root, err := os.OpenRoot(top)
	if err != nil {
		return err
	}
	defer root.Close()
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		if err := root.Lchown(name, 0, 0); err != nil || d.Type() == fs.ModeSymlink {
			return err
		}
		st, err := root.Lstat(name)
		if err != nil {
			return err
		}
		return root.Chmod(name, st.Mode().Perm()&^0o022)
	})
	return errors.Join(err, os.Lchown(top, 0, 0))
}

// writeAhead lets readers of an SQLite file work beside the one who writes; the file
// keeps that, and is made where there is none. args are the account and the file.
func writeAhead(h hands, ctx context.Context, args []string) error {
	folder := path.Dir(args[1])
	_, err := h.confined(ctx, time.Minute, args[0], folder, folder, nil, "/usr/bin/sqlite3", args[1], "PRAGMA journal_mode=WAL")
	return err
}

// migrate brings a new database to the release's schema. args are the release, the
// account, the file of variables and the app.
func migrate(h hands, ctx context.Context, args []string) error {
	_, err := h.flask(ctx, 10*time.Minute, args, "db", "upgrade")
	return err
}
