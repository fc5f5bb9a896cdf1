package collect

import (
	"slices"
	"time"

	"assay/internal/tape"
)

// Trace is where the time of a visit went.
type Trace struct {
	Took     time.Duration // from the first ask to the last reading
	Asks     []Asked       // in the order in which they were answered
	Readings int           // how often the model was built on the way
	Reading  time.Duration // all of them
	Redacted time.Duration // what replacing secrets took, afterwards
}

// Asked is one ask's time.
type Asked struct {
	Ask  tape.Ask
	At   time.Duration // since the beginning
	Took time.Duration
}

// End is when the answer came.
func (a Asked) End() time.Duration { return a.At + a.Took }

// Longest is the chain of asks that the visit waited for, the first ask first:
// each was asked once the one before was answered, and the last one ended it.
func (t Trace) Longest() []Asked {
	var out []Asked
	for before := t.Took; ; {
		last := Asked{Took: -1}
		for _, a := range t.Asks {
			if a.End() <= before && a.End() > last.End() {
				last = a
			}
		}
		if last.Took < 0 {
			slices.Reverse(out)
			return out
		}
		out = append(out, last)
		before = last.At
	}
}

// Most is how many asks were under way at once.
func (t Trace) Most() int {
	most := 0
	for _, a := range t.Asks {
		n := 0
		for _, b := range t.Asks {
			if b.At <= a.At && a.At < b.End() {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}
