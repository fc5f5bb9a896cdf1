package facts

import (
	"fmt"
	"strings"

	"assay/internal/fact"
	"assay/internal/tape"
)

// File is a file's text, at most tape.MaxFile.
func (f *Facts) File(path string) fact.Of[string] {
	return f.text(tape.Ask{Kind: tape.KindFile, Name: path}, path)
}

// Head is the first 256 bytes of a file, enough for its first line.
func (f *Facts) Head(path string) fact.Of[string] {
	return f.text(tape.Ask{Kind: tape.KindFile, Name: path, Arg: "head"}, path)
}

// Tail is the end of a log file.
func (f *Facts) Tail(path string) fact.Of[string] {
	return f.text(tape.Ask{Kind: tape.KindFile, Name: path, Arg: "tail"}, path)
}

// TailAfter is Tail, read once our own requests were answered.
func (f *Facts) TailAfter(path string) fact.Of[string] {
	return f.text(tape.Ask{Kind: tape.KindFile, Name: path, Arg: "tail-after"}, path)
}

// Stat is lstat, with what a link leads to; hash adds the content's SHA-256.
func (f *Facts) Stat(path string, hash bool) fact.Of[tape.Stat] {
	a := tape.Ask{Kind: tape.KindStat, Name: path}
	if hash {
		a.Arg = "hash"
	}
	return read(f, a, path, func(s tape.Stat) string {
		out := fmt.Sprintf("%s, mode %04o, uid %d, gid %d", s.Type, s.Mode, s.UID, s.GID)
		if s.Link != "" {
			out += " -> " + s.Link
			if s.Real == "" {
				out += " (leads nowhere)"
			}
		}
		return out
	})
}

// Glob is the sorted paths that match a pattern.
func (f *Facts) Glob(pattern string) fact.Of[[]string] {
	return read(f, tape.Ask{Kind: tape.KindGlob, Name: pattern}, pattern, func(p []string) string {
		return strings.Join(p, " ")
	})
}

// Space is what is left of the file system that a folder lies on.
func (f *Facts) Space(path string) fact.Of[tape.Space] {
	a := tape.Ask{Kind: tape.KindStat, Name: path, Arg: "space"}
	st := read(f, a, path, func(s tape.Stat) string {
		if s.Space == nil {
			return "not known"
		}
		return fmt.Sprintf("%d KiB of %d MiB are free", s.Space.Free>>10, s.Space.Total>>20)
	})
	return fact.Bind(st, func(s tape.Stat) fact.Of[tape.Space] {
		if s.Space == nil {
			return fact.Unknown[tape.Space](fact.Why{Text: "see what is free at " + path, Ask: a})
		}
		return fact.Known(*s.Space)
	})
}

// Tree lists a folder with what is below it.
func (f *Facts) Tree(folder string) fact.Of[[]tape.Entry] {
	return read(f, tape.Ask{Kind: tape.KindTree, Name: folder}, folder, func(e []tape.Entry) string {
		return fmt.Sprintf("%d entries", len(e))
	})
}

// Access is the kernel's verdict on what an identity may do with a path:
// want is r, w, x or connect.
func (f *Facts) Access(path, want string, id tape.Identity) fact.Of[tape.AccessReport] {
	a := tape.Ask{Kind: tape.KindAccess, Name: path, Arg: want, As: id.String()}
	return read(f, a, path, func(r tape.AccessReport) string {
		if r.OK {
			return fmt.Sprintf("uid %d may %s it", id.UID, verb(want, r))
		}
		s := fmt.Sprintf("uid %d: %s", id.UID, r.Error)
		if n := len(r.Steps); n > 0 && !r.Steps[n-1].OK && r.Steps[n-1].Type != "" {
			b := r.Steps[n-1]
			s += fmt.Sprintf(" at %s (%s, mode %04o, %s:%s)", b.Path, b.Type, b.Mode, b.Owner, b.Group)
		}
		return s
	})
}

func verb(want string, r tape.AccessReport) string {
	if n := len(r.Steps); want == "x" && n > 0 && r.Steps[n-1].Type != "dir" {
		return "run"
	}
	return map[string]string{"r": "read", "w": "write", "x": "enter", "connect": "connect to"}[want]
}

// Caps is a file with the capabilities that it gives to who runs it.
func (f *Facts) Caps(path string) fact.Of[tape.Stat] {
	return read(f, tape.Ask{Kind: tape.KindStat, Name: path, Arg: "caps"}, path, func(s tape.Stat) string {
		return "file capabilities " + strings.Join(s.Caps, ", ")
	})
}
