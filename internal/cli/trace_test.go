package cli

import (
	"bytes"
	"testing"
	"time"

	"assay/internal/collect"
	"assay/internal/tape"
)

func TestTrace(t *testing.T) {
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	ask := func(kind tape.Kind, name string, at, took int) collect.Asked {
		return collect.Asked{Ask: tape.Ask{Kind: kind, Name: name}, At: ms(at), Took: ms(took)}
	}
	trace := collect.Trace{Took: ms(120), Readings: 3, Reading: ms(12), Redacted: ms(9), Asks: []collect.Asked{
		ask(tape.KindSelf, "", 0, 1), ask(tape.KindFile, "/etc/passwd", 2, 1), ask(tape.KindProcs, "", 2, 10), ask(tape.KindHTTP, "tcp:\x1b[31m127.0.0.1:80", 14, 100),
	}}
	var out bytes.Buffer
	a := &app{Env: Env{Stderr: &out, Getenv: func(string) string { return "" }}}
	a.trace(trace, ms(4))
	want := `
Where the time went: 133 ms

  120 ms  on the host: 4 asks, up to 2 at once
   12 ms  of it reading the answers, 3 times
    9 ms  replacing secrets
    4 ms  judging, and writing the report

The longest way: each was asked once the one before was answered

      at    took
    0 ms    1 ms  self
    2 ms   10 ms  procs
   14 ms  100 ms  http tcp:\x1b[31m127.0.0.1:80
`
	if got := out.String(); got != want {
		t.Errorf("%s", got)
	}
}
