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
	t      *tape.Tape
	wants  map[tape.Ask]bool
	shaped bool  // one of the wants decides what there is to look at
	branch *bool // what is read now does, or does not, whatever its kind
	misses int
	grows  bool
	kept   *kept
}

// kept is what was read once and stays: an answer does not change. Who reads it
// must not change it either.
type kept struct {
	bodies map[tape.Ask]any
	memo   map[string]any
}

// Parse opens a tape for reading. Facts are read when they are asked for.
func Parse(t *tape.Tape) *Facts {
	return &Facts{t: t, wants: map[tape.Ask]bool{}, kept: &kept{map[tape.Ask]any{}, map[string]any{}}}
}

// Grow opens a tape that is still being made.
func Grow(t *tape.Tape) *Facts {
	f := Parse(t)
	f.grows = true
	return f
}

// Again opens the same tape once more, when it has grown.
func (f *Facts) Again() *Facts {
	next := Grow(f.t)
	next.kept = f.kept
	return next
}

// shaping are the kinds whose answers decide what there is to look at: which
// servers run, which sites lead to them. The others are leaves.
var shaping = []tape.Kind{tape.KindSelf, tape.KindFile, tape.KindStat, tape.KindGlob, tape.KindProcs, tape.KindEnviron, tape.KindSockets, tape.KindAddrs}

// shapingCommands are those of the commands.
var shapingCommands = []string{"services", "unit"}

func (f *Facts) shapes(a tape.Ask) bool {
	switch {
	case f.branch != nil:
		return *f.branch
	case a.Kind == tape.KindCommand:
		return slices.Contains(shapingCommands, a.Name)
	case a.Kind == tape.KindFile:
		return a.Arg == "" // the ends of files are looked at for words
	}
	return slices.Contains(shaping, a.Kind)
}

// Leaf reads what decides nothing about what else there is, whatever its kind.
func (f *Facts) Leaf(read func()) { f.in(false, read) }

// Shaping reads what does.
func (f *Facts) Shaping(read func()) { f.in(true, read) }

func (f *Facts) in(shapes bool, read func()) {
	was := f.branch
	f.branch = &shapes
	read()
	f.branch = was
}

// Discovering says that the tape is still being made, and that it is not known
// yet which servers and sites there are.
func (f *Facts) Discovering() bool { return f.grows && f.shaped }

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
		f.misses++
		f.shaped = f.shaped || f.shapes(a)
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
	body, done := f.kept.bodies[a].(T)
	if !done {
		var err error
		if body, err = tape.Decode[T](v); err != nil {
			return fact.Unknown[T](fact.Why{Text: "read answer to " + a.String() + ": " + err.Error(), Ask: a})
		}
		f.kept.bodies[a] = body
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

// Remember keeps a parsed value for the life of the Facts and for those that
// read the same tape again, once nothing is missing for it.
func Remember[T any](f *Facts, key string, make func() T) T {
	if v, ok := f.kept.memo[key]; ok {
		return v.(T)
	}
	misses := f.misses
	v := make()
	if f.misses == misses {
		f.kept.memo[key] = v
	}
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
