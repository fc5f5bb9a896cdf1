// Package dump reads what a backup file says of itself: what made it, of which
// database, and whether it comes to its end. It reads headers, ends and lengths,
// never the data for their own sake.
package dump

import (
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"io"
	"strings"

	"assay/internal/regex"
)

// File is what is known of one backup.
type File struct {
	Kind     Kind
	Packed   string // gzip, bzip2, zstd, xz, "" for none
	Database string // that it holds, where it says so
	Server   string // version of the server that it was taken from
	Tool     string // version of the program that took it
	Whole    bool   // it was read to its end, or its lengths add up
	Problem  string // why it cannot be whole: "it is cut off"
}

// Kind is a backup's format.
type Kind string

// The kinds. An unknown one is a file like any other.
const (
	Unknown    Kind = ""
	Custom     Kind = "pg_dump -Fc"
	Tar        Kind = "pg_dump -Ft"
	Directory  Kind = "pg_dump -Fd" // its toc.dat
	Plain      Kind = "pg_dump"
	Cluster    Kind = "pg_dumpall"
	MySQL      Kind = "mysqldump"
	SQLite     Kind = "SQLite"
	SQLiteText Kind = "SQLite .dump"
)

// Problems, as a person says them.
const (
	nothing = "it holds nothing"
	cut     = "it is cut off"
	garbled = "it is damaged"
)

const ends = 8 << 10 // of a text, what is looked at

var errStopped = errors.New("stopped")

// Read looks at a file of this size. stop says when there is no more time: what
// could not be read by then is neither whole nor a problem.
func Read(r io.ReaderAt, size int64, stop func() bool) File {
	if size == 0 {
		return File{Problem: nothing}
	}
	head := make([]byte, min(size, ends))
	if _, err := r.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return File{}
	}
	whole := io.NewSectionReader(r, 0, size)
	switch {
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		z, err := gzip.NewReader(whole)
		return unpacked("gzip", z, err, stop)
	case bytes.HasPrefix(head, []byte("BZh")):
		return unpacked("bzip2", bzip2.NewReader(whole), nil, stop)
	case bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")):
		return zstd(r, size, stop)
	case bytes.HasPrefix(head, []byte("\xfd7zXZ\x00")):
		return xz(r, size)
	case bytes.HasPrefix(head, []byte("PGDMP")):
		return custom(&file{r: r, size: size}, stop)
	case bytes.HasPrefix(head, []byte("SQLite format 3\x00")):
		return sqlite(head, size)
	case len(head) > 512 && bytes.Equal(head[257:262], []byte("ustar")):
		return tarred(r, head, size)
	}
	tail := make([]byte, min(size, ends))
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return File{}
	}
	return text(head, tail)
}

// unpacked reads a packed file to its end, which is what `gzip -t` does: only
// there does it show whether the packing holds.
func unpacked(how string, z io.Reader, err error, stop func() bool) File {
	f := File{Packed: how}
	if err != nil {
		f.Problem = garbled
		return f
	}
	s := &stream{r: z, stop: stop}
	head, err := beginning(s)
	switch {
	case len(head) == 0 && errors.Is(err, io.EOF):
		f.Problem = nothing
		return f
	case errors.Is(err, errStopped):
		return f
	case bytes.HasPrefix(head, []byte("PGDMP")):
		inner := custom(&stream{r: io.MultiReader(bytes.NewReader(head), s), stop: stop}, stop)
		inner.Packed = how
		if _, err := io.Copy(io.Discard, s); err != nil && inner.Problem == "" {
			inner.Whole, inner.Problem = false, trouble(err)
		}
		return inner
	}
	last := &tail{}
	_, _ = last.Write(head)
	if err == nil {
		_, err = io.Copy(last, s)
	}
	inner := text(head, last.b)
	if bytes.HasPrefix(head, []byte("SQLite format 3\x00")) {
		inner = sqlite(head, last.n)
	}
	inner.Packed = how
	switch {
	case errors.Is(err, errStopped):
		inner.Whole, inner.Problem = false, ""
	case err != nil && !errors.Is(err, io.EOF):
		inner.Whole, inner.Problem = false, trouble(err)
	case inner.Kind == Unknown:
		inner.Whole = true
	}
	return inner
}

// beginning reads the first bytes. Unlike io.ReadFull it tells an end that was
// meant (io.EOF) from one that was not.
func beginning(r io.Reader) ([]byte, error) {
	b := make([]byte, 0, ends)
	for len(b) < ends {
		n, err := r.Read(b[len(b):ends])
		if b = b[:len(b)+n]; err != nil {
			return b, err
		}
	}
	return b, nil
}

func trouble(err error) string {
	switch {
	case errors.Is(err, errStopped):
		return ""
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return cut
	}
	return garbled
}

// tail keeps the end of what is written to it.
type tail struct {
	b []byte
	n int64
}

func (t *tail) Write(p []byte) (int, error) {
	t.n += int64(len(p))
	t.b = append(t.b, p[max(0, len(p)-ends):]...)
	if len(t.b) > ends {
		t.b = append(t.b[:0], t.b[len(t.b)-ends:]...)
	}
	return len(p), nil
}

var (
	pgServer = regex.New(`(?m)^-- Dumped from database version (\S+)`)
	pgTool   = regex.New(`(?m)^-- Dumped by pg_dump version (\S+)`)
	connect  = regex.New(`(?m)^\\connect (?:-reuse-previous=\S+ )?"?([^"\s]+)"?$`)
	myHead   = regex.New(`(?m)^-- (?:MariaDB|MySQL) dump (\S+)`)
	myBase   = regex.New(`(?m)^-- Host: .*? Database: ([^\s]*)[ \t]*$`)
	myServer = regex.New(`(?m)^-- Server version\s+(\S+)`)
)

// text knows the dumps that are SQL by the comments at their two ends.
func text(head, tail []byte) File {
	h, t := string(head), string(tail)
	f := File{Server: first(pgServer, h), Tool: first(pgTool, h), Database: first(connect, h)}
	end := ""
	switch {
	case strings.Contains(h, "-- PostgreSQL database cluster dump\n"):
		f.Kind, f.Database, end = Cluster, "", "-- PostgreSQL database cluster dump complete"
	case strings.Contains(h, "-- PostgreSQL database dump\n"):
		f.Kind, end = Plain, "-- PostgreSQL database dump complete"
	case myHead.MatchString(h):
		f = File{Kind: MySQL, Tool: first(myHead, h), Server: first(myServer, h), Database: first(myBase, h)}
		end = "-- Dump completed"
	case strings.HasPrefix(h, "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;"):
		f.Kind, end = SQLiteText, "COMMIT;"
	default:
		return File{}
	}
	if f.Whole = strings.Contains(t, end); !f.Whole {
		f.Problem = cut
	}
	return f
}

func first(re *regex.Regex, s string) string {
	if m := re.FindStringSubmatch(s); m != nil {
		return m[1]
	}
	return ""
}
