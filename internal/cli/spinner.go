package cli

import (
	"cmp"
	"fmt"
	"io"
	"sync"
	"time"

	"assay/internal/report"
	"assay/internal/tape"
)

const (
	spinEvery = 100 * time.Millisecond
	// spinAfter is how long an audit may take before it says what it does.
	spinAfter = 200 * time.Millisecond
)

// spinner says on the terminal's one line what an audit waits for.
type spinner struct {
	w     io.Writer // nil: nobody looks
	width int
	ascii bool
	done  chan struct{}
	gone  sync.WaitGroup

	mu       sync.Mutex
	underway []tape.Ask // the oldest first
	shown    bool
	doing    string // said in place of "waiting for", when nothing is asked
	paused   bool
}

// spinner starts one when standard error is a terminal.
func (a *app) spinner() *spinner {
	s := &spinner{width: 80, ascii: a.ascii(), done: make(chan struct{})}
	if !a.IsTerminal(2) || a.Getenv("TERM") == "dumb" {
		return s
	}
	s.w = a.Stderr
	if n := a.Columns(2); n > 0 {
		s.width = n
	}
	s.gone.Go(s.run)
	return s
}

// tell hears of an ask that begins or ends.
func (s *spinner) tell(a tape.Ask, ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !ended {
		s.underway = append(s.underway, a)
		return
	}
	for i, u := range s.underway {
		if u == a {
			s.underway = append(s.underway[:i:i], s.underway[i+1:]...)
			return
		}
	}
}

func (s *spinner) run() {
	began := time.Now()
	tick := time.NewTicker(spinEvery)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-s.done:
			if s.shown {
				_, _ = io.WriteString(s.w, "\r\x1b[K")
			}
			return
		case now := <-tick.C:
			if now.Sub(began) >= spinAfter {
				s.draw(n, now.Sub(began))
			}
		}
	}
}

// draw writes the line, unless the terminal is somebody else's just now.
func (s *spinner) draw(n int, since time.Duration) {
	line := s.line(n, since)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.paused {
		s.shown = true
		_, _ = io.WriteString(s.w, "\r\x1b[K"+line)
	}
}

// say names what is under way when it is no ask.
func (s *spinner) say(doing string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.doing = doing
}

// pause erases the line and leaves the terminal alone, until it is called again.
func (s *spinner) pause(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.paused = on; on && s.shown {
		_, _ = io.WriteString(s.w, "\r\x1b[K")
		s.shown = false
	}
}

// line is "⠹ 3 s  dns shop.example.com A (and 4 more)", within the terminal's width.
func (s *spinner) line(n int, since time.Duration) string {
	turn := []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
	if s.ascii {
		turn = []rune(`|/-\`)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	text := cmp.Or(s.doing, "thinking")
	if len(s.underway) > 0 {
		text = "waiting for " + s.underway[0].String()
	}
	more := ""
	if k := len(s.underway) - 1; k > 0 {
		more = fmt.Sprintf(" (and %d more)", k)
	}
	head := fmt.Sprintf("%c %d s  ", turn[n%len(turn)], int(since.Seconds()))
	room := s.width - len([]rune(head)) - len(more) - 2
	for limit := room; limit > 0; limit-- {
		if l := report.Line(text, limit, s.ascii); report.Columns(l) <= room {
			return head + l + more
		}
	}
	return head
}

// stop erases the line. It may be called on one that never began.
func (s *spinner) stop() {
	close(s.done)
	s.gone.Wait()
}
