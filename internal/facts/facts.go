// Package facts reads answers into typed facts, one file per source.
//
// Reading is asking: a fact whose answer is not on the tape yet is unknown, and
// its ask is wanted. Who builds the model from a growing tape until nothing new
// is wanted has asked exactly what the model needs. Nothing here can reach a
// host, a clock or the environment.
package facts

import (
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/tape"
)

// Facts reads one tape.
type Facts struct {
	t     *tape.Tape
	wants map[tape.Ask]bool
	memo  map[string]any
	grows bool
}

// Parse opens a tape for reading. Facts are read when they are asked for.
func Parse(t *tape.Tape) *Facts {
	return &Facts{t: t, wants: map[tape.Ask]bool{}, memo: map[string]any{}}
}

// Grow opens a tape that is still being made.
func Grow(t *tape.Tape) *Facts {
	f := Parse(t)
	f.grows = true
	return f
}

// Waiting says that the tape is still being made and that something is wanted
// already: what builds on it would ask for things that nobody needs.
func (f *Facts) Waiting() bool { return f.grows && len(f.wants) > 0 }

// Wants are the asks that were needed and are not on the tape, ordered.
func (f *Facts) Wants() []tape.Ask {
	out := make([]tape.Ask, 0, len(f.wants))
	for a := range f.wants {
		out = append(out, a)
	}
	slices.SortFunc(out, tape.Ask.Compare)
	return out
}

// answer finds an ask on the tape; when it is not there, it is wanted.
func (f *Facts) answer(a tape.Ask) (tape.Answer, fact.Why, bool) {
	v, ok := f.t.Get(a)
	if !ok {
		f.wants[a] = true
		return v, fact.Why{Text: "not asked: " + a.String(), Hint: "make a new recording with this version of assay", Ask: a}, false
	}
	if v.Status == tape.Unseen {
		return v, fact.Why{Text: v.Why, Hint: v.Hint, Ask: a}, false
	}
	return v, fact.Why{}, true
}

// read decodes a JSON body. say gives the source's words for the value.
func read[T any](f *Facts, a tape.Ask, where string, say func(T) string) fact.Of[T] {
	v, why, ok := f.answer(a)
	src := fact.Source{Where: where, Ask: a}
	switch {
	case !ok:
		return fact.Unknown[T](why)
	case v.Status == tape.Absent:
		src.Text = "there is none"
		return fact.Absent[T](src)
	}
	body, err := tape.Decode[T](v)
	if err != nil {
		return fact.Unknown[T](fact.Why{Text: "read answer to " + a.String() + ": " + err.Error(), Ask: a})
	}
	if say != nil {
		src.Text = short(say(body))
	}
	return fact.Known(body, src)
}

// text gives a raw body as it came.
func (f *Facts) text(a tape.Ask, where string) fact.Of[string] {
	v, why, ok := f.answer(a)
	src := fact.Source{Where: where, Ask: a}
	switch {
	case !ok:
		return fact.Unknown[string](why)
	case v.Status == tape.Absent:
		src.Text = "there is no such file"
		return fact.Absent[string](src)
	}
	return fact.Known(v.Body, src)
}

// remember keeps a parsed value for the life of the Facts.
func remember[T any](f *Facts, key string, make func() T) T {
	if v, ok := f.memo[key]; ok {
		return v.(T)
	}
	v := make()
	f.memo[key] = v
	return v
}

// short keeps evidence to one line of at most 200 characters.
func short(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 200 {
		return string(r[:199]) + "…"
	}
	return s
}
