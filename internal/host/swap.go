package host

import (
	"bytes"
	"errors"
	"fmt"
	"path"

	"golang.org/x/sys/unix"
)

// ErrChanged is for what lies at a path and is neither what it was nor what it
// was to become: somebody else has changed it.
var ErrChanged = errors.New("somebody else has changed it")

// ErrHolds is for a folder that is to go and holds something.
var ErrHolds = errors.New("it holds something")

// Swap implements Writer.
func (h hands) Swap(p, mark string, from, to Image, torn bool) error {
	if err := h.swap(p, mark, from, to, torn); err != nil {
		return fmt.Errorf("change %s: %w", short(p), err)
	}
	return nil
}

func (h hands) swap(p, mark string, from, to Image, torn bool) error {
	dir, err := unix.Openat2(unix.AT_FDCWD, path.Dir(p), &unix.OpenHow{Flags: unix.O_RDONLY | unix.O_DIRECTORY | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS})
	if errors.Is(err, unix.ENOENT) && to.Kind == Nothing {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(dir)
	var st unix.Stat_t // a read-only disk says so even where there is nothing to clear away
	if err := unix.Fstatat(dir, mark, &st, unix.AT_SYMLINK_NOFOLLOW); err == nil {
		if err := unix.Unlinkat(dir, mark, 0); err != nil {
			return fmt.Errorf("clear %s away: %w", mark, err)
		}
	}
	now, _, err := h.Look(p, false)
	if err != nil {
		return err
	}
	switch {
	case now.Same(to):
		return nil
	case now.Same(from):
	case torn && (now.sameMatter(from) || now.sameMatter(to)):
	default:
		return ErrChanged
	}
	w := writing{dir: dir, name: path.Base(p), mark: mark}
	if err := w.put(now, to); err != nil {
		_ = unix.Unlinkat(dir, mark, 0)
		return err
	}
	return unix.Fsync(dir)
}

// writing is one change of one name in one folder.
type writing struct {
	dir        int
	name, mark string
}

func (w writing) put(now, to Image) error {
	switch {
	case to.Kind == Nothing && now.Kind == FolderHere:
		err := unix.Unlinkat(w.dir, w.name, unix.AT_REMOVEDIR)
		if errors.Is(err, unix.ENOTEMPTY) {
			return ErrHolds
		}
		return err
	case to.Kind == Nothing:
		return unix.Unlinkat(w.dir, w.name, 0)
	case to.Kind == HeldFile && now.Held().Kind == HeldFile:
		return w.dress(0, to)
	case to.Kind == HeldFile:
		return errors.New("it is gone")
	case to.Kind == FolderHere && now.Kind == Nothing:
		if err := unix.Mkdirat(w.dir, w.name, 0o700); err != nil {
			return err
		}
		return w.dress(unix.O_DIRECTORY, to)
	case to.Kind == FolderHere && now.Kind == FolderHere:
		return w.dress(unix.O_DIRECTORY, to)
	case now.Kind == FolderHere || to.Kind == FolderHere:
		return errors.New("a folder and a file do not take each other's place")
	case to.Kind == LinkImage:
		if err := unix.Symlinkat(to.Target, w.dir, w.mark); err != nil {
			return err
		}
		if err := unix.Fchownat(w.dir, w.mark, to.UID, to.GID, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return err
		}
		return w.rename(now)
	case now.Kind == FileImage && bytes.Equal(now.Body, to.Body):
		return w.dress(0, to) // the same file: who holds it open keeps it
	}
	return w.file(now, to)
}

// file makes the new content beside the old one and lets it take its name, so
// that at no moment half of one is there.
func (w writing) file(now, to Image) error {
	fd, err := unix.Openat(w.dir, w.mark, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err == nil {
		err = errors.Join(pour(fd, to), unix.Close(fd))
	}
	if err == nil {
		return w.rename(now)
	}
	if !errors.Is(err, unix.ENOSPC) || now.Kind != FileImage || len(to.Body) > len(now.Body) {
		return err
	}
	// Full, and what is to be there is no longer than what is: an undo must not
	// fail for that.
	_ = unix.Unlinkat(w.dir, w.mark, 0)
	fd, err = unix.Openat(w.dir, w.name, unix.O_WRONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	return errors.Join(pour(fd, to), unix.Ftruncate(fd, int64(len(to.Body))), unix.Close(fd))
}

// pour writes content, owner, mode and attributes, down to the disk.
func pour(fd int, to Image) error {
	for b := to.Body; len(b) > 0; {
		n, err := unix.Write(fd, b)
		if err != nil {
			return err
		}
		b = b[n:]
	}
	if err := dressed(fd, to); err != nil {
		return err
	}
	return unix.Fsync(fd)
}

func (w writing) rename(now Image) error {
	if now.Kind == Nothing { // and if somebody makes it in this moment, it stays
		return unix.Renameat2(w.dir, w.mark, w.dir, w.name, unix.RENAME_NOREPLACE)
	}
	return unix.Renameat(w.dir, w.mark, w.dir, w.name)
}

// dress gives what is there another owner, mode and attributes.
func (w writing) dress(flag int, to Image) error {
	fd, err := unix.Openat(w.dir, w.name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC|flag, 0)
	if err != nil {
		return err
	}
	return errors.Join(dressed(fd, to), unix.Close(fd))
}

// dressed sets the owner first: chown takes setuid bits and capabilities away.
func dressed(fd int, to Image) error {
	if err := unix.Fchown(fd, to.UID, to.GID); err != nil {
		return err
	}
	if err := unix.Fchmod(fd, to.Mode); err != nil {
		return err
	}
	has, err := attrs(fd)
	if err != nil {
		return err
	}
	for name := range has {
		if _, keep := to.Attrs[name]; !keep {
			if err := unix.Fremovexattr(fd, name); err != nil {
				return err
			}
		}
	}
	for name, v := range to.Attrs {
		if bytes.Equal(has[name], v) {
			continue
		}
		if err := unix.Fsetxattr(fd, name, v, 0); err != nil {
			return err
		}
	}
	return nil
}
