package collect_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"assay/internal/collect"
	"assay/internal/facts"
	"assay/internal/host"
	"assay/internal/house"
	"assay/internal/model"
	"assay/internal/tape"
)

// slow answers from a tape, each ask after a while of its own.
type slow struct {
	host.Reader
	mu    sync.Mutex
	asked map[tape.Ask]int
}

func (s *slow) See(ctx context.Context, asks ...tape.Ask) []tape.Answer {
	time.Sleep(time.Duration(rand.IntN(4000)) * time.Microsecond)
	s.mu.Lock()
	for _, a := range asks {
		s.asked[a]++
	}
	s.mu.Unlock()
	return s.Reader.See(ctx, asks...)
}

// In whatever order the answers come, the tape holds all that the model wants,
// and nothing was asked twice.
func TestWhateverTheOrder(t *testing.T) {
	recorded := house.ReadTape(t, "../house/testdata/unix.tape.gz")
	for range 5 {
		h := &slow{Reader: host.Replay(recorded), asked: map[tape.Ask]int{}}
		got := collect.Raw(t.Context(), h)
		for a, n := range h.asked {
			if n != 1 {
				t.Errorf("%s: asked %d times", a, n)
			}
		}
		f := facts.Parse(got)
		model.Build(f)
		if left := f.Wants(); len(left) > 0 {
			t.Errorf("not asked: %v", left)
		}
	}
}

func TestLongest(t *testing.T) {
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	ask := func(name string, at, took int) collect.Asked {
		return collect.Asked{Ask: tape.Ask{Kind: tape.KindFile, Name: name}, At: ms(at), Took: ms(took)}
	}
	trace := collect.Trace{Took: ms(60), Asks: []collect.Asked{ask("a", 0, 5), ask("b", 0, 9), ask("c", 6, 30), ask("d", 37, 4), ask("e", 10, 45)}}
	var got []string
	for _, a := range trace.Longest() {
		got = append(got, a.Ask.Name)
	}
	if !slices.Equal(got, []string{"b", "e"}) || trace.Most() != 2 {
		t.Errorf("%v, %d at once", got, trace.Most())
	}
}
