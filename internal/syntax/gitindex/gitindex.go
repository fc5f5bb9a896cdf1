// Package gitindex reads which files a git working tree tracks: the names in
// .git/index, versions 2 to 4 (gitformat-index(5), git 2.47), SHA-1. No I/O.
package gitindex

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

const (
	fixed      = 62 // of an entry, before its name: times, ids, mode, size, hash, flags
	hashSize   = 20
	extended   = 0x4000
	nameMask   = 0x0fff
	maxEntries = 1 << 20
	maxName    = 4096
)

var errShort = errors.New("the index ends within an entry")

// Names are the paths of an index, in its order. An index that shares its
// entries with another file (split index) is refused: it does not hold all.
func Names(b []byte) ([]string, error) {
	if len(b) < 12+hashSize || string(b[:4]) != "DIRC" {
		return nil, errors.New("not an index of git")
	}
	version, count := binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:])
	if version < 2 || version > 4 {
		return nil, fmt.Errorf("index version %d", version)
	}
	if count > maxEntries {
		return nil, fmt.Errorf("%d entries in the index", count)
	}
	rest := b[12 : len(b)-hashSize]
	var out []string
	last := ""
	for range count {
		name, size, err := entry(rest, version, last)
		if err != nil {
			return nil, err
		}
		out = append(out, name)
		last, rest = name, rest[size:]
	}
	return out, shared(rest)
}

// entry reads one entry and says how long it is.
func entry(b []byte, version uint32, last string) (string, int, error) {
	if len(b) < fixed {
		return "", 0, errShort
	}
	flags, at := binary.BigEndian.Uint16(b[fixed-2:]), fixed
	if flags&extended != 0 && version > 2 {
		at += 2
	}
	keep := 0
	if version == 4 {
		strip, n := offset(b[min(at, len(b)):])
		if n == 0 || strip > len(last) {
			return "", 0, errors.New("a name that shortens nothing")
		}
		at, keep = at+n, len(last)-strip
	}
	if at > len(b) {
		return "", 0, errShort
	}
	n := bytes.IndexByte(b[at:], 0)
	if n < 0 || n > maxName {
		return "", 0, errShort
	}
	if declared := int(flags & nameMask); declared != nameMask && declared != keep+n {
		return "", 0, errors.New("a name of another length than its entry says (SHA-256?)")
	}
	name, end := last[:keep]+string(b[at:at+n]), at+n+1
	if version < 4 {
		end = (at + n + 8) &^ 7
	}
	if end > len(b) {
		return "", 0, errShort
	}
	return name, end, nil
}

// offset reads a number in the form of pack offsets, and how many bytes it takes.
func offset(b []byte) (value, size int) {
	for i, c := range b {
		if i > 4 {
			return 0, 0
		}
		if i > 0 {
			value++
		}
		value = value<<7 | int(c&0x7f)
		if c&0x80 == 0 {
			return value, i + 1
		}
	}
	return 0, 0
}

// shared looks for the extension that names another index.
func shared(b []byte) error {
	for len(b) >= 8 {
		size := binary.BigEndian.Uint32(b[4:])
		if string(b[:4]) == "link" {
			return errors.New("the index shares its entries with another file (split index)")
		}
		if uint64(size) > uint64(len(b)-8) {
			return errors.New("the index ends within an extension")
		}
		b = b[8+size:]
	}
	return nil
}
