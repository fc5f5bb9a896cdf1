package checks_test

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"assay/internal/audit"
	"assay/internal/check"
	"assay/internal/checks"
	"assay/internal/house"
	"assay/internal/story"
)

var update = flag.Bool("update", false, "write docs/proven.md anew")

const proven = "../../docs/proven.md"

// What was seen true, and where a near miss stayed silent: each case of a story
// was recorded on a booted host and is judged here.
func TestProven(t *testing.T) {
	if racing {
		t.Skip("it judges every recording, without the race detector")
	}
	got := provenPage(t)
	if *update {
		if err := os.WriteFile(proven, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want, err := os.ReadFile(proven); err != nil || string(want) != got {
		t.Errorf("docs/proven.md is not what the stories say (%v): go test ./internal/checks -run TestProven -update", err)
	}
}

// seen is what the recordings of one check show.
type seen struct {
	bad, good int
	silent    int // bad ones that were not found: none, or the story's own test fails
	on        []string
}

func provenPage(t *testing.T) string {
	all := map[string]*seen{}
	for _, c := range house.Cases(t, ".") {
		s := all[c.Check.ID]
		if s == nil {
			s = &seen{}
			all[c.Check.ID] = s
		}
		r, _ := audit.Judge(c.Tape(t), audit.Choice{})
		if on := strings.TrimPrefix(strings.Split(r.Host.OS, " (")[0], "Debian GNU/Linux "); !slices.Contains(s.on, on) {
			s.on = append(s.on, on)
		}
		switch found := len(c.Found(r)) > 0; {
		case c.Bad() && found:
			s.bad++
		case c.Bad():
			s.silent++
		case !found:
			s.good++
		}
	}
	var b, not strings.Builder
	n := 0
	for _, f := range checks.All() {
		for _, c := range f.Checks() {
			n++
			s := all[c.ID]
			if s == nil || s.bad == 0 || s.good == 0 || s.silent > 0 {
				t.Errorf("%s was not seen both found and silent: %+v", c.ID, s)
				continue
			}
			slices.Sort(s.on)
			fmt.Fprintf(&b, "| `%s` | %s | %d | %d | %s |\n", c.ID, c.Severity, s.bad, s.good, strings.Join(s.on, ", "))
			for _, line := range unproven(t, f.Stories, c.ID) {
				fmt.Fprintf(&not, "- `%s`: %s\n", c.ID, line)
			}
		}
	}
	return fmt.Sprintf("# What was seen on booted hosts\n\nWritten by a test (`go test ./internal/checks -run TestProven -update`) from the recordings beside the stories: each is a visit to a booted Debian host that was broken as the story says (`found`), or that only looks so (`silent`). "+
		"`make real` boots them all anew and compares.\n\n%d checks.\n\n| check | severity | found | silent | on Debian |\n| --- | --- | ---: | ---: | --- |\n%s\n## Not seen against the real thing\n\nWhat a check also judges, and what no host of the lab could show:\n\n%s", n, b.String(), not.String())
}

// unproven are the paragraphs of a story that begin with "Not proven:".
func unproven(t *testing.T, stories fs.FS, id string) []string {
	t.Helper()
	data, err := fs.ReadFile(stories, check.StoryName(id))
	if err != nil {
		t.Fatal(err)
	}
	s, err := story.Parse(id, data)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for p := range strings.SplitSeq(s.Prose, "\n\n") {
		if rest, ok := strings.CutPrefix(strings.Join(strings.Fields(p), " "), "Not proven: "); ok {
			out = append(out, rest)
		}
	}
	return out
}
