package house

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

	"assay/internal/check"
	"assay/internal/checks"
	"assay/internal/report"
	"assay/internal/story"
	"assay/internal/tape"
)

// Case is one case of a story, with its check and its recording.
type Case struct {
	story.Case
	Check check.Check
	File  string // the recording
}

// Title is the check's id and the case's name.
func (c Case) Title() string { return c.Check.ID + "/" + c.Name }

// Cases are all cases of all stories. checksDir is internal/checks as seen from
// the test's folder.
func Cases(t testing.TB, checksDir string) []Case {
	t.Helper()
	var out []Case
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
				file := filepath.Join(checksDir, f.Name, "testdata", strings.TrimSuffix(name, ".txtar"), k.Name+".tape.gz")
				out = append(out, Case{k, c, file})
			}
		}
	}
	return out
}

// Tape reads the case's recording.
func (c Case) Tape(t testing.TB) *tape.Tape {
	t.Helper()
	return ReadTape(t, c.File)
}

// ReadTape reads a gzipped recording.
func ReadTape(t testing.TB, file string) *tape.Tape {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("no recording (make record): %v", err)
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("read %s: %v", file, err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatalf("read %s: %v", file, err)
	}
	tp, err := tape.Read(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("read %s: %v", file, err)
	}
	return tp
}

// Found are the findings of the case's own check, in the words of a story.
func (c Case) Found(r report.Report) []string {
	out := []string{}
	for _, f := range r.Findings {
		if f.ID != c.Check.ID {
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

// Compare fails the test when the case was not found with its exact words, or a
// good one was found at all.
func (c Case) Compare(t testing.TB, r report.Report) {
	t.Helper()
	want := []string{}
	for _, w := range c.Want {
		want = append(want, w.String())
	}
	got := c.Found(r)
	if strings.Join(got, "\n") == strings.Join(want, "\n") {
		return
	}
	t.Errorf("found:\n\t%s\nwant:\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	for _, u := range r.Unknown {
		if u.ID == c.Check.ID {
			t.Logf("unknown: %s %v", u.Subject, u.Unseen)
		}
	}
}

// ReadLines are the lines of a file, without blanks and comments.
func ReadLines(t testing.TB, file string) []string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for l := range strings.Lines(string(data)) {
		if l = strings.TrimSpace(l); l != "" && !strings.HasPrefix(l, "#") {
			out = append(out, l)
		}
	}
	return out
}
