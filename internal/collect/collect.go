// Package collect makes a tape of a host: it asks, in rounds, what the model
// wants to know, until nothing new is wanted.
package collect

import (
	"context"
	"crypto/rand"

	"assay/internal/facts"
	"assay/internal/host"
	"assay/internal/model"
	"assay/internal/tape"
)

const (
	maxRounds = 24
	// maxAsks bounds a visit to a host that answers with ever more to ask.
	maxAsks = 6000
)

// Tape visits a host. The tape that it returns holds no secret: they are
// replaced once the visit is over, under a key that nobody keeps.
func Tape(ctx context.Context, h host.Reader) *tape.Tape {
	t := Raw(ctx, h)
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails (Go 1.24)
	t.Redact(key)
	return t
}

// Raw is Tape before secrets are replaced. It never leaves the process.
func Raw(ctx context.Context, h host.Reader) *tape.Tape {
	t := &tape.Tape{}
	for range maxRounds {
		f := facts.Grow(t)
		model.Build(f)
		asks := f.Wants()
		if len(asks) == 0 || t.Len() >= maxAsks {
			return t
		}
		if room := maxAsks - t.Len(); len(asks) > room {
			asks = asks[:room]
		}
		for i, v := range h.See(ctx, asks...) {
			t.Put(asks[i], v)
		}
	}
	return t
}
