package cli

import (
	"fmt"
	"strings"
	"time"

	"assay/internal/collect"
	"assay/internal/report"
)

// traceText is how long an ask may be in a trace.
const traceText = 60

// trace tells on the standard error where the time of an audit went: the parts,
// then the chain of asks that nothing could have made shorter but quicker
// answers.
func (a *app) trace(t collect.Trace, judged time.Duration) {
	if len(t.Asks) == 0 {
		return // a recording, or another host
	}
	var b strings.Builder
	row := func(d time.Duration, text string) { fmt.Fprintf(&b, "  %6s  %s\n", millis(d), text) }
	fmt.Fprintf(&b, "\nWhere the time went: %s\n\n", millis(t.Took+t.Redacted+judged))
	row(t.Took, fmt.Sprintf("on the host: %d asks, up to %d at once", len(t.Asks), t.Most()))
	row(t.Reading, fmt.Sprintf("of it reading the answers, %d times", t.Readings))
	row(t.Redacted, "replacing secrets")
	row(judged, "judging, and writing the report")
	b.WriteString("\nThe longest way: each was asked once the one before was answered\n\n")
	b.WriteString("      at    took\n")
	for _, x := range t.Longest() {
		fmt.Fprintf(&b, "  %6s  %6s  %s\n", millis(x.At), millis(x.Took), report.Line(x.Ask.String(), traceText, a.ascii()))
	}
	_, _ = fmt.Fprint(a.Stderr, b.String())
}

func millis(d time.Duration) string {
	return fmt.Sprintf("%d ms", (d + 500*time.Microsecond).Milliseconds())
}
