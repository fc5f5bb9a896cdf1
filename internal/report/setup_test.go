package report

import (
	"strings"
	"testing"
)

// A diff of the app's own code is shown as it may be copied, and does nothing to a
// terminal.
func TestPatch(t *testing.T) {
	var b strings.Builder
	Patch(&b, "why", "--- a/x.py\n+++ b/x.py\n@@ -1,1 +1,2 @@\n \tif \x1b[2J:\n+\t\treturn\n x  \n", TextOptions{Width: 80, Color: true})
	out := b.String()
	if !strings.Contains(out, "\n \tif ") || !strings.Contains(out, "\x1b[32m+\t\treturn\x1b[0m\n") || !strings.Contains(out, "\n x  \n") || strings.Contains(out, "\x1b[2J") {
		t.Errorf("%q", out)
	}
	b.Reset()
	SetupNotes(&b, []string{"one \x1b[2J", "two"}, TextOptions{Width: 80})
	if out := b.String(); strings.Contains(out, "\x1b") || !strings.Contains(out, "\n\ntwo\n") {
		t.Errorf("%q", out)
	}
}
