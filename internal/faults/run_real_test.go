//go:build real

package faults

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"assay/internal/lab"
)

func program(t *testing.T) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Fatal("booting hosts needs root: make real")
	}
	if err := lab.Ready(context.Background(), os.Stderr); err != nil {
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

// Some of the corpus; make faults runs all of it.
func TestFaultsOnHosts(t *testing.T) {
	binary := program(t)
	all, err := Corpus()
	if err != nil {
		t.Fatal(err)
	}
	names := inCI(t)
	for i, f := range all {
		if !slices.Contains(names, f.Name) {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			if r := Run(t.Context(), f, fmt.Sprintf("fault%d-%d", os.Getpid()%10000, i), binary, How{}); !r.Right() {
				t.Error(r.Line())
			}
		})
	}
}

// A fault with a wrong expectation is reported as wrong, and one that breaks
// nothing too.
func TestRunnerCatches(t *testing.T) {
	binary := program(t)
	stop := Fault{Name: "x/stopped", What: "A.", On: "unix", Path: "/", Break: "systemctl stop shop\n", Harm: Out, Sees: "502",
		Cause: []Expected{{ID: "tls.*", Words: regexp.MustCompile("shop")}}}
	if r := Run(t.Context(), stop, fmt.Sprintf("fault%d-a", os.Getpid()%10000), binary, How{}); r.Right() || r.Trouble != "" || r.Rank != 0 || r.Found {
		t.Errorf("a wrong cause: %s", r.Line())
	}
	stop.Break, stop.Cause = "true\n", []Expected{{ID: "*", Words: regexp.MustCompile("")}}
	if r := Run(t.Context(), stop, fmt.Sprintf("fault%d-b", os.Getpid()%10000), binary, How{}); r.Right() || r.Trouble == "" {
		t.Errorf("nothing was broken: %s", r.Line())
	}
}
