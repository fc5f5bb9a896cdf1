package host

import (
	"cmp"
	"context"
	"os"
	"path"
	"slices"
	"time"

	"assay/internal/syntax/dump"
	"assay/internal/tape"

	"golang.org/x/sys/unix"
)

const (
	maxDumpFolders = 40 // subfolders, one a day say
	dumpDepth      = 2
	openedFor      = 3 * time.Second // all files together: a large one is not unpacked to its end
)

// dumps looks at the files of a folder in which backups lie: the newest, and
// of some what they say of themselves. No content leaves here.
func (l *local) dumps(ctx context.Context, a tape.Ask) tape.Answer {
	deed := "list " + short(a.Name)
	if why := badPath(a.Name); why != "" {
		return unseen(deed, why)
	}
	all := []tape.Dump{}
	cut := false
	queue := []string{""}
	for n := 0; n < len(queue) && n < maxDumpFolders; n++ {
		files, folders, more, v := l.dated(ctx, a.Name, queue[n])
		if v.Status != tape.Seen {
			if n == 0 {
				return v
			}
			cut = cut || v.Status == tape.Unseen
			continue
		}
		cut = cut || more
		all = append(all, files...)
		if depth(queue[n]) < dumpDepth {
			queue = append(queue, folders...)
		}
	}
	cut = cut || len(queue) > maxDumpFolders
	slices.SortFunc(all, func(a, b tape.Dump) int { return cmp.Or(b.MTime.Compare(a.MTime), cmp.Compare(a.Path, b.Path)) })
	all = all[:min(len(all), tape.MaxDumps)]
	end := time.Now().Add(openedFor)
	for i := range all[:min(len(all), tape.MaxOpened)] {
		l.open(ctx, a.Name, &all[i], func() bool { return ctx.Err() != nil || time.Now().After(end) })
	}
	v := tape.Encode(all)
	v.Truncated = cut
	return v
}

func depth(dir string) int {
	n := 0
	for ; dir != "" && dir != "."; dir = path.Dir(dir) {
		n++
	}
	return n
}

// dated lists the regular files of one folder with their times, and its
// subfolders, the last names first: those are the newest where names are dates.
func (l *local) dated(ctx context.Context, base, dir string) (files []tape.Dump, folders []string, more bool, v tape.Answer) {
	v = l.read(ctx, func(r *reading) tape.Answer {
		at := path.Join(base, dir)
		s, err := r.walk(at, true)
		if err != nil {
			return l.failedRead(r, "list "+short(at), err)
		}
		defer s.close()
		fd, err := r.open(s, unix.S_IFDIR)
		if err != nil {
			return l.failedRead(r, "list "+short(at), err)
		}
		f := os.NewFile(uintptr(fd), at)
		defer f.Close()
		names, _ := f.Readdirnames(maxNames + 1)
		if more = len(names) > maxNames; more {
			names = names[:maxNames]
		}
		slices.SortFunc(names, func(a, b string) int { return cmp.Compare(b, a) })
		for _, n := range names {
			var st unix.Stat_t
			if unix.Fstatat(fd, n, &st, unix.AT_SYMLINK_NOFOLLOW|unix.AT_NO_AUTOMOUNT) != nil || ctx.Err() != nil {
				continue
			}
			switch st.Mode & unix.S_IFMT {
			case unix.S_IFREG:
				files = append(files, tape.Dump{Path: path.Join(dir, n), Size: st.Size, MTime: time.Unix(st.Mtim.Unix()).UTC()})
			case unix.S_IFDIR:
				folders = append(folders, path.Join(dir, n))
			}
		}
		return tape.Answer{Status: tape.Seen}
	})
	return files, folders, more, v
}

// open reads what one file says of itself, with a reading of its own.
func (l *local) open(ctx context.Context, base string, d *tape.Dump, stop func() bool) {
	at := path.Join(base, d.Path)
	v := l.read(ctx, func(r *reading) tape.Answer {
		s, err := r.walk(at, true)
		if err != nil {
			return l.failedRead(r, "read "+short(at), err)
		}
		defer s.close()
		fd, err := r.open(s, unix.S_IFREG)
		if err != nil {
			return l.failedRead(r, "read "+short(at), err)
		}
		f := os.NewFile(uintptr(fd), at)
		defer f.Close()
		x := dump.Read(f, s.st.Size, stop)
		d.Kind, d.Packed, d.Database, d.Server, d.Tool = string(x.Kind), x.Packed, x.Database, x.Server, x.Tool
		d.Whole, d.Problem = x.Whole, x.Problem
		return tape.Answer{Status: tape.Seen}
	})
	if v.Status == tape.Unseen {
		d.Unseen = v.Why
	}
}
