//go:build real

package checks_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/internal/audit"
	"assay/internal/check"
	"assay/internal/house"
	"assay/internal/lab"
	"assay/internal/tape"
)

var record = flag.Bool("record", false, "keep what the hosts answer as the stories' recordings")

// CASE in the environment chooses cases by a part of their name, several with
// commas; "ci" is the fixed set of testdata/ci-cases.txt and the cases of what
// CHANGED names, a list of files.
func chosen(t *testing.T) func(house.Case) bool {
	want := os.Getenv("CASE")
	if want == "ci" {
		fixed := house.ReadLines(t, "testdata/ci-cases.txt")
		changed := strings.Fields(os.Getenv("CHANGED"))
		return func(c house.Case) bool {
			story := strings.TrimSuffix(check.StoryName(c.Check.ID), ".txtar")
			family, _, _ := strings.Cut(c.Check.ID, ".")
			at := "internal/checks/" + family + "/" + story + "."
			return slices.Contains(fixed, c.Title()) || slices.ContainsFunc(changed, func(f string) bool { return strings.HasPrefix(f, at) })
		}
	}
	return func(c house.Case) bool {
		for w := range strings.SplitSeq(want, ",") {
			if strings.Contains(c.Title(), w) {
				return true
			}
		}
		return false
	}
}

// The same stories on booted hosts: break a healthy host as the story says, look
// at it with the program that ships, and judge.
func TestStoriesOnHosts(t *testing.T) {
	binary := ready(t)
	wanted := chosen(t)
	for i, c := range house.Cases(t, ".") {
		if !wanted(c) {
			continue
		}
		t.Run(c.Title(), func(t *testing.T) {
			t.Parallel()
			tp := onHost(t, c, fmt.Sprintf("case%d-%d", os.Getpid()%10000, i), binary)
			r, _ := audit.Judge(tp, audit.Choice{})
			c.Compare(t, r)
			if *record && !t.Failed() {
				keep(t, c, tp)
			}
		})
	}
}

// ready makes the lab ready, and the program as it ships.
func ready(t *testing.T) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Fatal("booting hosts needs root: make real")
	}
	if err := lab.Ready(t.Context(), os.Stderr); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "assay")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", out, "assay/cmd/assay")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, b)
	}
	return out
}

// broken is a host of its own on which a case's fault is, with the program.
func broken(ctx context.Context, t *testing.T, c house.Case, name, binary string) *lab.Host {
	t.Helper()
	h, err := lab.Up(ctx, c.On, lab.Options{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Down(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if err := h.Around(ctx, c.Lab); err != nil {
		t.Fatal(err)
	}
	if c.Break != "" {
		if out, err := h.Break(ctx, c.Break); err != nil {
			t.Fatalf("break.sh: %v\n%s", err, out)
		}
	}
	if err := h.Put(ctx, binary, "/usr/local/bin/assay", 0o755); err != nil {
		t.Fatal(err)
	}
	return h
}

func onHost(t *testing.T, c house.Case, name, binary string) *tape.Tape {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	defer cancel()
	h := broken(ctx, t, c, name, binary)
	record := "assay record /root/case.tape"
	if c.Deep {
		record += " --deep"
	}
	if c.Page != "" {
		record += " --page '" + c.Page + "'"
	}
	if out, err := h.Run(ctx, record); err != nil {
		t.Fatalf("record: %v\n%s", err, out)
	}
	f, err := os.Open(filepath.Join(h.Root(), "root/case.tape"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tp, err := tape.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return tp
}

func keep(t *testing.T, c house.Case, tp *tape.Tape) {
	t.Helper()
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err := tp.Write(z); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(c.File), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(c.File, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
