package dump

import (
	"bytes"
	"encoding/binary"
	"io"
)

// zstd walks the lengths of a file's frames (RFC 8878, 3.1) without unpacking:
// one that is cut off does not come out even.
func zstd(r io.ReaderAt, size int64, stop func() bool) File {
	f := File{Packed: "zstd"}
	blocks, content := 0, false
	for off := int64(0); off < size; {
		b := make([]byte, 4)
		if _, err := r.ReadAt(b, off); err != nil {
			f.Problem = cut
			return f
		}
		off += 4
		magic := binary.LittleEndian.Uint32(b)
		if magic&0xfffffff0 == 0x184d2a50 { // a skippable frame
			_, err := r.ReadAt(b, off)
			off += 4 + int64(binary.LittleEndian.Uint32(b))
			if err != nil || off > size {
				f.Problem = cut
				return f
			}
			continue
		}
		if magic != 0xfd2fb528 {
			f.Problem = garbled
			return f
		}
		if _, err := r.ReadAt(b[:1], off); err != nil {
			f.Problem = cut
			return f
		}
		d := b[0]
		single := d&0x20 != 0
		off += 1 + int64([]int{0, 1, 2, 4}[d&3]) + int64([]int{0, 2, 4, 8}[d>>6])
		if !single {
			off++
		} else if d>>6 == 0 {
			off++
		}
		for last := false; !last; blocks++ {
			if blocks%1000 == 0 && stop() {
				return f
			}
			if _, err := r.ReadAt(b[:3], off); err != nil {
				f.Problem = cut
				return f
			}
			h := uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16
			n := int64(h >> 3)
			content = content || n > 0
			switch last = h&1 != 0; h >> 1 & 3 {
			case 1:
				n = 1
			case 3:
				f.Problem = garbled
				return f
			}
			if off += 3 + n; off > size {
				f.Problem = cut
				return f
			}
		}
		if d&4 != 0 {
			off += 4
		}
		if off > size {
			f.Problem = cut
			return f
		}
	}
	if !content {
		f.Problem = nothing
		return f
	}
	f.Whole = true
	return f
}

// xz ends in a footer (The .xz File Format, 2.1.2), which may be padded.
func xz(r io.ReaderAt, size int64) File {
	f := File{Packed: "xz"}
	b := make([]byte, min(size, 64))
	if _, err := r.ReadAt(b, size-int64(len(b))); err != nil && err != io.EOF {
		return f
	}
	switch {
	case !bytes.HasSuffix(bytes.TrimRight(b, "\x00"), []byte("YZ")):
		f.Problem = cut
	case size <= 32: // header, empty index, footer
		f.Problem = nothing
	default:
		f.Whole = true
	}
	return f
}

// sqlite compares the size with what the header says (fileformat2.html, 1.3),
// which is right if it was written by the same change.
func sqlite(head []byte, size int64) File {
	f := File{Kind: SQLite}
	if len(head) < 100 {
		f.Problem = cut
		return f
	}
	page := int64(binary.BigEndian.Uint16(head[16:]))
	if page == 1 {
		page = 65536
	}
	pages := int64(binary.BigEndian.Uint32(head[28:]))
	known := binary.BigEndian.Uint32(head[24:]) == binary.BigEndian.Uint32(head[92:]) && pages > 0
	switch {
	case known && size < page*pages:
		f.Problem = cut
	case known:
		f.Whole = true
	}
	return f
}

// tarred is a tar file; pg_dump's begins with its table of contents.
func tarred(r io.ReaderAt, head []byte, size int64) File {
	f := File{}
	if bytes.HasPrefix(head, []byte("toc.dat\x00")) && bytes.HasPrefix(head[512:], []byte("PGDMP")) {
		f.Kind = Tar
		a := &archive{r: &file{r: bytes.NewReader(head[512:]), size: int64(len(head) - 512)}}
		a.head(&f)
	}
	end := make([]byte, 1024) // two empty records
	if _, err := r.ReadAt(end, size-1024); err != nil && err != io.EOF || size%512 != 0 || !bytes.Equal(end, make([]byte, 1024)) {
		f.Problem = cut
		return f
	}
	f.Whole = true
	return f
}
