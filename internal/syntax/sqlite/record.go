package sqlite

import (
	"encoding/binary"
	"strconv"
)

// value is a column: its text, or its whole number in both forms.
type value struct {
	text   string
	number int64
}

// varint reads one to nine bytes; 0 bytes means that there are too few.
func varint(b []byte) (v uint64, n int) {
	for n < 9 && n < len(b) {
		c := b[n]
		n++
		if n == 9 {
			return v<<8 | uint64(c), n
		}
		v = v<<7 | uint64(c&0x7f)
		if c < 0x80 {
			return v, n
		}
	}
	return 0, 0
}

// widths of the integers of serial types 0 to 9.
var widths = [...]int{0, 1, 2, 3, 4, 6, 8, 8, 0, 0}

// record splits a row into its columns.
func record(b []byte) ([]value, error) {
	size, n := varint(b)
	if n == 0 || size > uint64(len(b)) || size < uint64(n) {
		return nil, errDamage
	}
	head, body := b[n:size], b[size:]
	var out []value
	for len(head) > 0 {
		kind, n := varint(head)
		if n == 0 {
			return nil, errDamage
		}
		head = head[n:]
		width := 0
		switch {
		case kind < 10:
			width = widths[kind]
		case kind >= 12:
			width = int(min((kind-12)/2, 1<<30))
		default:
			return nil, errDamage
		}
		if width > len(body) {
			return nil, errDamage
		}
		out = append(out, column(kind, body[:width]))
		body = body[width:]
	}
	return out, nil
}

func column(kind uint64, b []byte) value {
	switch {
	case kind == 0 || kind == 7:
		return value{}
	case kind == 9:
		return value{"1", 1}
	case kind >= 12:
		return value{text: string(b)}
	}
	var n int64
	for i, c := range b {
		if i == 0 {
			n = int64(int8(c))
			continue
		}
		n = n<<8 | int64(c)
	}
	return value{strconv.FormatInt(n, 10), n}
}

// readLog takes the pages of the last commit out of a write-ahead log. Frames
// that an earlier log left behind have other salts; a frame that is only half
// written has a wrong checksum.
func (d *DB) readLog(wal []byte) {
	if len(wal) < 32 {
		return
	}
	magic := binary.BigEndian.Uint32(wal)
	var order binary.ByteOrder = binary.LittleEndian
	if magic == 0x377f0683 {
		order = binary.BigEndian
	}
	sum := checksum(order, [2]uint32{}, wal[:24])
	if magic&^1 != 0x377f0682 || int(binary.BigEndian.Uint32(wal[8:])) != d.page || sum != pair(wal[24:]) {
		return
	}
	d.Salt = binary.BigEndian.Uint64(wal[16:])
	pending := map[uint32][]byte{}
	for f := wal[32:]; len(f) >= 24+d.page; f = f[24+d.page:] {
		page := f[24 : 24+d.page]
		sum = checksum(order, checksum(order, sum, f[:8]), page)
		if binary.BigEndian.Uint64(f[8:]) != d.Salt || sum != pair(f[16:]) {
			return
		}
		pending[binary.BigEndian.Uint32(f)] = page
		if size := binary.BigEndian.Uint32(f[4:]); size != 0 { // a commit
			if d.log == nil {
				d.log = map[uint32][]byte{}
			}
			for n, p := range pending {
				d.log[n] = p
			}
			clear(pending)
			d.pages = size
		}
	}
}

func pair(b []byte) [2]uint32 {
	return [2]uint32{binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])}
}

func checksum(order binary.ByteOrder, s [2]uint32, b []byte) [2]uint32 {
	for ; len(b) >= 8; b = b[8:] {
		s[0] += order.Uint32(b) + s[1]
		s[1] += order.Uint32(b[4:]) + s[0]
	}
	return s
}
