package host

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"time"

	"assay/internal/tape"
)

// One ask that panics or hangs is answered as unseen; the others are as ever.
func TestOneAskStandsAlone(t *testing.T) {
	t.Parallel()
	l := Local(Options{}).(*local)
	release := make(chan struct{})
	defer close(release)
	l.kinds["boom"] = func(context.Context, tape.Ask) tape.Answer { panic("boom") }
	l.kinds["deep"] = func(ctx context.Context, _ tape.Ask) tape.Answer {
		return l.read(ctx, func(*reading) tape.Answer { panic("below") })
	}
	l.kinds["hang"] = func(context.Context, tape.Ask) tape.Answer { <-release; return absent() }
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	got := l.See(ctx, tape.Ask{Kind: "boom"}, tape.Ask{Kind: "hang"}, file("/etc/passwd"), tape.Ask{Kind: "deep"})
	want(t, got[0], tape.Unseen, "see boom: panic: boom")
	want(t, got[1], tape.Unseen, "see hang: no answer in time")
	want(t, got[3], tape.Unseen, "see deep: panic: below")
	if got[2].Status != tape.Seen {
		t.Errorf("%+v", got[2])
	}
	stop, cancel := context.WithCancel(t.Context())
	cancel()
	want(t, l.See(stop, tape.Ask{Kind: "hang"})[0], tape.Unseen, "see hang: the visit was stopped")
}

func TestRecordIsReplayed(t *testing.T) {
	rec := &tape.Tape{}
	asks := []tape.Ask{file("/etc/passwd"), file("/nonexistent"), file("relative"), {Kind: tape.KindProcs}, {Kind: tape.KindAddrs}}
	live := Record(Local(Options{}), rec).See(t.Context(), asks...)
	var b bytes.Buffer
	must(t, rec.Write(&b))
	back, err := tape.Read(&b)
	must(t, err)
	for i, v := range Replay(back).See(t.Context(), asks...) {
		if v != live[i] {
			t.Errorf("%s: %+v\nlive %+v", asks[i], v, live[i])
		}
	}
	want(t, see(t, Replay(back), file("/etc/hosts")), tape.Unseen, "this recording has no answer to file /etc/hosts")
}

func TestBlindfold(t *testing.T) {
	asks := []tape.Ask{file("/etc/passwd"), file("/etc/hostname"), file("/etc/passwd")}
	r := Blindfold(Local(Options{}), func(a tape.Ask) bool { return a.Name == "/etc/passwd" })
	got := r.See(t.Context(), asks...)
	want(t, got[0], tape.Unseen, "see file /etc/passwd: permission denied")
	want(t, got[2], tape.Unseen, "see file /etc/passwd: permission denied")
	want(t, got[1], see(t, Local(Options{}), asks[1]).Status, "")
}

func TestTimeoutAndWatch(t *testing.T) {
	l := Local(Options{}).(*local)
	l.kinds["slow"] = func(ctx context.Context, _ tape.Ask) tape.Answer {
		<-ctx.Done()
		return stopped(ctx, tape.Ask{Kind: "slow"})
	}
	var mu sync.Mutex
	states := map[State]int{}
	r := Watch(Timeout(l, func(a tape.Ask) time.Duration {
		if a.Kind == "slow" {
			return 50 * time.Millisecond
		}
		return 0
	}), func(_ tape.Ask, s State) {
		mu.Lock()
		defer mu.Unlock()
		states[s]++
	})
	got := r.See(t.Context(), tape.Ask{Kind: "slow"}, file("/etc/passwd"))
	want(t, got[0], tape.Unseen, "see slow: no answer in time")
	if got[1].Status != tape.Seen || states[Begun] != 2 || states[Ended] != 2 {
		t.Errorf("%+v %v", got[1], states)
	}
}
