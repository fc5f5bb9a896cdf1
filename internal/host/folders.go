package host

import (
	"context"
	"errors"
	"os"
	"path"
	"slices"
	"strings"

	"assay/internal/tape"

	"golang.org/x/sys/unix"
)

// Bounds of one look into folders: a user's folder may hold any number of names.
const (
	maxNames   = 20000 // in one folder
	maxMatches = 4000  // of one glob
	maxFolders = 400   // that one ask lists
)

// list gives a folder's entries by name, and whether there were more.
func (r *reading) list(dir string, types bool) (out []tape.Entry, more bool, err error) {
	s, err := r.walk(dir, true)
	if err != nil {
		return nil, false, err
	}
	defer s.close()
	fd, err := r.open(s, unix.S_IFDIR)
	if err != nil {
		return nil, false, err
	}
	f := os.NewFile(uintptr(fd), dir)
	defer f.Close()
	for len(out) <= maxNames && r.ctx.Err() == nil {
		names, err := f.Readdirnames(1000)
		for _, n := range names {
			out = append(out, tape.Entry{Path: n})
		}
		if err != nil {
			break
		}
	}
	if err := r.ctx.Err(); err != nil {
		return nil, false, err
	}
	slices.SortFunc(out, func(a, b tape.Entry) int { return strings.Compare(a.Path, b.Path) })
	if more = len(out) > maxNames; more {
		out = out[:maxNames]
	}
	if types {
		if len(out) > tape.MaxTree+1 {
			out = out[:tape.MaxTree+1]
		}
		out = r.types(fd, out)
	}
	return out, more, nil
}

func (r *reading) types(dir int, in []tape.Entry) []tape.Entry {
	out := in[:0]
	for _, e := range in {
		var st unix.Stat_t
		if err := unix.Fstatat(dir, e.Path, &st, unix.AT_SYMLINK_NOFOLLOW|unix.AT_NO_AUTOMOUNT); err != nil {
			if errors.Is(err, unix.ENOENT) {
				continue // gone since it was listed
			}
			out = append(out, e)
			continue
		}
		e.Type = typeName(st.Mode)
		if e.Type == "file" {
			e.Size = st.Size
		}
		out = append(out, e)
	}
	return out
}

// listing lists one folder with a reading of its own: rights that one branch
// took must not colour the next.
func (l *local) listing(ctx context.Context, dir string, types bool) (out []tape.Entry, more bool, v tape.Answer) {
	v = l.read(ctx, func(r *reading) tape.Answer {
		var err error
		if out, more, err = r.list(dir, types); err != nil {
			return l.failedRead(r, "list "+short(dir), err)
		}
		return tape.Answer{Status: tape.Seen}
	})
	return out, more, v
}

// tree answers breadth first, without following links. A subfolder that
// refuses to be listed makes the answer Truncated: it is not the whole tree.
func (l *local) tree(ctx context.Context, a tape.Ask) tape.Answer {
	if why := badPath(a.Name); why != "" {
		return unseen("list "+short(a.Name), why)
	}
	all := []tape.Entry{}
	cut := false
	for queue, n := []string{""}, 0; len(queue) > 0; n++ {
		dir := queue[0]
		queue = queue[1:]
		entries, more, v := l.listing(ctx, path.Join(a.Name, dir), true)
		if v.Status != tape.Seen {
			if n == 0 {
				return v
			}
			cut = cut || v.Status == tape.Unseen
			continue
		}
		cut = cut || more
		for _, e := range entries {
			if len(all) == tape.MaxTree {
				cut, queue = true, nil
				break
			}
			e.Path = path.Join(dir, e.Path)
			all = append(all, e)
			if e.Type == "dir" {
				queue = append(queue, e.Path)
			}
		}
	}
	v := tape.Encode(all)
	v.Truncated = cut
	return v
}

// glob expands a pattern as glob(3) does, which nginx's include uses: a
// wildcard takes no leading dot, and "[!" negates. A folder that could not be
// listed makes the whole answer unseen: a list that lacks names would lie.
func (l *local) glob(ctx context.Context, a tape.Ask) tape.Answer {
	deed := "expand " + short(a.Name)
	if why := badPath(a.Name); why != "" {
		return unseen(deed, why)
	}
	pattern := strings.ReplaceAll(path.Clean(a.Name), "[!", "[^")
	if _, err := path.Match(pattern, ""); err != nil {
		return unseen(deed, "a malformed pattern")
	}
	found := []string{"/"}
	listed := 0
	parts := strings.Split(strings.TrimPrefix(pattern, "/"), "/")
	for i := 0; i < len(parts); i++ {
		if !strings.ContainsAny(parts[i], `*?[\`) {
			for k := range found {
				found[k] = path.Join(found[k], parts[i])
			}
			continue
		}
		var next []string
		for _, dir := range found {
			if listed++; listed > maxFolders || len(next) > maxMatches {
				return unseen(deed, "too many folders match")
			}
			entries, more, v := l.listing(ctx, dir, false)
			switch {
			case v.Status == tape.Absent:
				continue
			case v.Status != tape.Seen:
				return v
			case more:
				return unseen(deed, "too many names in "+short(dir))
			}
			next = append(next, matches(parts[i], dir, entries)...)
		}
		found = next
	}
	return l.existing(ctx, parts[len(parts)-1], found)
}

func matches(pattern, dir string, entries []tape.Entry) []string {
	var out []string
	for _, e := range entries {
		if strings.HasPrefix(e.Path, ".") && !strings.HasPrefix(pattern, ".") {
			continue
		}
		if ok, _ := path.Match(pattern, e.Path); ok {
			out = append(out, path.Join(dir, e.Path))
		}
	}
	return out
}

// existing drops the names that a literal end made up.
func (l *local) existing(ctx context.Context, end string, found []string) tape.Answer {
	out := []string{}
	for _, p := range found {
		if !strings.ContainsAny(end, `*?[\`) {
			v := l.stat(ctx, tape.Ask{Kind: tape.KindStat, Name: p})
			if v.Status == tape.Unseen {
				return v
			}
			if v.Status == tape.Absent {
				continue
			}
		}
		out = append(out, p)
	}
	slices.Sort(out)
	return tape.Encode(out)
}
