package gitobject

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

const (
	idxHead   = 8 + 256*4
	idxTail   = 2 * 20
	farOffset = 1 << 31
)

// Index is a pack's list of its objects.
type Index struct {
	ids     []byte // 20 each, sorted
	offsets []int64
}

// Len is how many objects it lists.
func (x *Index) Len() int { return len(x.offsets) }

// At is the id and the place of one.
func (x *Index) At(i int) (id ID, offset int64) {
	copy(id[:], x.ids[20*i:])
	return id, x.offsets[i]
}

// ParseIndex reads a .idx of version 2, of so many objects at most.
func ParseIndex(b []byte, most int) (*Index, error) {
	if len(b) < idxHead+idxTail || string(b[:8]) != "\xfftOc\x00\x00\x00\x02" {
		return nil, errors.New("not a pack index of version 2")
	}
	n := int(binary.BigEndian.Uint32(b[idxHead-4:]))
	if n > most {
		return nil, fmt.Errorf("%d objects in one pack", n)
	}
	rest := b[idxHead : len(b)-idxTail]
	if len(rest) < n*(20+4+4) {
		return nil, errors.New("the pack index is cut off")
	}
	ids, near, far := rest[:20*n], rest[24*n:28*n], rest[28*n:]
	if len(far)%8 != 0 || len(far) > 8*n {
		return nil, errors.New("a pack index of another length than its objects need (SHA-256?)")
	}
	x := &Index{ids: ids, offsets: make([]int64, n)}
	for i := range n {
		if i > 0 && bytes.Compare(ids[20*i-20:20*i], ids[20*i:20*i+20]) > 0 {
			return nil, errors.New("a pack index that is not sorted")
		}
		o := int64(binary.BigEndian.Uint32(near[4*i:]))
		if o >= farOffset {
			k := int(o - farOffset)
			if k >= len(far)/8 {
				return nil, errors.New("a pack index that points beyond its end")
			}
			o = int64(binary.BigEndian.Uint64(far[8*k:]))
		}
		if o < 0 {
			return nil, errors.New("a pack index that points before the pack")
		}
		x.offsets[i] = o
	}
	return x, nil
}
