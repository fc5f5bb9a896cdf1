//go:build real

package apply_test

import (
	"context"
	"strings"
	"testing"
	"time"
)

// Visitors who come all the time, on connections that stay and on new ones, notice
// nothing of a change that only reloads, nor of its undoing.
func TestUnderLoad(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	h := inside(ctx, t)
	if out, err := h.Run(ctx, "sed -i '/Host \\$host;/d' /etc/nginx/proxy_app; systemctl reload nginx; sleep 1"); err != nil {
		t.Fatal(err, out)
	}
	crowd, err := h.Come(ctx)
	if err != nil {
		t.Fatal(err)
	}
	crowd.More(ctx, 200)
	var said []string
	for _, do := range []string{"assay fix nginx.proxy.host --apply", "assay undo 1"} {
		out, err := h.Run(ctx, do+" 2>&1")
		if err != nil {
			t.Errorf("%s: %v", do, err)
		}
		said = append(said, out)
		crowd.More(ctx, 400)
	}
	crowd.Leave()
	answers := crowd.Answers()
	if !strings.Contains(said[0], "Kept") || !strings.Contains(said[1], "undone") {
		t.Errorf("it says:\n%s", strings.Join(said, "\n"))
	}
	for a, n := range answers {
		if a != "200" && a != "400" { // the app refuses a form without its token
			t.Errorf("%d of %d answers are %q", n, crowd.Seen(), a)
		}
	}
	if answers["200"] < 600 || answers["400"] < 100 {
		t.Errorf("too few visits to know: %v", answers)
	}
}
