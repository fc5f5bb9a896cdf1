//go:build real

package audit_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// What two guides from the web leave on a host that follows them to the letter.
// Where their options exclude each other, each has a file of testdata/guides:
// what it is, `on`, `lab` and `break.sh` as in a story; `must`: the ids of the
// guide's own faults that have to be found there as soon as there is such a check;
// `open` as in the variants of TestDiscovery, * for any. What may be found at all
// stands in the guide's own file, 000 or 001: an id a line, with why it is right.
// GUIDES chooses as DISCOVERY does.
func TestGuides(t *testing.T) {
	files, err := filepath.Glob("testdata/guides/*-*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no guides: %v", err)
	}
	for _, file := range chosen(files, os.Getenv("GUIDES"), time.Now(), 2) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { guide(t, file) })
	}
}

func guide(t *testing.T, file string) {
	m, part := laid(t, file)
	own, _, _ := strings.Cut(file, "-")
	all := parts(t, own+".txtar")
	right, open := listed(t, all["right"]), listed(t, part["open"])
	must := strings.Fields(part["must"])
	for _, id := range must {
		if !right[id] {
			t.Errorf("%s has no why in %s.txtar", id, own)
		}
	}
	p := m.look("")
	var known []struct{ ID string }
	if err := json.Unmarshal([]byte(m.assay("", "checks", "--format", "json").out), &known); err != nil {
		t.Fatal(err)
	}
	for _, k := range known {
		if slices.Contains(must, k.ID) && !slices.ContainsFunc(p.found(), func(f item) bool { return f.ID == k.ID }) {
			t.Errorf("%s, which the guide gets wrong, was not found", k.ID)
		}
	}
	for _, f := range p.Findings {
		switch {
		case f.Status == "unknown" && !open[f.ID] && !open["*"] && !elsewhere(f.ID), f.Status != "unknown" && !right[f.ID]:
			t.Errorf("nobody says why it is right:%s", say([]item{f}))
		}
	}
	first := p.found()
	if len(first) > 0 && first[0].Cause != nil {
		t.Errorf("first is a consequence:%s", say(first[:1]))
	}
	if dir := os.Getenv("REPORTS"); dir != "" {
		text := m.assay("", "check", "--verbose")
		name := strings.TrimSuffix(filepath.Base(file), ".txtar") + ".txt"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text.out+text.err), 0o644); err != nil {
			t.Error(err)
		}
	}
}

// listed reads lines of an id and a why.
func listed(t *testing.T, text string) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for line := range strings.Lines(text) {
		id, why, _ := strings.Cut(strings.TrimSpace(line), " ")
		if out[id] = true; why == "" {
			t.Errorf("%s without a why", id)
		}
	}
	delete(out, "")
	return out
}
