package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"assay/internal/tape"

	"golang.org/x/sys/unix"
)

// maxDescriptors bounds those that are looked at of one process.
const maxDescriptors = 8192

type fileID struct{ dev, inode uint64 }

// writes tells which logs some processes hold open for writing.
func (l *local) writes(ctx context.Context, a tape.Ask) tape.Answer {
	pids, ok := pidList(a.Name)
	if !ok {
		return unseen("list the open files", "not process ids: "+short(a.Name))
	}
	out := tape.Writes{PIDs: []int{}, Files: []tape.WriteFile{}}
	at := map[fileID]int{}
	cut := false
	for _, pid := range pids {
		if ctx.Err() != nil {
			return stopped(ctx, a)
		}
		more, err := logsOf(ctx, pid, &out, at)
		if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ESRCH) {
			continue // it has ended
		}
		if err != nil {
			return l.failed(fmt.Sprintf("list the open files of process %d", pid), err)
		}
		out.PIDs = append(out.PIDs, pid)
		cut = cut || more
	}
	if len(out.PIDs) == 0 {
		return absent()
	}
	slices.SortFunc(out.Files, func(a, b tape.WriteFile) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Inode, b.Inode))
	})
	v := tape.Encode(out)
	v.Truncated = cut
	return v
}

func logsOf(ctx context.Context, pid int, out *tape.Writes, at map[fileID]int) (more bool, err error) {
	dir := "/proc/" + strconv.Itoa(pid)
	d, err := os.Open(dir + "/fd")
	if err != nil {
		return false, err
	}
	defer d.Close()
	names, err := d.Readdirnames(maxDescriptors)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	more = len(names) == maxDescriptors
	for _, n := range names {
		if ctx.Err() != nil {
			return true, nil
		}
		f, ok := logAt(dir, n)
		if !ok {
			continue
		}
		id := fileID{f.Dev, f.Inode}
		i, known := at[id]
		if !known {
			if len(out.Files) == tape.MaxWrites {
				more = true
				continue
			}
			i = len(out.Files)
			at[id], out.Files = i, append(out.Files, f)
		}
		if own := &out.Files[i].PIDs; !slices.Contains(*own, pid) {
			*own = append(*own, pid)
		}
	}
	return more, nil
}

// logAt reads one descriptor. Nobody appends to a file but to keep what others
// read later; what is called a log counts as well.
func logAt(dir, fd string) (f tape.WriteFile, ok bool) {
	to, err := os.Readlink(dir + "/fd/" + fd)
	if err != nil || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "/memfd:") || strings.HasPrefix(to, "/dev/") {
		return f, false
	}
	info, err := readProc(dir+"/fdinfo/"+fd, 4096)
	if err != nil {
		return f, false
	}
	flags := descriptorFlags(string(info))
	f.Path, f.Deleted = strings.CutSuffix(to, " (deleted)")
	if flags&unix.O_ACCMODE == unix.O_RDONLY || flags&unix.O_APPEND == 0 && !strings.Contains(path.Base(f.Path), ".log") {
		return f, false
	}
	var st unix.Stat_t
	if err := unix.Stat(dir+"/fd/"+fd, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		return f, false
	}
	f.Deleted = st.Nlink == 0
	f.Dev, f.Inode, f.Size = st.Dev, st.Ino, max(st.Size, st.Blocks*512)
	var fs unix.Statfs_t
	if err := unix.Statfs(dir+"/fd/"+fd, &fs); err == nil {
		f.Space = spaceOf(st.Dev, fs)
	}
	return f, true
}

func descriptorFlags(info string) int {
	for l := range strings.Lines(info) {
		if v, ok := strings.CutPrefix(l, "flags:"); ok {
			n, _ := strconv.ParseInt(strings.TrimSpace(v), 8, 64)
			return int(n)
		}
	}
	return 0
}

func spaceOf(dev uint64, fs unix.Statfs_t) tape.Room {
	size := uint64(fs.Bsize)
	return tape.Room{
		Dev:        dev,
		Total:      fs.Blocks * size,
		Used:       (fs.Blocks - fs.Bfree) * size,
		Free:       fs.Bavail * size,
		Inodes:     fs.Files,
		InodesFree: fs.Ffree,
		ReadOnly:   fs.Flags&unix.ST_RDONLY != 0,
	}
}

// disk tells how much is left where a path lies.
func (l *local) disk(ctx context.Context, a tape.Ask) tape.Answer {
	deed := "look at the disk of " + short(a.Name)
	if why := badPath(a.Name); why != "" {
		return unseen(deed, why)
	}
	return l.read(ctx, func(r *reading) tape.Answer {
		s, err := r.walk(a.Name, true)
		if err != nil {
			return l.failedRead(r, deed, err)
		}
		defer s.close()
		var fs unix.Statfs_t
		if err := unix.Fstatfs(s.fd, &fs); err != nil {
			return l.failedRead(r, deed, err)
		}
		return tape.Encode(spaceOf(s.st.Dev, fs))
	})
}
