package host

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"time"

	"assay/internal/tape"

	"golang.org/x/sys/unix"
)

const (
	headSize = 256
	tailSize = 64 << 10
)

func (l *local) file(ctx context.Context, a tape.Ask) tape.Answer {
	deed := "read " + short(a.Name)
	if why := badPath(a.Name); why != "" {
		return unseen(deed, why)
	}
	if a.Arg != "" && a.Arg != "tail" && a.Arg != "tail-after" && a.Arg != "head" {
		return unseen(deed, "no such way to read a file: "+short(a.Arg))
	}
	return l.read(ctx, func(r *reading) tape.Answer {
		s, err := r.walk(a.Name, true)
		if err != nil {
			return l.failedRead(r, deed, err)
		}
		defer s.close()
		body, more, err := r.content(s, a.Arg)
		if err != nil {
			return l.failedRead(r, deed, err)
		}
		return tape.Answer{Status: tape.Seen, Body: string(body), Truncated: more}
	})
}

// content reads a regular file, or its "head" or "tail", and says whether there
// was more of it.
func (r *reading) content(s *spot, part string) (body []byte, more bool, err error) {
	fd, err := r.open(s, unix.S_IFREG)
	if err != nil {
		return nil, false, err
	}
	defer unix.Close(fd)
	most := tape.MaxFile
	switch part {
	case "head":
		most = headSize
	case "tail", "tail-after":
		most = tailSize
		// The files of /proc say that their size is 0: those are read from the beginning.
		if s.st.Size > tailSize {
			more = true
			if _, err := unix.Seek(fd, s.st.Size-tailSize, io.SeekStart); err != nil {
				return nil, false, err
			}
		}
	}
	body, err = r.bytes(fd, most+1)
	if len(body) > most {
		body, more = body[:most], true
	}
	return body, more, err
}

func (r *reading) bytes(fd, most int) ([]byte, error) {
	var out []byte
	buf := make([]byte, min(most, 64<<10))
	for len(out) < most {
		if err := r.ctx.Err(); err != nil {
			return nil, errors.New("no answer in time")
		}
		n, err := unix.Read(fd, buf[:min(len(buf), most-len(out))])
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return nil, err
		case n == 0:
			return out, nil
		}
		out = append(out, buf[:n]...)
	}
	return out, nil
}

func (l *local) stat(ctx context.Context, a tape.Ask) tape.Answer {
	deed := "look at " + short(a.Name)
	if why := badPath(a.Name); why != "" {
		return unseen(deed, why)
	}
	if a.Arg != "" && a.Arg != "hash" && a.Arg != "space" && a.Arg != "caps" {
		return unseen(deed, "no such way to look at a file: "+short(a.Arg))
	}
	var st tape.Stat
	v := l.read(ctx, func(r *reading) tape.Answer {
		s, err := r.walk(a.Name, false)
		if err != nil {
			return l.failedRead(r, deed, err)
		}
		defer s.close()
		st = describe(s)
		var fs unix.Statfs_t
		if a.Arg == "space" {
			if err := unix.Fstatfs(s.fd, &fs); err != nil {
				return l.failedRead(r, deed, err)
			}
			st.Space = &tape.Space{Free: int64(fs.Bavail) * fs.Bsize, Total: int64(fs.Blocks) * fs.Bsize, Inodes: int64(fs.Ffree)}
			if fs.Files == 0 {
				st.Space.Inodes = -1
			}
		}
		if a.Arg == "caps" && s.kind() == unix.S_IFREG {
			st.Caps, err = fileCaps(s.fd)
			if err != nil {
				return l.failedRead(r, deed, err)
			}
		}
		return tape.Answer{Status: tape.Seen}
	})
	if v.Status != tape.Seen {
		return v
	}
	if st.Type == "link" || a.Arg == "hash" && st.Type == "file" {
		// A walk of its own: the first one's thread may wear rights already.
		l.read(ctx, func(r *reading) tape.Answer {
			s, err := r.walk(a.Name, true)
			if err != nil {
				return v
			}
			defer s.close()
			if st.Type == "link" {
				st.Real = s.path
			}
			if a.Arg == "hash" && s.kind() == unix.S_IFREG {
				if body, more, err := r.content(s, ""); err == nil && !more {
					sum := sha256.Sum256(body)
					st.SHA = hex.EncodeToString(sum[:])
				}
			}
			return v
		})
	}
	return tape.Encode(st)
}

func describe(s *spot) tape.Stat {
	return tape.Stat{
		Type:  typeName(s.st.Mode),
		Mode:  s.st.Mode & 0o7777,
		UID:   int(s.st.Uid),
		GID:   int(s.st.Gid),
		Size:  s.st.Size,
		MTime: time.Unix(s.st.Mtim.Unix()).UTC(),
		Dev:   s.st.Dev,
		Inode: s.st.Ino,
		Link:  s.link,
	}
}

func typeName(mode uint32) string {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		return "file"
	case unix.S_IFDIR:
		return "dir"
	case unix.S_IFLNK:
		return "link"
	case unix.S_IFSOCK:
		return "socket"
	case unix.S_IFIFO:
		return "fifo"
	}
	return "device"
}
