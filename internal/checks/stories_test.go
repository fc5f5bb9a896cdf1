package checks_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/internal/audit"
	"assay/internal/check"
	"assay/internal/checks"
	"assay/internal/report"
	"assay/internal/story"
	"assay/internal/tape"
)

// told is one case of a story, with its check.
type told struct {
	check check.Check
	story.Case
	file string // its recording
}

func (c told) name() string { return c.check.ID + "/" + c.Case.Name }

// cases are all cases of all stories.
func cases(t testing.TB) []told {
	t.Helper()
	var out []told
	for _, f := range checks.All() {
		for _, c := range f.Checks() {
			name := check.StoryName(c.ID)
			data, err := fs.ReadFile(f.Stories, name)
			if err != nil {
				t.Errorf("%s has no story %s", c.ID, name)
				continue
			}
			s, err := story.Parse(c.ID, data)
			if err != nil {
				t.Error(err)
				continue
			}
			for _, k := range s.Cases {
				file := filepath.Join(f.Name, "testdata", strings.TrimSuffix(name, ".txtar"), k.Name+".tape.gz")
				out = append(out, told{c, k, file})
			}
		}
	}
	return out
}

func (c told) recording(t testing.TB) *tape.Tape {
	t.Helper()
	data, err := os.ReadFile(c.file)
	if err != nil {
		t.Fatalf("no recording of this case (make record CASE=%s): %v", c.name(), err)
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("read %s: %v", c.file, err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatalf("read %s: %v", c.file, err)
	}
	tp, err := tape.Read(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("read %s: %v", c.file, err)
	}
	return tp
}

// found are the findings of the case's own check, in the words of a story.
func (c told) found(r report.Report) []string {
	out := []string{}
	for _, f := range r.Findings {
		if f.ID != c.check.ID {
			continue
		}
		d := f.Deployment
		if d == "" {
			d = "host"
		}
		out = append(out, fmt.Sprintf("%s %s %s %s", f.Status, f.Severity, d, f.Summary))
	}
	return out
}

func (c told) compare(t testing.TB, r report.Report) {
	t.Helper()
	want := []string{}
	for _, w := range c.Want {
		want = append(want, w.String())
	}
	got := c.found(r)
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("found:\n\t%s\nwant:\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
		for _, u := range r.Unknown {
			if u.ID == c.check.ID {
				t.Logf("unknown: %s %v", u.Subject, u.Unseen)
			}
		}
	}
}

// Bad is found with its exact words; good is silent: on the recordings.
func TestStoriesOnRecordings(t *testing.T) {
	for _, c := range cases(t) {
		t.Run(c.name(), func(t *testing.T) {
			r, _ := audit.Judge(c.recording(t), audit.Choice{})
			c.compare(t, r)
		})
	}
}
