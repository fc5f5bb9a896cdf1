package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"time"
	"unsafe"

	"assay/internal/tape"

	"golang.org/x/sys/unix"
)

// connectWait is how long a socket whose queue is full is asked again.
const connectWait = time.Second

// way is a walk to judge what an identity may do at each element.
type way struct {
	walker
	people people
	want   string
	report tape.AccessReport
}

// access lets the kernel judge: a thread enters the process's view of the
// disk, takes the identity's rights, and tries. It never opens any content.
func (l *local) access(ctx context.Context, a tape.Ask) tape.Answer {
	id, err := tape.ParseIdentity(a.As)
	deed := fmt.Sprintf("judge access to %s as %s", short(a.Name), short(a.As))
	if err != nil {
		return unseen("judge access to "+short(a.Name), "no identity is given")
	}
	if why := badPath(a.Name); why != "" {
		return unseen(deed, why)
	}
	if !slices.Contains([]string{"r", "w", "x", "connect"}, a.Arg) {
		return unseen(deed, "want r, w, x or connect, not "+short(a.Arg))
	}
	if id.UID < 0 || id.GID < 0 || id.PID < 0 || len(id.Groups) > 65536 {
		return unseen(deed, "no such identity")
	}
	if !l.root {
		if why := others(id); why != "" {
			return hinted(unseen(deed, why), sudo)
		}
	}
	w := &way{people: readPeople(), want: a.Arg}
	w.walker = walker{ctx: ctx, visit: w.pass}
	w.report.Steps = []tape.Step{}
	var v tape.Answer
	thread(func() bool {
		v = l.judge(w, id, a.Name, deed)
		return true
	})
	return v
}

// others says why we, who are not root, cannot speak for an identity.
func others(id tape.Identity) string {
	mine, err := os.Getgroups()
	if err != nil || id.UID != os.Geteuid() || id.GID != os.Getegid() {
		return "only root can look as another user"
	}
	set := func(g []int) []int { return slices.Compact(slices.Sorted(slices.Values(append(g, id.GID)))) }
	if !slices.Equal(set(mine), set(slices.Clone(id.Groups))) {
		return "only root can look with other groups"
	}
	if id.PID == 0 {
		return ""
	}
	ours, err1 := os.Readlink("/proc/self/ns/mnt")
	its, err2 := os.Readlink(fmt.Sprintf("/proc/%d/ns/mnt", id.PID))
	if err1 != nil || err2 != nil || ours != its {
		return "only root can look with another process's view of the disk"
	}
	return ""
}

func (l *local) judge(w *way, id tape.Identity, name, deed string) tape.Answer {
	// Its own working folder, which connecting needs; setns asks for it too.
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return unseen(deed, "unshare: "+cause(err))
	}
	if l.root {
		if id.PID != 0 {
			if err := enter(id.PID); err != nil {
				return unseen(fmt.Sprintf("enter the mount namespace of process %d", id.PID), cause(err))
			}
		}
		c := cred{name: w.people.userName(id.UID), uid: id.UID, gid: id.GID, groups: id.Groups}
		if err := c.wear(); err != nil {
			return unseen(deed, cause(err))
		}
	}
	s, err := w.walk(name, true)
	if err == nil {
		s.close()
		w.report.OK = true
		return tape.Encode(w.report)
	}
	if errors.Is(err, unix.ENOSYS) {
		return unseen(deed, "the kernel is older than 5.8 and has no faccessat2")
	}
	if w.ctx.Err() != nil {
		return unseen(deed, "no answer in time")
	}
	if n := len(w.report.Steps); n == 0 || w.report.Steps[n-1].OK {
		w.report.Steps = append(w.report.Steps, tape.Step{Path: w.at, Error: cause(err)})
	}
	w.report.Error = cause(err)
	return tape.Encode(w.report)
}

// enter moves the thread to where a process sees the disk from: its mount
// namespace and, within that, its root folder (RootDirectory=, chroot).
func enter(pid int) error {
	dir := "/proc/" + strconv.Itoa(pid)
	ns, err := unix.Open(dir+"/ns/mnt", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(ns)
	root, err := unix.Open(dir+"/root", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(root)
	if err := unix.Setns(ns, unix.CLONE_NEWNS); err != nil {
		return err
	}
	if err := unix.Fchdir(root); err != nil {
		return err
	}
	return unix.Chroot(".")
}

// pass notes one element and whether it lets us on; the first refusal ends the walk.
func (w *way) pass(s *spot) error {
	step := tape.Step{
		Path:  s.path,
		Type:  typeName(s.st.Mode),
		Mode:  s.st.Mode & 0o7777,
		Owner: w.people.userName(int(s.st.Uid)),
		Group: w.people.groupName(int(s.st.Gid)),
		ACL:   hasACL(s),
	}
	err := w.try(s)
	step.OK = err == nil
	if err != nil {
		step.Error = cause(err)
	}
	w.report.Steps = append(w.report.Steps, step)
	return err
}

func (w *way) try(s *spot) error {
	switch {
	case s.kind() == unix.S_IFLNK:
		return nil // its target is judged
	case !s.last && s.kind() == unix.S_IFDIR:
		return may(s, unix.X_OK)
	case !s.last:
		return unix.ENOTDIR
	}
	switch w.want {
	case "r":
		return may(s, unix.R_OK)
	case "w":
		return may(s, unix.W_OK)
	case "x":
		return may(s, unix.X_OK)
	}
	return w.connect(s)
}

// may asks the kernel about the very inode that we hold. x/sys's Faccessat
// emulates the flags in user space when it may, which reads the mode bits and
// not the ACLs; hence the plain system call (Linux 5.8).
func may(s *spot, mode uint32) error {
	var empty byte
	_, _, no := unix.Syscall6(unix.SYS_FACCESSAT2, uintptr(s.fd), uintptr(unsafe.Pointer(&empty)),
		uintptr(mode), unix.AT_EACCESS|unix.AT_EMPTY_PATH, 0, 0)
	if no != 0 {
		return no
	}
	return nil
}

// connect reaches the socket by its name from within its folder, so that no
// /proc is needed in a foreign namespace and the 107 bytes of a socket's
// address hold only the name. The connection is closed before a byte is sent.
func (w *way) connect(s *spot) error {
	if err := unix.Chdir(path.Dir(s.path)); err != nil {
		return err
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return connectUnix(w.ctx, fd, "./"+path.Base(s.path))
}

// connectUnix connects without blocking: a full queue answers EAGAIN.
func connectUnix(ctx context.Context, fd int, name string) error {
	for end := time.Now().Add(connectWait); ; time.Sleep(20 * time.Millisecond) {
		err := unix.Connect(fd, &unix.SockaddrUnix{Name: name})
		if !errors.Is(err, unix.EAGAIN) || time.Now().After(end) || ctx.Err() != nil {
			return err
		}
	}
}

// hasACL says whether an inode has an ACL beyond its mode. The descriptor is a
// mere path, which fgetxattr refuses; its name under /proc does it, and where
// there is no /proc (a foreign namespace) the walked path does.
func hasACL(s *spot) bool {
	if s.kind() == unix.S_IFLNK {
		return false
	}
	const acl = "system.posix_acl_access"
	n, err := unix.Getxattr("/proc/self/fd/"+strconv.Itoa(s.fd), acl, nil)
	if errors.Is(err, unix.ENOENT) {
		n, err = unix.Lgetxattr(s.path, acl, nil)
	}
	return err == nil && n > 0
}
