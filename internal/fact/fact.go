// Package fact holds values that know where they came from, or why they could
// not be had.
//
// The zero value is Unknown: what nobody read is never good or bad. A value
// opens only in front of a Witness, so evidence collects itself.
package fact

import (
	"fmt"

	"assay/internal/tape"
)

// Source says where a value was read.
type Source struct {
	Where string   `json:"where"`          // a file, "process 812", "systemctl show shop.service", a URL
	Line  int      `json:"line,omitempty"` // in a file, from 1
	Text  string   `json:"text,omitempty"` // the line or the output that says so, short
	Ask   tape.Ask `json:"ask"`
}

// String gives "where:line: text" with the parts that there are.
func (s Source) String() string {
	out := s.Where
	if s.Line > 0 {
		out += fmt.Sprintf(":%d", s.Line)
	}
	if s.Text != "" {
		out += ": " + s.Text
	}
	return out
}

// Why says what stood in the way of looking, and what would let us see.
type Why struct {
	Text string   `json:"text"`           // "read /etc/x: permission denied"
	Hint string   `json:"hint,omitempty"` // "run with sudo"
	Ask  tape.Ask `json:"ask"`
}

// State is one of Unknown, Absent and Known.
type State int

// The states of a fact.
const (
	IsUnknown State = iota
	IsAbsent
	IsKnown
)

// Of is a fact of type T: Known with its sources, Absent (we looked; it is not
// there) or Unknown with a reason.
type Of[T any] struct {
	state State
	value T
	src   []Source
	why   Why
}

// Known is a value that was read.
func Known[T any](v T, src ...Source) Of[T] {
	return Of[T]{state: IsKnown, value: v, src: src}
}

// Absent says that we looked, and there is none.
func Absent[T any](src ...Source) Of[T] {
	return Of[T]{state: IsAbsent, src: src}
}

// Unknown says that we could not look.
func Unknown[T any](why Why) Of[T] {
	return Of[T]{why: why}
}

// Witness is told of each fact that is opened.
type Witness interface {
	// Saw is told the sources of a known or absent fact.
	Saw(src ...Source)
	// Missed is told why an unknown fact is unknown. needed says that the
	// question cannot be answered without it: a hearing ends there.
	Missed(why Why, needed bool)
}

// Open gives the value; false means absent. An unknown fact is reported as
// needed, which ends a hearing (as FailNow ends a test).
func (f Of[T]) Open(w Witness) (T, bool) {
	if f.state == IsUnknown {
		w.Missed(f.why, true)
		var zero T
		return zero, false
	}
	w.Saw(f.src...)
	return f.value, f.state == IsKnown
}

// Look gives the value without ending the hearing when it is unknown: for a
// fact that can prove a fault but is not the only one that can. A hearing that
// passes after an unknown look is unknown.
func (f Of[T]) Look(w Witness) (T, State) {
	if f.state == IsUnknown {
		w.Missed(f.why, false)
	} else {
		w.Saw(f.src...)
	}
	return f.value, f.state
}

// Notes is a witness that remembers: for building one fact from others.
type Notes struct {
	Sources []Source
	Whys    []Why
}

// Saw keeps the sources.
func (n *Notes) Saw(src ...Source) { n.Sources = append(n.Sources, src...) }

// Missed keeps the reason.
func (n *Notes) Missed(why Why, _ bool) { n.Whys = append(n.Whys, why) }

// Blind says whether anything looked at was unknown.
func (n *Notes) Blind() bool { return len(n.Whys) > 0 }

// Why is the first reason.
func (n *Notes) Why() Why {
	if len(n.Whys) == 0 {
		return Why{}
	}
	return n.Whys[0]
}

// Then makes a fact from another: unknown and absent pass through.
func Then[T, U any](f Of[T], to func(T) U) Of[U] {
	return Of[U]{state: f.state, value: mapped(f, to), src: f.src, why: f.why}
}

func mapped[T, U any](f Of[T], to func(T) U) (u U) {
	if f.state == IsKnown {
		u = to(f.value)
	}
	return u
}

// Bind makes a fact from another where the step itself may not know.
func Bind[T, U any](f Of[T], to func(T) Of[U]) Of[U] {
	if f.state != IsKnown {
		return Of[U]{state: f.state, src: f.src, why: f.why}
	}
	u := to(f.value)
	u.src = append(append([]Source(nil), f.src...), u.src...)
	return u
}

// From adds sources to a fact.
func (f Of[T]) From(src ...Source) Of[T] {
	f.src = append(append([]Source(nil), f.src...), src...)
	return f
}
