// Package sqlite reads a few tables out of a SQLite 3 database file, and out of
// the write-ahead log beside it, by the published file format: nothing is
// opened for writing, no lock is taken, no -wal, -shm or -journal comes into
// being. It is for a database that an app is using right now.
package sqlite

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// DB is one look at a database file.
type DB struct {
	WAL    bool   // its journal mode; without it a rollback journal
	Change uint32 // counts the commits of a rollback journal
	Salt   uint64 // of the log; another one means that it began anew meanwhile
	Tables []Table

	file   io.ReaderAt
	log    map[uint32][]byte // pages in the log, of the last commit
	page   int
	usable int
	pages  uint32
	text   int
	left   int // how many pages may still be read
}

// Table is a row of sqlite_schema.
type Table struct {
	Name string
	SQL  string
	root uint32
}

// Errors of Open.
var (
	ErrFormat = errors.New("file is not a database")
	ErrEncode = errors.New("its text is UTF-16, which is not read here")
	errDamage = errors.New("database disk image is malformed")
	errLarge  = errors.New("more pages than are read here")
)

const mostPages = 2000

// Open reads the header and the schema. wal is the write-ahead log's bytes, nil
// when there is none. An empty file is an empty database.
func Open(file io.ReaderAt, size int64, wal []byte) (*DB, error) {
	d := &DB{file: file, left: mostPages}
	if size == 0 && len(wal) == 0 {
		return d, nil
	}
	head := make([]byte, 100)
	if _, err := file.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if !bytes.HasPrefix(head, []byte("SQLite format 3\x00")) {
		return nil, ErrFormat
	}
	d.page = int(binary.BigEndian.Uint16(head[16:]))
	if d.page == 1 {
		d.page = 65536
	}
	d.usable = d.page - int(head[20])
	d.WAL, d.Change, d.text = head[19] == 2, binary.BigEndian.Uint32(head[24:]), int(head[59])
	d.pages = uint32(min(size/int64(max(d.page, 1)), 1<<31))
	if d.page < 512 || d.page&(d.page-1) != 0 || d.usable < 480 {
		return nil, ErrFormat
	}
	if d.WAL {
		d.readLog(wal)
	}
	if d.text > 1 {
		return nil, ErrEncode
	}
	rows, err := d.rows(1)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		if len(r) > 4 && r[0].text == "table" && !strings.HasPrefix(r[1].text, "sqlite_") {
			d.Tables = append(d.Tables, Table{Name: r[1].text, SQL: r[4].text, root: uint32(r[3].number)})
		}
	}
	return d, nil
}

// First gives the text of a table's first column, row by row.
func (d *DB) First(table string) ([]string, error) {
	for _, t := range d.Tables {
		if !strings.EqualFold(t.Name, table) {
			continue
		}
		if strings.Contains(strings.ToUpper(t.SQL), "WITHOUT ROWID") {
			return nil, errors.New("a table without rowids is not read here")
		}
		rows, err := d.rows(t.root)
		var out []string
		for _, r := range rows {
			if len(r) > 0 {
				out = append(out, r[0].text)
			}
		}
		return out, err
	}
	return nil, fmt.Errorf("no such table: %s", table)
}

func (d *DB) at(n uint32) ([]byte, error) {
	if d.left--; d.left < 0 {
		return nil, errLarge
	}
	if b, ok := d.log[n]; ok {
		return b, nil
	}
	if n == 0 || n > d.pages {
		return nil, errDamage
	}
	b := make([]byte, d.page)
	if k, err := d.file.ReadAt(b, int64(n-1)*int64(d.page)); k < d.page {
		if err == nil || errors.Is(err, io.EOF) {
			err = errDamage
		}
		return nil, err
	}
	return b, nil
}

// rows walks a table's tree.
func (d *DB) rows(n uint32) ([][]value, error) {
	p, err := d.at(n)
	if err != nil {
		return nil, err
	}
	h := 0
	if n == 1 {
		h = 100
	}
	kind, count, cells := p[h], int(binary.BigEndian.Uint16(p[h+3:])), h+8
	if kind == 5 {
		cells += 4
	}
	if kind != 5 && kind != 13 || cells+2*count > len(p) {
		return nil, errDamage
	}
	var out [][]value
	for i := range count {
		at := int(binary.BigEndian.Uint16(p[cells+2*i:]))
		if at+4 > len(p) {
			return nil, errDamage
		}
		if kind == 5 {
			sub, err := d.rows(binary.BigEndian.Uint32(p[at:]))
			if err != nil {
				return nil, err
			}
			out = append(out, sub...)
			continue
		}
		r, err := d.cell(p[at:])
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	if kind == 5 {
		sub, err := d.rows(binary.BigEndian.Uint32(p[h+8:]))
		if err != nil {
			return nil, err
		}
		out = append(out, sub...)
	}
	return out, nil
}

// cell reads one row, whose end may lie on overflow pages.
func (d *DB) cell(b []byte) ([]value, error) {
	size, n := varint(b)
	_, m := varint(b[n:])
	b = b[n+m:]
	if n == 0 || m == 0 || size > 1<<20 {
		return nil, errDamage
	}
	local := int(size)
	if most := d.usable - 35; local > most {
		least := (d.usable-12)*32/255 - 23
		if local = least + (int(size)-least)%(d.usable-4); local > most {
			local = least
		}
	}
	if local > len(b) {
		return nil, errDamage
	}
	body := bytes.Clone(b[:local])
	if local < int(size) {
		if local+4 > len(b) {
			return nil, errDamage
		}
		for next := binary.BigEndian.Uint32(b[local:]); next != 0 && len(body) < int(size); {
			p, err := d.at(next)
			if err != nil {
				return nil, err
			}
			next = binary.BigEndian.Uint32(p)
			body = append(body, p[4:min(d.usable, 4+int(size)-len(body))]...)
		}
	}
	return record(body)
}
