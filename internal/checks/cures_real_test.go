//go:build real

package checks_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/internal/audit"
	"assay/internal/fix"
	"assay/internal/house"
	"assay/internal/lab"
	"assay/internal/report"
)

// Every plan on a booted host: break it as the story says, let assay fix it, and
// the finding is gone and nothing else worse; a second run has nothing to do; undo
// gives everything back.
func TestCuresOnHosts(t *testing.T) {
	binary := ready(t)
	wanted := chosen(t)
	if os.Getenv("CASE") == "ci" {
		fixed := house.ReadLines(t, "testdata/ci-cures.txt")
		wanted = func(c house.Case) bool { return slices.Contains(fixed, c.Title()) }
	}
	for i, c := range house.Cases(t, ".") {
		if !wanted(c) || !strings.HasPrefix(c.Name, "bad") || !planned(t, c) {
			continue
		}
		t.Run(c.Title(), func(t *testing.T) {
			t.Parallel()
			cured(t, c, fmt.Sprintf("cure%d-%d", os.Getpid()%10000, i), binary)
		})
	}
}

// planned says that the recording of a case has a plan for its own finding.
func planned(t *testing.T, c house.Case) bool {
	t.Helper()
	tp := c.Tape(t)
	r, _ := audit.Judge(tp, audit.Choice{})
	p, _ := fix.Make(tp, r, func(f report.Finding) bool { return f.ID == c.Check.ID })
	return !p.Empty()
}

func cured(t *testing.T, c house.Case, name, binary string) {
	ctx, cancel := context.WithTimeout(context.Background(), 6*time.Minute)
	defer cancel()
	h := broken(ctx, t, c, name, binary)
	run := func(cmd string) string {
		t.Helper()
		out, err := h.Run(ctx, cmd)
		if err != nil {
			t.Fatalf("%s: %v\n%s", cmd, err, out)
		}
		return out
	}
	before, err := h.Everything(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if out := run("assay fix " + c.Check.ID + " --apply 2>&1"); !strings.Contains(out, "Kept as change 1") {
		t.Fatalf("not kept:\n%s", out)
	}
	if out := run("assay fix " + c.Check.ID + " 2>&1"); strings.Contains(out, "\nPlan ") || strings.HasPrefix(out, "Plan ") {
		t.Errorf("a second run has something to do:\n%s", out)
	}
	run("assay undo 1 2>&1")
	after, err := h.Everything(ctx)
	for range 8 { // a service that falls and is started again is up for a moment now and then
		if err != nil || after == before {
			break
		}
		time.Sleep(500 * time.Millisecond)
		after, err = h.Everything(ctx)
	}
	if err != nil || after != before {
		t.Errorf("undo left something: %v\n%s", err, lab.Differ(before, after))
	}
}
