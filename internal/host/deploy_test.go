package host

import (
	"context"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Who waits at a socket counts, and who is served by it; a listener alone does not.
func TestEngaged(t *testing.T) {
	ctx := context.Background()
	name := filepath.Join(t.TempDir(), "a.sock")
	l, err := net.Listen("unix", name)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	count := func() int {
		t.Helper()
		n, err := engaged(ctx, name)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count(); n != 0 {
		t.Errorf("nobody came, and %d are engaged", n)
	}
	c, err := net.Dial("unix", name)
	if err != nil {
		t.Fatal(err)
	}
	if count() == 0 {
		t.Error("nobody sees who waits to be accepted")
	}
	served, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if count() == 0 {
		t.Error("nobody sees who is served")
	}
	c.Close()
	served.Close()
	if n := count(); n != 0 {
		t.Errorf("all are gone, and %d are engaged", n)
	}
}

func TestTakeOver(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("an environment is root's")
	}
	dir := t.TempDir()
	old, place := filepath.Join(dir, "old"), filepath.Join(dir, "new")
	write := func(name, text string, mode fs.FileMode) {
		t.Helper()
		name = filepath.Join(old, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("bin/gunicorn", "#!"+old+"/bin/python3\n", 0o755)
	write("lib/flask.py", "x = 1\n", 0o644)
	write("lib/__pycache__/flask.pyc", "\x00"+old, 0o644)
	if err := os.Symlink("/usr/bin/python3", old+"/bin/python3"); err != nil {
		t.Fatal(err)
	}
	if err := takeOver(old, place, place); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(place + "/bin/gunicorn"); string(b) != "#!"+place+"/bin/python3\n" {
		t.Errorf("a program names %q", b)
	}
	if b, _ := os.ReadFile(old + "/bin/gunicorn"); !strings.Contains(string(b), old) {
		t.Errorf("the old one's program changed: %q", b)
	}
	if to, err := os.Readlink(place + "/bin/python3"); to != "/usr/bin/python3" {
		t.Error(to, err)
	}
	write("lib/place.pth", old+"/src\n", 0o644)
	if err := takeOver(old, place+"2", place+"2"); err == nil || !strings.Contains(err.Error(), "names its own place") {
		t.Errorf("a note that names its place went along: %v", err)
	}
	if err := os.Remove(old + "/lib/place.pth"); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(old+"/lib/flask.py", 0o666); err != nil {
		t.Fatal(err)
	}
	if err := takeOver(old, place+"3", place+"3"); err == nil || !strings.Contains(err.Error(), "can change it") {
		t.Errorf("what others can change went along: %v", err)
	}
}

func TestWhatALogSays(t *testing.T) {
	up := []string{"[INFO] Booting worker", "Started shop@1.service"}
	for want, c := range map[string][2][]string{
		"":                                 {up, nil},
		"KeyError: 'X'":                    {{"Traceback", "KeyError: 'X'", "[INFO] exit", "Traceback", "KeyError: 'X'"}, {"Failed with result 'exit-code'."}},
		"Main process exited, code=killed": {append(up, "Main process exited, code=killed"), {"Main process exited, code=killed"}},
	} {
		if got := gistOfLog(c[0], c[1]); got != want {
			t.Errorf("%q: %q, want %q", c, got, want)
		}
	}
}
