package host

import (
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"assay/internal/tape"

	"golang.org/x/sys/unix"
)

// readStat: the name stands in parentheses and may hold any byte, so the
// fields are counted from the last one.
func (r *procReader) readStat(dir string, p *tape.Proc) bool {
	b, err := readProc(dir+"/stat", 4096)
	s := string(b)
	open, end := strings.IndexByte(s, '('), strings.LastIndexByte(s, ')')
	if err != nil || open < 0 || end < open {
		return false
	}
	f := strings.Fields(s[end+1:])
	if len(f) < 20 {
		return false
	}
	flags, _ := strconv.ParseUint(f[6], 10, 64)
	since, _ := strconv.ParseInt(f[19], 10, 64)
	p.Comm, p.State = s[open+1:end], f[0]
	p.PPID, _ = strconv.Atoi(f[1])
	p.Start = r.boot.Add(time.Duration(since) * time.Second / ticks).UTC()
	return flags&kernelThread == 0
}

func readStatus(dir string, p *tape.Proc) bool {
	b, err := readProc(dir+"/status", 2<<20)
	if err != nil {
		return false
	}
	for line := range strings.SplitSeq(string(b), "\n") {
		key, rest, _ := strings.Cut(line, ":")
		f := strings.Fields(rest)
		switch {
		case key == "Uid" && len(f) == 4:
			p.UID, _ = strconv.Atoi(f[1])
		case key == "Gid" && len(f) == 4:
			p.GID, _ = strconv.Atoi(f[1])
		case key == "Groups":
			for _, g := range f {
				if n, err := strconv.Atoi(g); err == nil {
					p.Groups = append(p.Groups, n)
				}
			}
		}
	}
	return true
}

func (r *procReader) readArgs(dir string, p *tape.Proc) {
	if r.stuck.Load() >= maxStuck {
		p.Hidden = append(p.Hidden, "args")
		return
	}
	type read struct {
		b   []byte
		err error
	}
	done := make(chan read, 1)
	go func() {
		b, err := readProc(dir+"/cmdline", maxArgBytes)
		done <- read{b, err}
	}()
	select {
	case got := <-done:
		if got.err != nil && !errors.Is(got.err, unix.ENOENT) && !errors.Is(got.err, unix.ESRCH) {
			p.Hidden = append(p.Hidden, "args")
		}
		p.Args = splitArgs(got.b)
	case <-time.After(argsWait):
		r.stuck.Add(1)
		p.Hidden = append(p.Hidden, "args")
	}
}

// splitArgs: a process that writes a title over its arguments (gunicorn with
// setproctitle) leaves a tail of NULs, which are no arguments.
func splitArgs(b []byte) []string {
	s := strings.TrimRight(string(b), "\x00")
	if s == "" {
		return nil
	}
	args := strings.Split(s, "\x00")
	return args[:min(len(args), maxArgs)]
}

// readDoor reads a link that only root and the process's user may see.
func readDoor(path, name string, p *tape.Proc) string {
	t, err := os.Readlink(path)
	if err != nil {
		denied := errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM)
		if denied && !slices.Contains(p.Hidden, name) {
			p.Hidden = append(p.Hidden, name)
		}
		return ""
	}
	return t
}

// cgroupPath prefers the v2 hierarchy, and takes systemd's own of v1 where v2
// is absent or, as on a hybrid host, all in its root.
func cgroupPath(s string) string {
	path := ""
	for line := range strings.SplitSeq(s, "\n") {
		if p, ok := strings.CutPrefix(line, "0::"); ok && (p != "/" || path == "") {
			path = p
		}
		if _, p, ok := strings.Cut(line, ":name=systemd:"); ok && (path == "" || path == "/") {
			path = p
		}
	}
	return path
}

// readProc reads at most so many bytes of a file of /proc.
func readProc(path string, most int) ([]byte, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	var out []byte
	buf := make([]byte, min(most, 16<<10))
	for len(out) < most {
		n, err := unix.Read(fd, buf[:min(len(buf), most-len(out))])
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return out, err
		}
		if n == 0 {
			break
		}
		out = append(out, buf[:n]...)
	}
	return out, nil
}

func bootTime() (time.Time, error) {
	b, err := readProc("/proc/stat", 4<<20)
	if err != nil {
		return time.Time{}, err
	}
	_, after, ok := strings.Cut(string(b), "\nbtime ")
	line, _, _ := strings.Cut(after, "\n")
	sec, err := strconv.ParseInt(line, 10, 64)
	if !ok || err != nil {
		return time.Time{}, errors.New("no boot time in it")
	}
	return time.Unix(sec, 0), nil
}
