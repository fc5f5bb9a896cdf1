//go:build real

package checks_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/internal/audit"
	"assay/internal/fix"
	"assay/internal/host"
	"assay/internal/house"
	"assay/internal/lab"
	"assay/internal/report"
)

// everything is what a change may touch: each path with its owner, mode, ACLs,
// attributes, link and content, and what systemd does with the units.
func everything(ctx context.Context, t *testing.T, h *lab.Host) string {
	t.Helper()
	var out strings.Builder
	for _, top := range []string{"etc", "srv", "var/www", "var/lib/systemd", "home", "opt", "usr/local"} {
		err := filepath.WalkDir(filepath.Join(h.Root(), top), func(p string, d fs.DirEntry, err error) error {
			if err != nil {
				return nil
			}
			if n := d.Name(); n == "__pycache__" || n == "site-packages" || n == "timers" || strings.HasPrefix(n, "random-seed") {
				if d.IsDir() {
					return fs.SkipDir
				}
				return nil
			}
			i, err := host.Inspect(p)
			if err != nil {
				return nil // a socket, a pipe
			}
			fmt.Fprintf(&out, "%s %s %o %d:%d %s %x %v\n", strings.TrimPrefix(p, h.Root()), i.Kind, i.Mode, i.UID, i.GID, i.Target, sha256.Sum256(i.Body), i.Attrs)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	units, err := h.Run(ctx, "systemctl show -p Id,ActiveState,UnitFileState nginx shop myapp redis-server 'postgresql@*' || true")
	if err != nil {
		t.Fatal(err)
	}
	return out.String() + units
}

// Every plan on a booted host: break it as the story says, let assay fix it, and
// the finding is gone and nothing else worse; a second run has nothing to do; undo
// gives everything back.
func TestCuresOnHosts(t *testing.T) {
	if os.Getuid() != 0 {
		t.Fatal("booting hosts needs root: make real")
	}
	ctx := context.Background()
	if err := lab.Ready(ctx, os.Stderr); err != nil {
		t.Fatal(err)
	}
	binary := build(t)
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
	before := everything(ctx, t, h)
	if out := run("assay fix " + c.Check.ID + " --apply 2>&1"); !strings.Contains(out, "Kept as change 1") {
		t.Fatalf("not kept:\n%s", out)
	}
	if out := run("assay fix " + c.Check.ID + " 2>&1"); strings.Contains(out, "\nPlan ") || strings.HasPrefix(out, "Plan ") {
		t.Errorf("a second run has something to do:\n%s", out)
	}
	run("assay undo 1 2>&1")
	if after := everything(ctx, t, h); after != before {
		t.Errorf("undo left something:\n%s", differ(before, after))
	}
}

// differ are the lines that one text has and the other has not.
func differ(a, b string) string {
	var out strings.Builder
	was, is := strings.Split(a, "\n"), strings.Split(b, "\n")
	for _, l := range was {
		if !slices.Contains(is, l) {
			out.WriteString("- " + l + "\n")
		}
	}
	for _, l := range is {
		if !slices.Contains(was, l) {
			out.WriteString("+ " + l + "\n")
		}
	}
	return out.String()
}
