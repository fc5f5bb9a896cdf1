package dump

import (
	"errors"
	"io"
)

// reader is a file that can be walked without reading all of it.
type reader interface {
	io.Reader
	skip(n int64) error
}

// file skips by not reading.
type file struct {
	r         io.ReaderAt
	off, size int64
	buf       []byte
	at        int64 // of buf
}

func (f *file) Read(p []byte) (int, error) {
	if f.off >= f.size {
		return 0, io.EOF
	}
	if f.off < f.at || f.off >= f.at+int64(len(f.buf)) {
		b := make([]byte, min(4096, f.size-f.off))
		n, err := f.r.ReadAt(b, f.off)
		if n == 0 {
			return 0, err
		}
		f.buf, f.at = b[:n], f.off
	}
	n := copy(p, f.buf[f.off-f.at:])
	f.off += int64(n)
	return n, nil
}

func (f *file) skip(n int64) error {
	if f.off += n; f.off > f.size {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// stream skips by reading on.
type stream struct {
	r    io.Reader
	stop func() bool
}

func (s *stream) Read(p []byte) (int, error) {
	if s.stop() {
		return 0, errStopped
	}
	return s.r.Read(p)
}

func (s *stream) skip(n int64) error {
	_, err := io.CopyN(io.Discard, s, n)
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// archive reads PostgreSQL's own format (src/bin/pg_dump/pg_backup_archiver.c,
// pg_backup_custom.c; archive versions 1.10 to 1.16, which are PostgreSQL 8.3 to
// 18): a header, a table of contents, then one run of blocks for each entry that
// has data. Its lengths lead from block to block up to the end of the file.
type archive struct {
	r       reader
	minor   int
	intSize int
	offSize int
	format  int
	err     error
}

const (
	maxEntries = 2_000_000
	maxString  = 1 << 30
)

func (a *archive) byte() int {
	var b [1]byte
	if a.err == nil {
		_, a.err = io.ReadFull(a.r, b[:])
	}
	return int(b[0])
}

func (a *archive) int() int64 {
	negative := a.byte() != 0
	var n int64
	for i := range a.intSize {
		n |= int64(a.byte()) << (8 * min(i, 7))
	}
	if negative {
		return -n
	}
	return n
}

func (a *archive) length() int64 {
	n := a.int()
	if n > maxString && a.err == nil {
		a.err = errGarbled
	}
	return max(n, 0)
}

var errGarbled = errors.New("garbled")

func (a *archive) string() string {
	n := a.length()
	if a.err != nil || n > 4096 {
		a.pass(n)
		return ""
	}
	b := make([]byte, n)
	_, a.err = io.ReadFull(a.r, b)
	return string(b)
}

func (a *archive) pass(n int64) {
	if a.err == nil && n > 0 {
		a.err = a.r.skip(n)
	}
}

func (a *archive) skipStrings(n int) {
	for range n {
		a.pass(a.length())
	}
}

// custom reads a file of pg_dump -Fc.
func custom(r reader, stop func() bool) File {
	f := File{Kind: Custom}
	a := &archive{r: r}
	if !a.head(&f) {
		f.Problem = trouble(orGarbled(a.err))
		return f
	}
	data := a.contents(stop)
	if a.format != 1 { // pg_dump writes 3 here, which is tar
		f.Kind = Directory // the data lies in files beside this one
	} else if a.err == nil {
		a.blocks(data, stop)
	}
	f.Whole = a.err == nil
	if a.err != nil {
		f.Problem = trouble(a.err)
	}
	return f
}

func orGarbled(err error) error {
	if err == nil {
		return errGarbled
	}
	return err
}

// head reads the header. Archives of other formats (tar, directory) begin so, too.
func (a *archive) head(f *File) bool {
	a.pass(5) // PGDMP
	major, minor := a.byte(), a.byte()
	a.byte() // revision
	a.minor, a.intSize, a.offSize = minor, a.byte(), a.byte()
	a.format = a.byte()
	if a.err != nil || major != 1 || minor < 10 || a.intSize < 1 || a.intSize > 8 || a.offSize < 1 || a.offSize > 8 {
		return false
	}
	if minor >= 15 {
		a.byte() // which compression
	} else {
		a.int() // how much
	}
	for range 7 { // when
		a.int()
	}
	f.Database, f.Server, f.Tool = a.string(), version(a.string()), version(a.string())
	return a.err == nil
}

// version drops what packagers add: "15.20 (Debian 15.20-0+deb12u1)".
func version(s string) string {
	for i, c := range s {
		if c == ' ' {
			return s[:i]
		}
	}
	return s
}

// contents walks the table of contents and counts the entries that have data.
func (a *archive) contents(stop func() bool) (data int) {
	n := a.int()
	if n < 0 || n > maxEntries {
		a.err = orGarbled(a.err)
	}
	for i := int64(0); i < n && a.err == nil; i++ {
		if i%1000 == 0 && stop() {
			a.err = errStopped
			return data
		}
		a.int() // id
		has := a.int() != 0
		a.skipStrings(4) // table oid, oid, tag, description
		a.int()          // section
		a.skipStrings(5) // definition, drop, copy, schema, tablespace
		if a.minor >= 14 {
			a.skipStrings(1) // access method
		}
		if a.minor >= 16 {
			a.int() // kind of relation
		}
		a.skipStrings(2) // owner, with oids
		for a.err == nil {
			n := a.int()
			if n < 0 { // no string: the dependencies end here
				break
			}
			a.pass(n)
		}
		if a.format == 1 {
			a.byte() // whether the offset is known
			a.pass(int64(a.offSize))
		} else {
			a.skipStrings(1) // name of the file with the data
		}
		if has {
			data++
		}
	}
	return data
}

// blocks walks the data: for each entry a type, an id and chunks up to one of
// length 0; of large objects one such run for each.
func (a *archive) blocks(want int, stop func() bool) {
	chunks := func() {
		for i := 0; a.err == nil; i++ {
			n := a.length()
			if n == 0 {
				return
			}
			if i%1000 == 0 && stop() {
				a.err = errStopped
			}
			a.pass(n)
		}
	}
	for range want {
		kind := a.byte()
		a.int() // id
		switch {
		case a.err != nil:
		case kind == 1: // BLK_DATA
			chunks()
		case kind == 3: // BLK_BLOBS
			for a.err == nil && a.int() != 0 {
				chunks()
			}
		default:
			a.err = errGarbled
		}
		if a.err != nil {
			return
		}
	}
}
