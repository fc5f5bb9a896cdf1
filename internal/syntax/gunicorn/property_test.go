package gunicorn

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// A string literal, written as Python would print it, reads back; and whatever
// stands behind an `if`, a name set there is never called literal.
func TestConfRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[a-zA-Z0-9 :/'"#\\._-]{0,20}`).Draw(t, "s")
		n := rapid.Int64Min(-1<<62).Draw(t, "n")
		src := fmt.Sprintf("bind = [%q, %d]\nif x:\n    workers = %q\n", s, n, s)
		c := ReadConf(src, "f")
		v := c.Get("bind")
		if list, ok := v.Value.([]any); v.State != Literal || !ok || list[0] != s || list[1] != n {
			t.Fatalf("%s: %+v", src, v)
		}
		if c.Get("workers").State != Unknown {
			t.Fatal("a guess")
		}
	})
}
