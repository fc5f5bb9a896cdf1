package gitobject

import (
	"bufio"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"slices"
)

const (
	ofsDelta = 6
	refDelta = 7
	maxDepth = 4096 // of deltas on deltas; git writes 4095 at most
	none     = -1
)

// Skipped counts objects that should have been read, with the first reason.
type Skipped struct {
	N   int
	Why error
}

func (s *Skipped) add(n int, why error) {
	if s.N += n; s.Why == nil {
		s.Why = why
	}
}

// entry is an object as it lies in a pack.
type entry struct {
	id    ID
	begin int64 // of its header
	at    int64 // of what is deflated
	end   int64
	size  int // inflated: of the delta itself where it is one
	base  int // the entry that it changes, or none
	kind  byte
	child int // the first entry that changes this one, or none
	next  int // another one that changes the same base, or none
	done  bool
}

type pack struct {
	r       io.ReaderAt
	lim     Limits
	visit   func(Object) error
	entries []entry
	left    int64 // of lim.Total
	held    int
	skipped Skipped
	in      *bufio.Reader
	z       io.ReadCloser
}

// Walk gives every object of a pack once, each base before what changes it,
// blobs above the limit left out. An error of visit or of lim.Stop ends it.
// What is malformed or too large is counted as skipped, and so is what rests
// on it; of the objects in a ring of deltas none can be had.
func Walk(r io.ReaderAt, size int64, x *Index, lim Limits, visit func(Object) error) (Skipped, error) {
	p := &pack{r: r, lim: lim, visit: visit, left: lim.Total, in: bufio.NewReader(nil)}
	head := make([]byte, 8)
	if _, err := r.ReadAt(head, 0); err != nil || string(head[:4]) != "PACK" || head[7] != 2 && head[7] != 3 {
		return Skipped{x.Len(), errors.New("not a pack")}, nil
	}
	if err := p.heads(x, size-20); err != nil {
		return p.skipped, err
	}
	for i := range p.entries {
		if p.entries[i].base != none || p.entries[i].done {
			continue
		}
		if err := p.root(i); err != nil {
			return p.skipped, err
		}
	}
	for i := range p.entries {
		if !p.entries[i].done {
			p.skipped.add(1, errors.New("a delta without its base"))
		}
	}
	return p.skipped, nil
}

// heads reads the header of every entry, and what rests on what.
func (p *pack) heads(x *Index, size int64) error {
	p.entries = make([]entry, x.Len())
	for i := range p.entries {
		p.entries[i].id, p.entries[i].begin = x.At(i)
	}
	slices.SortFunc(p.entries, func(a, b entry) int {
		return int(max(-1, min(1, a.begin-b.begin)))
	})
	var refs map[ID]int
	for i := range p.entries {
		e := &p.entries[i]
		e.base, e.child, e.next = none, none, none
		if e.end = size; i+1 < len(p.entries) {
			e.end = min(size, p.entries[i+1].begin)
		}
		if i%1024 == 0 {
			if err := p.lim.Stop(); err != nil {
				return err
			}
		}
		base, far, err := p.head(e)
		switch {
		case err != nil:
			e.done = true
			p.skipped.add(1, err)
		case e.kind == ofsDelta:
			e.base = p.starting(base)
		case e.kind == refDelta:
			if refs == nil {
				refs = p.byID()
			}
			var ok bool
			if e.base, ok = refs[far]; !ok {
				e.base = none
			}
		}
		if err == nil && e.kind >= ofsDelta && e.base == none {
			e.done = true
			p.skipped.add(1, errors.New("a delta on an object outside of its pack"))
		}
	}
	for i := len(p.entries) - 1; i >= 0; i-- {
		if b := p.entries[i].base; b != none {
			p.entries[i].next, p.entries[b].child = p.entries[b].child, i
		}
	}
	return nil
}

func (p *pack) byID() map[ID]int {
	out := make(map[ID]int, len(p.entries))
	for i := range p.entries {
		out[p.entries[i].id] = i
	}
	return out
}

// starting finds the entry that begins at an offset.
func (p *pack) starting(offset int64) int {
	i, ok := slices.BinarySearchFunc(p.entries, offset, func(e entry, o int64) int {
		return int(max(-1, min(1, e.begin-o)))
	})
	if !ok {
		return none
	}
	return i
}

// head reads an entry's header: kind and size, then the base.
func (p *pack) head(e *entry) (base int64, id ID, err error) {
	var buf [40]byte
	if e.begin < 12 || e.end-e.begin < 2 {
		return 0, id, errors.New("an entry outside of the pack")
	}
	n, err := p.r.ReadAt(buf[:min(int64(len(buf)), e.end-e.begin)], e.begin)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, id, err
	}
	b := buf[:n]
	short := errors.New("an entry of a pack ends within its header")
	if n == 0 {
		return 0, id, short
	}
	e.kind, e.size = b[0]>>4&7, int(b[0]&15)
	used := 1
	if b[0]&0x80 != 0 {
		more, m := varint(b[1:])
		if m == 0 {
			return 0, id, short
		}
		e.size |= more << 4
		used += m
	}
	switch {
	case e.kind == ofsDelta:
		back, m := distance(b[used:])
		if m == 0 || back <= 0 || back > e.begin {
			return 0, id, short
		}
		base, used = e.begin-back, used+m
	case e.kind == refDelta:
		if len(b) < used+len(id) {
			return 0, id, short
		}
		used += copy(id[:], b[used:])
	case e.kind == 0 || e.kind == 5:
		return 0, id, fmt.Errorf("an entry of kind %d in a pack", e.kind)
	}
	e.at = e.begin + int64(used)
	if e.size < 0 || e.size > swell(e.end-e.at) {
		return 0, id, errSize
	}
	return base, id, nil
}

// distance reads the form of numbers in which no value has two spellings.
func distance(b []byte) (value int64, size int) {
	for i, c := range b {
		if i > 7 {
			return 0, 0
		}
		if i > 0 {
			value++
		}
		value = value<<7 | int64(c&0x7f)
		if c&0x80 == 0 {
			return value, i + 1
		}
	}
	return 0, 0
}

// inflate gives what an entry holds, its first bytes alone where most says so.
func (p *pack) inflate(e *entry, most int) ([]byte, error) {
	p.in.Reset(io.NewSectionReader(p.r, e.at, e.end-e.at))
	var err error
	if p.z == nil {
		p.z, err = zlib.NewReader(p.in)
	} else {
		err = p.z.(zlib.Resetter).Reset(p.in, nil)
	}
	if err != nil {
		return nil, err
	}
	out := make([]byte, min(e.size, most))
	if p.left -= int64(len(out)); p.left < 0 {
		return nil, errBudget
	}
	if _, err := io.ReadFull(p.z, out); err != nil {
		return nil, fmt.Errorf("inflate: %w", err)
	}
	if len(out) < e.size {
		return out, nil
	}
	return out, ended(p.z)
}

// root reads an object that rests on none, and all that rest on it.
func (p *pack) root(i int) error {
	e := &p.entries[i]
	kind := Kind(e.kind)
	var body []byte
	var err error
	switch {
	case kind == Blob && e.size > p.lim.Blob && e.child == none:
		e.done = true
		return p.lim.Stop()
	case e.size > p.lim.Object:
		err = errLarge
	default:
		body, err = p.inflate(e, e.size)
	}
	return p.down(i, kind, body, err, 0)
}

// down gives out an object and goes on to what rests on it; fault is why there
// is no body. The last one on a base needs no memory for the base.
func (p *pack) down(i int, kind Kind, body []byte, fault error, depth int) error {
	for {
		e := &p.entries[i]
		e.done = true
		if err := p.give(e, kind, body, fault); err != nil {
			return err
		}
		if e.child == none {
			return nil
		}
		if fault == nil && depth > maxDepth {
			fault = fmt.Errorf("deltas on more than %d deltas", maxDepth)
		}
		c := e.child
		for ; p.entries[c].next != none; c = p.entries[c].next {
			if depth > maxDepth { // no deeper on our own stack
				p.lost(c, fault)
				continue
			}
			next, err := p.changed(c, body, fault)
			p.held += len(body)
			if err == nil && p.held > p.lim.Held {
				next, err = nil, errHeld
			}
			err = p.down(c, kind, next, err, depth+1)
			if p.held -= len(body); err != nil {
				return err
			}
		}
		body, fault = p.changed(c, body, fault)
		i, depth = c, depth+1
	}
}

// lost marks what rests on an entry as skipped, without recursion.
func (p *pack) lost(i int, why error) {
	for stack := []int{i}; len(stack) > 0; {
		e := &p.entries[stack[len(stack)-1]]
		stack = stack[:len(stack)-1]
		e.done = true
		p.skipped.add(1, why)
		for c := e.child; c != none; c = p.entries[c].next {
			stack = append(stack, c)
		}
	}
}

// changed is the object that an entry makes of its base.
func (p *pack) changed(i int, base []byte, fault error) ([]byte, error) {
	e := &p.entries[i]
	switch {
	case fault != nil:
		return nil, fault
	case e.size > p.lim.Object:
		return nil, errLarge
	}
	delta, err := p.inflate(e, e.size)
	if err != nil {
		return nil, err
	}
	out, err := apply(base, delta, p.lim.Object)
	if p.left -= int64(len(out)); p.left < 0 {
		return nil, errBudget
	}
	return out, err
}

func (p *pack) give(e *entry, kind Kind, body []byte, fault error) error {
	if err := p.lim.Stop(); err != nil {
		return err
	}
	switch {
	case fault != nil:
		if kind != Blob || p.small(e, fault) {
			p.skipped.add(1, fault)
		}
	case kind != Blob || len(body) <= p.lim.Blob:
		return p.visit(Object{ID: e.id, Kind: kind, Body: body})
	}
	return nil
}

// small says that an object that could not be had would have been given out.
func (p *pack) small(e *entry, fault error) bool {
	if !errors.Is(fault, errLarge) && !errors.Is(fault, errHeld) {
		return true
	}
	if e.base == none {
		return e.size <= p.lim.Blob
	}
	b, err := p.inflate(e, 20)
	if err != nil && len(b) == 0 {
		return true
	}
	_, to, _, err := sizes(b)
	return err != nil || to <= p.lim.Blob
}
