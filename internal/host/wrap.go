package host

import (
	"context"
	"sync"
	"time"

	"assay/internal/tape"
)

type recorder struct {
	Reader
	mu   sync.Mutex
	tape *tape.Tape
}

// Record puts every answer of r on t as well.
func Record(r Reader, t *tape.Tape) Reader { return &recorder{Reader: r, tape: t} }

func (r *recorder) See(ctx context.Context, asks ...tape.Ask) []tape.Answer {
	out := r.Reader.See(ctx, asks...)
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, a := range asks {
		r.tape.Put(a, out[i])
	}
	return out
}

type timeout struct {
	Reader
	perAsk func(tape.Ask) time.Duration
}

// Timeout gives each ask a time of its own; 0 leaves it as it is.
func Timeout(r Reader, perAsk func(tape.Ask) time.Duration) Reader { return timeout{r, perAsk} }

func (r timeout) See(ctx context.Context, asks ...tape.Ask) []tape.Answer {
	return each(asks, parallel, func(a tape.Ask) tape.Answer {
		d := r.perAsk(a)
		if d <= 0 {
			return r.Reader.See(ctx, a)[0]
		}
		ctx, cancel := context.WithTimeout(ctx, d)
		defer cancel()
		return r.Reader.See(ctx, a)[0]
	})
}

type blindfold struct {
	Reader
	hide func(tape.Ask) bool
}

// Blindfold hides what it is told to hide, as a host hides it from those who
// may not look.
func Blindfold(r Reader, hide func(tape.Ask) bool) Reader { return blindfold{r, hide} }

func (r blindfold) See(ctx context.Context, asks ...tape.Ask) []tape.Answer {
	out := make([]tape.Answer, len(asks))
	var open []tape.Ask
	var at []int
	for i, a := range asks {
		if r.hide(a) {
			out[i] = unseen("see "+short(a.String()), "permission denied")
			continue
		}
		open, at = append(open, a), append(at, i)
	}
	if len(open) == 0 {
		return out
	}
	for k, v := range r.Reader.See(ctx, open...) {
		out[at[k]] = v
	}
	return out
}

// State is how far an ask has come.
type State string

// The states that Watch reports.
const (
	Begun State = "begun"
	Ended State = "ended"
)

type watcher struct {
	Reader
	tell func(tape.Ask, State)
}

// Watch tells of each ask when it begins and when it ends, from several
// goroutines.
func Watch(r Reader, tell func(tape.Ask, State)) Reader { return watcher{r, tell} }

func (r watcher) See(ctx context.Context, asks ...tape.Ask) []tape.Answer {
	return each(asks, parallel, func(a tape.Ask) tape.Answer {
		r.tell(a, Begun)
		defer r.tell(a, Ended)
		return r.Reader.See(ctx, a)[0]
	})
}
