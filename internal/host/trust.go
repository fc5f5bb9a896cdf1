package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"assay/internal/tape"

	"golang.org/x/sys/unix"
)

// reading walks a path and reads its end by the rule of trust:
//
// As root we go on as root while every folder so far is root's own and not
// writable by its group or by others (an ACL shows in the group's bits).
// From the first folder that another user owns, the rest of the way, links
// included, has that user's rights: a gunicorn.conf.py that is a link to
// /etc/shadow is refused by the kernel. A folder of root's that others can
// write (/tmp; Ubuntu's /var/log, root:syslog 0775) is shared: who put an
// entry there is not known, so an entry is read with the rights of its own
// owner (/var/log/nginx/access.log as www-data, whom it belongs to), and what
// is root's, or has a second hard link, with nobody's. Nothing is tried again
// with more rights: a refusal is the answer.
//
// When we are not root, we read as ourselves.
type reading struct {
	walker
	root   bool
	shared bool
	spool  bool // below crontabs
	worn   *cred
	lent   string // the folder that made us wear it
}

// read runs fn with a reading, on a thread that may take another user's rights.
func (l *local) read(ctx context.Context, fn func(*reading) tape.Answer) (v tape.Answer) {
	r := &reading{root: l.root}
	r.walker = walker{ctx: ctx, visit: r.pass}
	thread(func() bool {
		v = fn(r)
		return r.worn != nil
	})
	return v
}

// pass decides with whose rights the walk goes on behind s.
func (r *reading) pass(s *spot) error {
	if !r.root || r.worn != nil {
		return nil
	}
	switch s.kind() {
	case unix.S_IFLNK:
		// A link in root's own folder is root's word; in a shared one anybody's.
		if r.shared || r.spool {
			return r.wear(s)
		}
	case unix.S_IFDIR:
		if s.st.Uid != 0 {
			return r.wear(s)
		}
		switch {
		case s.st.Mode&0o022 == 0:
		case s.path == crontabs && deserted(s):
			r.spool = true
		default:
			r.shared, r.lent = true, s.path
		}
	}
	return nil
}

// crontabs is root:crontab 1730 on Debian: nobody is in that group, and the program
// crontab(1), which has it, puts whole files there. They are read as root, since
// their owners cannot come in; a link there is nobody's word.
const crontabs = "/var/spool/cron/crontabs"

// deserted says that nobody is in the group which may write a folder, and nobody
// else may write it.
func deserted(s *spot) bool {
	if s.st.Mode&0o002 != 0 || hasACL(s) { // the group's bits are its mask then
		return false
	}
	gid := int(s.st.Gid)
	p := readPeople()
	for _, primary := range p.primary {
		if primary == gid {
			return false
		}
	}
	for _, groups := range p.member {
		if slices.Contains(groups, gid) {
			return false
		}
	}
	_, known := p.group[gid]
	return known
}

// settle takes the rights with which the content of s may be opened.
func (r *reading) settle(s *spot) error {
	if r.root && r.worn == nil && r.shared {
		return r.wear(s)
	}
	return nil
}

func (r *reading) wear(s *spot) error {
	c := nobody()
	if s.st.Uid != 0 && (s.kind() != unix.S_IFREG || s.st.Nlink == 1) {
		c = readPeople().cred(int(s.st.Uid))
	}
	if !r.shared {
		r.lent = s.path
	}
	r.worn = &c
	return c.wear()
}

// open opens the content of s, a regular file or a folder, and nothing else:
// opening a device or a pipe can have effects. The descriptor that was judged
// is the one that is opened.
func (r *reading) open(s *spot, kind uint32) (int, error) {
	if s.kind() != kind {
		if kind == unix.S_IFDIR {
			return -1, unix.ENOTDIR
		}
		return -1, errNotFile
	}
	if err := r.settle(s); err != nil {
		return -1, err
	}
	return unix.Open("/proc/self/fd/"+strconv.Itoa(s.fd), unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
}

// failedRead is the answer to a read that did not come to its end.
func (l *local) failedRead(r *reading, deed string, err error) tape.Answer {
	v := l.failed(deed, err)
	if r.worn != nil && v.Status == tape.Unseen && (errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM)) {
		v.Hint = fmt.Sprintf("others than root can write %s, so it was read as %s: let %s read it", short(r.lent), r.worn.name, r.worn.name)
	}
	return v
}
