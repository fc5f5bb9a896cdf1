package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
	"time"
)

// errMoves is for an environment that would not work in another place.
var errMoves = errors.New("it names its own place")

// venvAgain takes the environment of another release over, where the packages are
// to be the same, and builds one where it cannot be. args are the release, the
// account, the list of packages, the other release, and packages that are wanted
// besides.
func venvAgain(h hands, ctx context.Context, args []string) error {
	release, other := args[0], args[3]
	tmp := venvOf(release) + ".new"
	err := errors.Join(os.RemoveAll(tmp), takeOver(venvOf(other), tmp, venvOf(release)))
	if err != nil {
		if err := os.RemoveAll(tmp); err != nil {
			return err
		}
		return buildVenv(h, ctx, append([]string{release, args[1], args[2]}, args[4:]...))
	}
	if err := os.RemoveAll(venvOf(release)); err != nil {
		return err
	}
	if err := os.Rename(tmp, venvOf(release)); err != nil {
		return err
	}
	_, _ = h.work(ctx, 10*time.Minute, "python3", "-I", "-m", "compileall", "-q", "-x", "/venv/", release)
	return nil
}

// mostScript is the size of a program or a note in which a path is looked for.
const mostScript = 1 << 20

// takeOver makes at tmp what old is, as it would be at place. Files are root's and
// nobody changes them, so both have the same ones: only programs, which name their
// interpreter, and notes that name the old place are written anew. Compiled code
// may name it, too: Python puts the right path in as it loads it
// (importlib._bootstrap_external, _fix_co_filename).
func takeOver(old, tmp, place string) error {
	from, err := os.OpenRoot(old)
	if err != nil {
		return err
	}
	defer from.Close()
	return fs.WalkDir(from.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		at := path.Join(tmp, name)
		st, err := d.Info()
		if err != nil {
			return err
		}
		if owner := st.Sys().(*syscall.Stat_t); owner.Uid != 0 || st.Mode().Perm()&0o022 != 0 && d.Type() != fs.ModeSymlink {
			return fmt.Errorf("%s: others than root can change it", name)
		}
		switch {
		case d.IsDir():
			return os.Mkdir(at, st.Mode().Perm())
		case d.Type() == fs.ModeSymlink:
			to, err := from.Readlink(name)
			if err != nil || strings.Contains(to, old) {
				return errors.Join(err, errMoves)
			}
			return os.Symlink(to, at)
		case !d.Type().IsRegular():
			return errMoves
		case strings.HasSuffix(name, ".pyc"):
			return os.Link(path.Join(old, name), at)
		}
		b, err := from.ReadFile(name)
		if err != nil {
			return err
		}
		if !bytes.Contains(b, []byte(old)) {
			return os.Link(path.Join(old, name), at)
		}
		if path.Dir(name) != "bin" && name != "pyvenv.cfg" || len(b) > mostScript || bytes.IndexByte(b, 0) >= 0 {
			return fmt.Errorf("%s: %w", name, errMoves)
		}
		return os.WriteFile(at, bytes.ReplaceAll(b, []byte(old), []byte(place)), st.Mode().Perm())
	})
}
