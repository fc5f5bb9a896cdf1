package host

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"assay/internal/host/hosttest"
	"golang.org/x/sys/unix"

	"assay/internal/tape"
)

func TestMain(m *testing.M) {
	if os.Getenv(standIn) != "" { // a live service: see app_test.go
		for {
			_ = unix.Pause()
		}
	}
	if Child() {
		return
	}
	os.Exit(m.Run())
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can take another user's rights")
	}
}

// rootDir is a folder that is root's all the way up, which /tmp is not.
func rootDir(t *testing.T) string {
	t.Helper()
	needRoot(t)
	dir, err := os.MkdirTemp("/var/lib", "assay-test-")
	must(t, err)
	must(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// users of every Debian.
const (
	daemonUser = 1
	wwwData    = 33
)

// put makes a file that is uid's, and the folders above it that are missing.
func put(t *testing.T, path, text string, uid int, mode os.FileMode) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, []byte(text), mode))
	must(t, os.Chmod(path, mode))
	must(t, os.Chown(path, uid, uid))
}

func see(t *testing.T, r Reader, a tape.Ask) tape.Answer {
	t.Helper()
	v := r.See(t.Context(), a)[0]
	if v.Status == tape.Unseen && v.Why == "" {
		t.Errorf("%s: no why", a)
	}
	return v
}

// seen decodes the body of an answer that must have been seen.
func seen[T any](t *testing.T, r Reader, a tape.Ask) T {
	t.Helper()
	v := see(t, r, a)
	if v.Status != tape.Seen {
		t.Fatalf("%s: %s %s", a, v.Status, v.Why)
	}
	var out T
	if err := json.Unmarshal([]byte(v.Body), &out); err != nil {
		t.Fatalf("%s: %v in %.200s", a, err, v.Body)
	}
	return out
}

func want(t *testing.T, v tape.Answer, status tape.Status, why string) {
	t.Helper()
	if v.Status != status || v.Why != why {
		t.Errorf("got %s %q (body %.80q), want %s %q", v.Status, v.Why, v.Body, status, why)
	}
}

func tool(t *testing.T, name string, args ...string) {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

func TestContract(t *testing.T) {
	local := Local(Options{})
	rec := &tape.Tape{}
	for name, r := range map[string]Reader{
		"local":     local,
		"replay":    Replay(&tape.Tape{}),
		"record":    Record(local, rec),
		"timeout":   Timeout(local, func(tape.Ask) time.Duration { return time.Second }),
		"blindfold": Blindfold(local, func(a tape.Ask) bool { return len(a.Name)%2 == 0 }),
		"watch":     Watch(local, func(tape.Ask, State) {}),
		"narrow":    Local(Options{Parallel: 1}),
	} {
		t.Run(name, func(t *testing.T) { hosttest.Contract(t, r) })
	}
	t.Run("replay of the record", func(t *testing.T) { hosttest.Contract(t, Replay(rec)) })
}
