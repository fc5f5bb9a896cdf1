package host

import (
	"context"
	"errors"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// maxLinks is the kernel's own bound on links in one path.
const maxLinks = 40

var (
	errDoor    = errors.New("a link into a process is not followed")
	errNotFile = errors.New("not a regular file")
)

// spot is one element of a path, pinned by a descriptor: what is decided about
// it holds for what is opened later, whatever happens to the name.
type spot struct {
	fd   int // O_PATH
	st   unix.Stat_t
	path string // as walked, links resolved
	link string // a link's text
	door bool   // a link of /proc that its text does not describe
	last bool
}

func (s *spot) kind() uint32 { return s.st.Mode & unix.S_IFMT }

func (s *spot) close() {
	if s != nil && s.fd >= 0 {
		unix.Close(s.fd)
		s.fd = -1
	}
}

// walker goes down a path element by element on folder descriptors and
// follows links by hand, so that visit sees every one of them, "/" first, and
// may stop it or change the thread's rights in between. The kernel never
// resolves more than one name at a time.
type walker struct {
	ctx   context.Context
	visit func(*spot) error
	at    string // where it stands: the object of an error
	links int
	root  int
}

// walk returns the path's end, which the caller closes. A link at the end is
// followed only if follow is set.
func (w *walker) walk(p string, follow bool) (*spot, error) {
	fd, err := unix.Open("/", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	w.root = fd
	defer unix.Close(fd)
	cur, err := w.top(rest(p) == "")
	for err == nil {
		name, left, _ := strings.Cut(rest(p), "/")
		if name == "" {
			return cur, nil
		}
		if err = w.ctx.Err(); err != nil {
			break
		}
		p = left
		var next *spot
		if next, err = w.step(cur, name, rest(left) == ""); err != nil {
			break
		}
		if next.link != "" && (follow || !next.last) {
			if next.door {
				next.close()
				err = errDoor
				break
			}
			p = next.link + "/" + left
			next.close()
			if path.IsAbs(p) {
				cur.close()
				cur, err = w.top(rest(p) == "")
			}
			continue
		}
		cur.close()
		cur = next
	}
	cur.close()
	return nil, err
}

// rest drops what names nothing at the beginning of a relative path.
func rest(p string) string {
	for {
		switch {
		case strings.HasPrefix(p, "/"):
			p = p[1:]
		case p == ".":
			return ""
		case strings.HasPrefix(p, "./"):
			p = p[2:]
		default:
			return p
		}
	}
}

func (w *walker) top(last bool) (*spot, error) {
	fd, err := unix.FcntlInt(uintptr(w.root), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return w.arrive(&spot{fd: fd, path: "/", last: last})
}

func (w *walker) step(cur *spot, name string, last bool) (*spot, error) {
	w.at = path.Join(cur.path, name)
	if cur.kind() != unix.S_IFDIR {
		return nil, unix.ENOTDIR
	}
	fd, err := unix.Openat(cur.fd, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	next, err := w.arrive(&spot{fd: fd, path: w.at, last: last})
	if err != nil || next.kind() != unix.S_IFLNK {
		return next, err
	}
	if err := w.readLink(cur, next); err != nil {
		next.close()
		return nil, err
	}
	return next, nil
}

func (w *walker) arrive(s *spot) (*spot, error) {
	w.at = s.path
	err := unix.Fstat(s.fd, &s.st)
	if err == nil {
		err = w.visit(s)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// readLink fills in the link's text. The links of /proc/PID (root, cwd, exe,
// fd) are doors, not texts: what they spell may lie in another mount
// namespace, so going by the text would read the wrong file. Those of /proc
// itself (self, mounts, net) are plain; its root has inode 1.
func (w *walker) readLink(dir, s *spot) error {
	if w.links++; w.links > maxLinks {
		return unix.ELOOP
	}
	buf := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(s.fd, "", buf)
	if err != nil {
		return err
	}
	if s.link = string(buf[:n]); s.link == "" {
		return unix.ENOENT
	}
	var fs unix.Statfs_t
	if err := unix.Fstatfs(dir.fd, &fs); err != nil {
		return err
	}
	s.door = int64(fs.Type) == unix.PROC_SUPER_MAGIC && dir.st.Ino != 1
	return nil
}
