package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"assay/internal/syntax/gitobject"
	"assay/internal/tape"

	"golang.org/x/sys/unix"
)

// Bounds of one look into a history.
const (
	historyWait    = 20 * time.Second
	historyObjects = 200_000
	historyPacks   = 256 << 20
	historyTrees   = 32 << 20 // that are kept to name what was found
	historyStores  = 5        // with alternates
	historyHits    = 24       // of one secret
	looseSize      = 17 << 20
	indexSize      = 2048 + historyObjects*(20+4+4+8)
)

// past searches the objects of a git repository, those that no branch reaches
// any more, too. git is not run: a repository's configuration may start
// programs. What leads into the repository (a .git file, alternates) may stand
// in a user's tree, so all is read with the rights that .git itself is read with.
type past struct {
	l       *local
	as      *cred
	top     string
	secrets []live
	report  tape.LeakReport
	objects int
	packs   int64
	found   []pastHit
	count   []int // of found, by secret
	trees   []gitobject.Object
	kept    int
	commits []pastCommit
	ctx     context.Context
}

type pastHit struct {
	id     gitobject.ID
	secret int
	line   int
	path   string
	commit gitobject.ID
	when   int64
	named  bool
}

type pastCommit struct {
	id gitobject.ID
	gitobject.CommitHead
}

// history answers a Leaks ask of the History form.
func (l *local) history(ctx context.Context, root string, secrets []live) tape.Answer {
	ctx, cancel := context.WithTimeout(ctx, historyWait)
	defer cancel()
	p := &past{l: l, ctx: ctx, secrets: secrets, count: make([]int, len(secrets))}
	for _, x := range secrets {
		p.report.Secrets = append(p.report.Secrets, x.name)
	}
	top, where, why := l.repository(ctx, root)
	if why != "" {
		return tape.Answer{Status: tape.Unseen, Why: why}
	}
	if p.top = top; where != "" {
		p.report.Top = top
		l.read(ctx, func(r *reading) tape.Answer {
			if s, err := r.walk(path.Join(top, ".git"), true); err == nil {
				_ = r.settle(s)
				s.close()
			}
			p.as = r.worn
			return tape.Answer{}
		})
		p.repository(where)
		p.name()
	}
	return tape.Encode(p.report)
}

func (p *past) more(format string, args ...any) {
	if p.report.More == "" {
		p.report.More = fmt.Sprintf(format, args...)
	}
}

// reading does fn with the repository's rights.
func (p *past) reading(what string, fn func(*reading) error) (there bool) {
	v := p.l.read(p.ctx, func(r *reading) tape.Answer {
		if p.as != nil {
			r.worn, r.lent = p.as, p.top
			if err := p.as.wear(); err != nil {
				return unseen("read "+short(what), cause(err))
			}
		}
		if err := fn(r); err != nil {
			return p.l.failedRead(r, "read "+short(what), err)
		}
		return tape.Answer{Status: tape.Seen}
	})
	if v.Status == tape.Unseen {
		p.more("%s", v.Why)
	}
	return v.Status == tape.Seen
}

// text reads a small file; "" where there is none.
func (p *past) text(name string) (out string) {
	p.reading(name, func(r *reading) error {
		s, err := r.walk(name, true)
		if err != nil {
			return err
		}
		defer s.close()
		b, more, err := r.upTo(s, tailSize)
		if more {
			p.more("%s is larger than is read", short(name))
		}
		out = string(b)
		return err
	})
	return out
}

func (p *past) list(dir string) (out []string, there bool) {
	there = p.reading(dir, func(r *reading) error {
		entries, more, err := r.list(dir, false)
		if more {
			p.more("more names in %s than are listed", short(dir))
		}
		for _, e := range entries {
			out = append(out, e.Path)
		}
		return err
	})
	return out, there
}

func (p *past) repository(where string) {
	if to := strings.TrimSpace(p.text(path.Join(where, "commondir"))); to != "" { // a worktree
		where = absolute(to, where)
	}
	if p.text(path.Join(where, "shallow")) != "" {
		p.more("the clone is shallow: its older commits are not on this host")
	}
	stores := []string{path.Join(where, "objects")}
	for i := 0; i < len(stores) && p.ctx.Err() == nil; i++ {
		for line := range strings.Lines(p.text(path.Join(stores[i], "info/alternates"))) {
			line = strings.TrimRight(line, "\n")
			to := absolute(line, stores[i])
			switch {
			case line == "" || line[0] == '#' || slices.Contains(stores, to):
			case len(stores) == historyStores || line[0] == '"' || badPath(to) != "":
				p.more("the objects in %s, which info/alternates names, were not read", short(line))
			default:
				stores = append(stores, to)
			}
		}
		p.store(stores[i])
	}
	if p.ctx.Err() != nil {
		p.more("time ran out after %d objects", p.objects)
	}
}

// store reads a folder of objects: the loose ones first, since git may pack
// them meanwhile.
func (p *past) store(dir string) {
	names, there := p.list(dir)
	if !there {
		p.more("there is no folder %s", short(dir))
		return
	}
	for _, n := range names {
		if len(n) == 2 && strings.Trim(n, "0123456789abcdef") == "" {
			p.loose(path.Join(dir, n), n)
		}
	}
	packs, _ := p.list(path.Join(dir, "pack"))
	for _, n := range packs {
		base, isPack := strings.CutSuffix(n, ".pack")
		switch {
		case strings.HasSuffix(n, ".promisor"):
			p.more("the clone is partial: some of its objects are not on this host")
		case isPack && strings.HasPrefix(n, "pack-"):
			p.pack(path.Join(dir, "pack", base))
		}
	}
}

func (p *past) loose(dir, begins string) {
	names, _ := p.list(dir)
	p.reading(dir, func(r *reading) error {
		for _, n := range names {
			id, ok := gitobject.ParseID(begins + n)
			switch {
			case len(n) == 62:
				return errors.New("the ids are of SHA-256, which is not read")
			case !ok:
				continue // a temporary file
			case p.objects >= historyObjects:
				return fmt.Errorf("more than %d objects", historyObjects)
			}
			s, err := r.walk(path.Join(dir, n), false)
			if errors.Is(err, unix.ENOENT) {
				continue // packed meanwhile
			}
			if err != nil {
				return err
			}
			b, more, err := r.upTo(s, looseSize)
			if s.close(); err != nil {
				return err
			}
			if p.objects++; more {
				continue
			}
			o, ok, err := gitobject.Loose(id, b, p.limits())
			if err != nil {
				p.more("read object %s: %v", id, err)
			} else if ok {
				_ = p.object(o)
			}
		}
		return nil
	})
}

func (p *past) limits() gitobject.Limits {
	return gitobject.Limits{Object: 16 << 20, Blob: tape.MaxFile, Held: 64 << 20, Total: 4 << 30, Stop: p.ctx.Err}
}

// pack reads NAME.pack by NAME.idx.
func (p *past) pack(name string) {
	p.reading(name+".pack", func(r *reading) error {
		s, err := r.walk(name+".idx", true)
		if err != nil {
			return missing(err)
		}
		b, more, err := r.upTo(s, indexSize)
		if s.close(); err != nil {
			return err
		}
		if more {
			return fmt.Errorf("more than %d objects", historyObjects)
		}
		x, err := gitobject.ParseIndex(b, historyObjects-p.objects)
		if err != nil {
			return err
		}
		if s, err = r.walk(name+".pack", true); err != nil {
			return missing(err)
		}
		defer s.close()
		if p.packs += s.st.Size; p.packs > historyPacks {
			p.packs -= s.st.Size
			return fmt.Errorf("the packs are larger than %d MiB", historyPacks>>20)
		}
		fd, err := r.open(s, unix.S_IFREG)
		if err != nil {
			return err
		}
		f := os.NewFile(uintptr(fd), name)
		defer f.Close()
		p.objects += x.Len()
		skipped, err := gitobject.Walk(f, s.st.Size, x, p.limits(), p.object)
		if skipped.N > 0 {
			p.more("%d objects of %s were not read: %v", skipped.N, short(name+".pack"), skipped.Why)
		}
		if p.ctx.Err() != nil {
			return nil // said at the end
		}
		return err
	})
}

// missing keeps a pack that is half there from being taken for none.
func missing(err error) error {
	if errors.Is(err, unix.ENOENT) {
		return errors.New("it went away, or its index is missing")
	}
	return err
}

func (p *past) object(o gitobject.Object) error {
	switch o.Kind {
	case gitobject.Blob:
		p.report.Files++
		for i, x := range p.secrets {
			if p.count[i] >= historyHits {
				continue
			}
			at := alone(o.Body, x.value)
			if at < 0 || slices.ContainsFunc(p.found, func(h pastHit) bool { return h.id == o.ID && h.secret == i }) {
				continue
			}
			p.count[i]++
			p.found = append(p.found, pastHit{id: o.ID, secret: i, line: bytes.Count(o.Body[:at], []byte("\n")) + 1})
		}
	case gitobject.Tree:
		if p.kept += len(o.Body); p.kept <= historyTrees {
			p.trees = append(p.trees, o)
		}
	case gitobject.Commit:
		c, err := gitobject.ParseCommit(o.Body)
		if err != nil {
			p.more("read object %s: %v", o.ID, err)
			return nil
		}
		p.commits = append(p.commits, pastCommit{o.ID, c})
	}
	return nil
}
