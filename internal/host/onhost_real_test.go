//go:build real

package host_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"assay/internal/lab"
)

// The room's own tests, run where they mean most: as root in booted hosts with
// systemd, nginx and dbus, Debian 12 and 13. Outside some of them skip what the
// machine lacks.
func TestOnBootedHosts(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("booting a host needs root")
	}
	ctx := context.Background()
	if err := lab.Ready(ctx, t.Output()); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(t.TempDir(), "host.test")
	build := exec.Command("go", "test", "-c", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	for _, blueprint := range []string{"bare12", "bare13"} {
		t.Run(blueprint, func(t *testing.T) {
			t.Parallel()
			h, err := lab.Up(ctx, blueprint, lab.Options{Log: t.Output()})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = h.Down(context.WithoutCancel(ctx)) })
			if err := h.Put(ctx, binary, "/root/host.test", 0o755); err != nil {
				t.Fatal(err)
			}
			out, err := h.Run(ctx, "cd /root && ./host.test -test.v -test.timeout 5m 2>&1 | grep -E '^ *--- (FAIL|SKIP)|^PASS|^FAIL|_test.go' || true")
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(out, "\nPASS") && !strings.HasPrefix(out, "PASS") {
				t.Errorf("in %s:\n%s", blueprint, out)
			}
			t.Logf("%s", out)
		})
	}
}
