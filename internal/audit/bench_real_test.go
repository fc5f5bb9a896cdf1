//go:build real

package audit_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"assay/internal/lab"
)

// shipped builds a program of this module as it ships.
func shipped(b *testing.B, pkg string) string {
	b.Helper()
	out := filepath.Join(b.TempDir(), filepath.Base(pkg))
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", out, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, text)
	}
	return out
}

// warm is the median and the largest memory of ten runs, after two that warm up.
func warm(b *testing.B, make func() *exec.Cmd) (time.Duration, int64) {
	b.Helper()
	var took []time.Duration
	var memory int64
	for i := range 12 {
		cmd := make()
		began := time.Now()
		if err := cmd.Run(); err != nil {
			b.Fatalf("%v: %v", cmd.Args, err)
		}
		if i < 2 {
			continue
		}
		took = append(took, time.Since(began))
		memory = max(memory, cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)
	}
	slices.Sort(took)
	return took[len(took)/2], memory
}

// What starting the program costs, beside a program that does nothing.
func BenchmarkStart(b *testing.B) {
	assay, empty := shipped(b, "assay/cmd/assay"), shipped(b, "./testdata/empty")
	for b.Loop() {
		ours, _ := warm(b, func() *exec.Cmd { return exec.Command(assay, "version") })
		bare, _ := warm(b, func() *exec.Cmd { return exec.Command(empty) })
		b.ReportMetric(float64(ours)/float64(bare), "x-an-empty-program")
	}
	if st, err := os.Stat(assay); err == nil {
		b.ReportMetric(float64(st.Size())/1e6, "MB-binary")
	}
}

// An audit of a booted host, beside a bare import of its app.
func BenchmarkOnHost(b *testing.B) {
	ctx := context.Background()
	if err := lab.Ready(ctx, os.Stderr); err != nil {
		b.Fatal(err)
	}
	h, err := lab.Up(ctx, "unix", lab.Options{Name: "speed"})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = h.Down(context.WithoutCancel(ctx)) })
	if err := h.Put(ctx, shipped(b, "assay/cmd/assay"), "/usr/local/bin/assay", 0o755); err != nil {
		b.Fatal(err)
	}
	on := func(argv ...string) func() *exec.Cmd {
		return func() *exec.Cmd {
			cmd, err := h.Command(ctx, argv...)
			if err != nil {
				b.Fatal(err)
			}
			cmd.Stdin, cmd.Stdout, cmd.Stderr = nil, nil, nil
			return cmd
		}
	}
	bare := "cd /srv/shop/app && set -a && . /etc/shop/shop.env && exec /srv/shop/venv/bin/python -c 'import wsgi'"
	for b.Loop() {
		app, _ := warm(b, on("bash", "-c", bare))
		without, memory := warm(b, on("assay", "check", "--fail-on", "never", "--no-import"))
		whole, _ := warm(b, on("assay", "check", "--fail-on", "never"))
		b.ReportMetric(float64(without.Milliseconds()), "ms-without-import")
		b.ReportMetric(float64(without)/float64(app), "x-import-without-import")
		b.ReportMetric(float64(whole)/float64(app), "x-import-whole")
		b.ReportMetric(float64(memory)/1024, "MiB-peak") // without the app's own Python, which the import starts
	}
}
