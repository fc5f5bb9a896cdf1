package gitindex

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func repository(t testing.TB, version string, names ...string) []byte {
	t.Helper()
	dir := t.TempDir()
	git := func(args ...string) {
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		cmd.Env = []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "GIT_CONFIG_NOSYSTEM=1"}
		if b, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, b)
		}
	}
	git("init", "-q")
	for _, n := range names {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, n)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, n), []byte(n), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	git("add", ".")
	git("update-index", "--index-version", version)
	if version == "3" { // written where an entry needs it
		git("rm", "-q", "--cached", names[0])
		git("add", "-N", names[0])
	}
	b, err := os.ReadFile(filepath.Join(dir, ".git/index"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestNames(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git here")
	}
	names := []string{".env", "a", "app/" + strings.Repeat("long/", 40) + "x.py", "app/config.py", "app/config_local.py", "wsgi.py", "é.txt"}
	slices.Sort(names)
	for _, v := range []string{"2", "3", "4"} {
		b := repository(t, v, names...)
		if got := string('0' + b[7]); got != v {
			t.Errorf("git wrote version %s; want %s", got, v)
		}
		got, err := Names(b)
		slices.Sort(got)
		if err != nil || !slices.Equal(got, names) {
			t.Errorf("version %s: %q, %v", v, got, err)
		}
		for i := range len(b) - 1 { // cut anywhere: an error or fewer names, never a panic
			_, _ = Names(b[:i])
		}
	}
}

func FuzzNames(f *testing.F) {
	f.Add([]byte("DIRC\x00\x00\x00\x02\x00\x00\x00\x00aaaaaaaaaaaaaaaaaaaa"))
	f.Add([]byte("DIRC\x00\x00\x00\x04\x00\x00\x00\x01" + strings.Repeat("\x00", 80) + "name\x00aaaaaaaaaaaaaaaaaaaa"))
	f.Fuzz(func(_ *testing.T, b []byte) { _, _ = Names(b) })
}
