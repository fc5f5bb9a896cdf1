// Package collect makes a tape of a host: it asks what the model wants to know,
// as soon as that is known, until nothing new is wanted.
package collect

import (
	"context"
	"crypto/rand"
	"net/url"
	"time"

	"assay/internal/facts"
	"assay/internal/host"
	"assay/internal/model"
	"assay/internal/tape"
)

// maxAsks bounds a visit to a host that answers with ever more to ask.
const maxAsks = 6000

// Tape visits a host. The tape that it returns holds no secret: they are
// replaced once the visit is over, under a key that nobody keeps.
func Tape(ctx context.Context, h host.Reader) *tape.Tape {
	t, _ := Traced(ctx, h)
	return t
}

// Traced is Tape, and where the time went.
func Traced(ctx context.Context, h host.Reader) (*tape.Tape, Trace) {
	t, trace := raw(ctx, h, whole)
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails (Go 1.24)
	began := time.Now()
	t.Redact(key)
	trace.Redacted = time.Since(began)
	return t, trace
}

// Raw is Tape before secrets are replaced. It never leaves the process.
func Raw(ctx context.Context, h host.Reader) *tape.Tape {
	t, _ := raw(ctx, h, whole)
	return t
}

// Outside asks what any machine can ask about a site.
func Outside(ctx context.Context, h host.Reader, u *url.URL) *tape.Tape {
	t, _ := raw(ctx, h, func(f *facts.Facts) { model.LookFrom(f, u) })
	return t
}

func whole(f *facts.Facts) { model.Build(f) }

type answered struct {
	asked  Asked
	answer tape.Answer
}

// raw builds the model from what is on the tape so far, asks at once what that
// build wanted, and builds again when answers have come.
func raw(ctx context.Context, h host.Reader, build func(*facts.Facts)) (*tape.Tape, Trace) {
	t, trace, start := &tape.Tape{}, Trace{}, time.Now()
	asked := map[tape.Ask]bool{}
	answers := make(chan answered, maxAsks)
	underway := 0
	for f := facts.Grow(t); ; f = f.Again() {
		began := time.Now()
		build(f)
		built := time.Since(began)
		trace.Readings, trace.Reading = trace.Readings+1, trace.Reading+built
		for _, a := range f.Wants() {
			if asked[a] || len(asked) >= maxAsks {
				continue
			}
			asked[a] = true
			underway++
			go func() {
				at := time.Since(start)
				v := h.See(ctx, a)[0]
				answers <- answered{Asked{a, at, time.Since(start) - at}, v}
			}()
		}
		if underway == 0 {
			trace.Took = time.Since(start)
			return t, trace
		}
		for _, x := range gather(answers, underway, built) {
			t.Put(x.asked.Ask, x.answer)
			trace.Asks = append(trace.Asks, x.asked)
			underway--
		}
	}
}

// gather takes the answers that come, one at least. It takes as long as the
// last reading of them took: so no more than half of the time goes into reading.
func gather(answers <-chan answered, underway int, least time.Duration) []answered {
	enough := time.After(least)
	got := []answered{<-answers}
	for len(got) < underway {
		select {
		case x := <-answers:
			got = append(got, x)
		case <-enough:
			return got
		}
	}
	return got
}
