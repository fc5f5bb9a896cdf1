// Package gitobject reads what a git repository keeps: loose objects, pack
// files with their indexes (version 2), commits and trees (gitformat-pack(5),
// git 2.47), SHA-1. No I/O. Everything is bounded: a repository may be hostile,
// and an object's id is not proven by its content.
package gitobject

import (
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
)

// ID names an object.
type ID [20]byte

func (id ID) String() string { return hex.EncodeToString(id[:]) }

// ParseID reads 40 hexadecimal digits.
func ParseID(s string) (id ID, ok bool) {
	if len(s) != 2*len(id) {
		return id, false
	}
	_, err := hex.Decode(id[:], []byte(s))
	return id, err == nil
}

// Kind is what an object is, by its number in packs.
type Kind byte

// The kinds.
const (
	Commit Kind = 1
	Tree   Kind = 2
	Blob   Kind = 3
	Tag    Kind = 4
)

// Object is one of a repository's.
type Object struct {
	ID   ID
	Kind Kind
	Body []byte
}

// Limits bound a reading. Blobs above Blob bytes are passed over in silence.
type Limits struct {
	Object int          // bytes of an object that is put together
	Blob   int          // bytes of a blob that is given out
	Held   int          // bytes of bases that wait for their deltas
	Total  int64        // bytes put together in all
	Stop   func() error // asked between objects
}

var (
	errSize   = errors.New("an object of another size than it says")
	errLarge  = errors.New("an object is larger than is read")
	errHeld   = errors.New("deltas branch off larger objects than are kept")
	errBudget = errors.New("more bytes than are read")
)

// Loose reads a file of objects/. ok is false for a blob above the limit.
func Loose(id ID, file []byte, lim Limits) (o Object, ok bool, err error) {
	z, err := zlib.NewReader(bytes.NewReader(file))
	if err != nil {
		return o, false, err
	}
	head := make([]byte, 32)
	n, err := io.ReadFull(z, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return o, false, err
	}
	word, rest, found := bytes.Cut(head[:n], []byte{0})
	kind, digits, _ := bytes.Cut(word, []byte(" "))
	size, err := strconv.Atoi(string(digits))
	o = Object{ID: id, Kind: kinds[string(kind)]}
	switch {
	case !found || err != nil || size < 0 || o.Kind == 0:
		return o, false, errors.New("not a loose object of git")
	case o.Kind == Blob && size > lim.Blob:
		return o, false, nil
	case size > lim.Object:
		return o, false, errLarge
	case len(rest) > size || size > swell(int64(len(file))):
		return o, false, errSize
	}
	o.Body = make([]byte, size)
	n = copy(o.Body, rest)
	if _, err := io.ReadFull(z, o.Body[n:]); err != nil {
		return o, false, errSize
	}
	return o, true, ended(z)
}

var kinds = map[string]Kind{"commit": Commit, "tree": Tree, "blob": Blob, "tag": Tag}

// swell is how much deflated bytes can become at most (1032:1), so that no
// memory is taken for a size that is only said.
func swell(deflated int64) int { return int(min(deflated*1032+1024, 1<<40)) }

// ended demands that nothing follows, which checks the sum, too.
func ended(z io.Reader) error {
	var one [1]byte
	n, err := z.Read(one[:])
	if n == 0 && errors.Is(err, io.EOF) {
		return nil
	}
	if n > 0 || err == nil {
		return errSize
	}
	return err
}

// CommitHead is what a commit says of itself.
type CommitHead struct {
	Tree ID
	When int64 // of the committer, seconds since 1970
}

// ParseCommit reads the head of a commit.
func ParseCommit(b []byte) (c CommitHead, err error) {
	for line := range bytes.Lines(b) {
		if line = bytes.TrimSuffix(line, []byte("\n")); len(line) == 0 {
			break
		}
		word, rest, _ := bytes.Cut(line, []byte(" "))
		switch string(word) {
		case "tree":
			var ok bool
			if c.Tree, ok = ParseID(string(rest)); !ok {
				return c, errors.New("a commit without a tree")
			}
		case "committer":
			if f := bytes.Fields(rest); len(f) > 1 {
				c.When, _ = strconv.ParseInt(string(f[len(f)-2]), 10, 64)
			}
		}
	}
	if c.Tree == (ID{}) {
		return c, errors.New("a commit without a tree")
	}
	return c, nil
}

// Entries are a tree's, up to where it is malformed. The name is of b's bytes.
func Entries(b []byte) iter.Seq2[[]byte, ID] {
	return func(yield func([]byte, ID) bool) {
		for len(b) > 0 {
			blank := bytes.IndexByte(b, ' ')
			zero := bytes.IndexByte(b, 0)
			if blank < 0 || zero < blank || len(b) < zero+1+len(ID{}) {
				return
			}
			var id ID
			copy(id[:], b[zero+1:])
			if !yield(b[blank+1:zero], id) {
				return
			}
			b = b[zero+1+len(id):]
		}
	}
}

// apply makes an object of its base and a delta.
func apply(base, delta []byte, most int) ([]byte, error) {
	from, to, delta, err := sizes(delta)
	switch {
	case err != nil:
		return nil, err
	case from != len(base):
		return nil, fmt.Errorf("a delta of another base: %w", errSize)
	case to > most:
		return nil, errLarge
	}
	out := make([]byte, 0, min(to, 1<<16))
	for len(delta) > 0 {
		op := delta[0]
		delta = delta[1:]
		piece := delta
		switch {
		case op == 0:
			return nil, errors.New("an unknown word in a delta")
		case op&0x80 == 0:
			if int(op) > len(delta) {
				return nil, errShort
			}
			piece, delta = delta[:op], delta[op:]
		default:
			var at, size int
			if at, size, delta, err = copied(op, delta); err != nil {
				return nil, err
			}
			if at > len(base) || size > len(base)-at {
				return nil, errors.New("a delta copies beyond its base")
			}
			piece = base[at : at+size]
		}
		if len(out)+len(piece) > to {
			return nil, errSize
		}
		out = append(out, piece...)
	}
	if len(out) != to {
		return nil, errSize
	}
	return out, nil
}

// copied reads where a copy begins and how long it is.
func copied(op byte, b []byte) (at, size int, rest []byte, err error) {
	for i := range 7 {
		if op&(1<<i) == 0 {
			continue
		}
		if len(b) == 0 {
			return 0, 0, nil, errShort
		}
		if i < 4 {
			at |= int(b[0]) << (8 * i)
		} else {
			size |= int(b[0]) << (8 * (i - 4))
		}
		b = b[1:]
	}
	if size == 0 {
		size = 0x10000
	}
	return at, size, b, nil
}

var errShort = errors.New("a delta ends within a word")

// sizes reads what a delta is made from and what it makes.
func sizes(delta []byte) (from, to int, rest []byte, err error) {
	n, m := 0, 0
	if from, n = varint(delta); n > 0 {
		to, m = varint(delta[n:])
	}
	if n == 0 || m == 0 {
		return 0, 0, nil, errShort
	}
	return from, to, delta[n+m:], nil
}

// varint reads a number, seven bits a byte, the lowest first; 0 bytes where
// there is none.
func varint(b []byte) (value, size int) {
	for i, c := range b {
		if i > 6 {
			return 0, 0
		}
		value |= int(c&0x7f) << (7 * i)
		if c&0x80 == 0 {
			return value, i + 1
		}
	}
	return 0, 0
}
