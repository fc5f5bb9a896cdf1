package host

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"assay/internal/tape"
)

// gitRepo is a repository whose first commit had the key, made by git itself.
func gitRepo(t *testing.T) (dir string, git func(args ...string)) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git here")
	}
	dir = filepath.Join(t.TempDir(), "app")
	if err := os.MkdirAll(filepath.Join(dir, "shop"), 0o755); err != nil {
		t.Fatal(err)
	}
	n := 0
	git = func(args ...string) {
		t.Helper()
		n++
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		date := "17000000" + string(rune('0'+n/10)) + string(rune('0'+n%10)) + " +0000"
		cmd.Env = []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b.example", "GIT_COMMITTER_NAME=a",
			"GIT_COMMITTER_EMAIL=a@b.example", "GIT_AUTHOR_DATE=" + date, "GIT_COMMITTER_DATE=" + date}
		if b, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, b)
		}
	}
	git("init", "-q")
	write(t, dir, "shop/config.py", "import os\n\nKEY = '"+leakedKey+"'\n")
	git("add", ".")
	git("commit", "-q", "-m", "one")
	write(t, dir, "shop/config.py", "import os\n\nKEY = '"+leakedKey+"'\nDEBUG = 0\n")
	git("commit", "-q", "-a", "-m", "two")
	write(t, dir, "shop/config.py", "import os\n\nKEY = os.environ['KEY']\n")
	git("commit", "-q", "-a", "-m", "three")
	return dir, git
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func historyOf(t *testing.T, dir string) tape.LeakReport {
	t.Helper()
	l := Local(Options{}).(*local)
	l.root = false // read as ourselves
	v := l.history(context.Background(), dir, []live{{"SECRET_KEY", []byte(leakedKey)}, {"API_TOKEN", []byte("another one, 0123456789")}})
	if v.Status != tape.Seen {
		t.Fatalf("%+v", v)
	}
	if strings.Contains(v.Body, leakedKey) {
		t.Errorf("the value is in the answer: %s", v.Body)
	}
	r, err := tape.Decode[tape.LeakReport](v)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func first(t *testing.T, dir string) string {
	t.Helper()
	cmd := exec.Command("git", "rev-list", "--max-parents=0", "HEAD")
	cmd.Dir = dir
	b, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

func TestHistory(t *testing.T) {
	for name, change := range map[string]func(dir string, git func(...string)){
		"loose":  func(string, func(...string)) {},
		"packed": func(_ string, git func(...string)) { git("gc", "-q") },
		"branch that went": func(_ string, git func(...string)) {
			git("checkout", "-q", "--orphan", "clean")
			git("commit", "-q", "-m", "clean")
			git("branch", "-D", "master")
		},
		"below the top": func(dir string, _ func(...string)) {},
	} {
		t.Run(name, func(t *testing.T) {
			dir, git := gitRepo(t)
			want := first(t, dir)
			change(dir, git)
			at := dir
			if name == "below the top" {
				at = filepath.Join(dir, "shop")
			}
			r := historyOf(t, at)
			if len(r.Hits) != 1 || r.More != "" || r.Top != dir || r.Files < 3 {
				t.Fatalf("%+v", r)
			}
			h := r.Hits[0]
			if h.Path != "shop/config.py" || h.Line != 3 || h.Name != "SECRET_KEY" || h.Commit != want || h.Loose {
				t.Errorf("%+v; want commit %s", h, want)
			}
		})
	}
}

// Added and never committed: no commit has it.
func TestHistoryLooseObject(t *testing.T) {
	dir, git := gitRepo(t)
	write(t, dir, "notes.txt", "API_TOKEN=another one, 0123456789\n")
	git("add", "notes.txt")
	git("rm", "-q", "--cached", "notes.txt")
	r := historyOf(t, dir)
	if len(r.Hits) != 2 || !r.Hits[1].Loose || r.Hits[1].Name != "API_TOKEN" || r.Hits[1].Path != "" || r.Hits[0].Loose {
		t.Errorf("%+v", r)
	}
}

// What is not on this host, or cannot be read, is said.
func TestHistoryNotWhole(t *testing.T) {
	for name, c := range map[string]struct {
		change func(dir string, git func(...string)) string
		more   string
		hits   int
	}{
		"no repository": {func(dir string, _ func(...string)) string {
			_ = os.RemoveAll(filepath.Join(dir, ".git"))
			return dir
		}, "", 0},
		"shallow": {func(dir string, git func(...string)) string {
			git("clone", "-q", "--depth=1", "file://"+dir, "../copy")
			return dir + "/../copy"
		}, "shallow", 0},
		"worktree": {func(dir string, git func(...string)) string {
			git("worktree", "add", "-q", "../tree")
			return dir + "/../tree"
		}, "", 1},
		"alternates": {func(dir string, git func(...string)) string {
			git("clone", "-q", "--shared", dir, "../copy")
			return dir + "/../copy"
		}, "", 1},
		"alternates gone": {func(dir string, git func(...string)) string {
			git("clone", "-q", "--shared", dir, "../copy")
			_ = os.Rename(dir, dir+".old")
			return dir + "/../copy"
		}, "there is no folder", 0},
		"partial": {func(dir string, git func(...string)) string {
			git("config", "uploadpack.allowFilter", "true")
			git("clone", "-q", "--filter=blob:none", "file://"+dir, "../copy")
			return dir + "/../copy"
		}, "partial", 0},
		"sha256": {func(dir string, git func(...string)) string {
			_ = os.RemoveAll(filepath.Join(dir, ".git"))
			git("init", "-q", "--object-format=sha256")
			git("add", ".")
			return dir
		}, "SHA-256", 0},
		"index gone": {func(dir string, git func(...string)) string {
			git("gc", "-q")
			idx, _ := filepath.Glob(filepath.Join(dir, ".git/objects/pack/*.idx"))
			_ = os.Remove(idx[0])
			return dir
		}, "its index is missing", 0},
		"cut": {func(dir string, git func(...string)) string {
			git("gc", "-q")
			pack, _ := filepath.Glob(filepath.Join(dir, ".git/objects/pack/*.pack"))
			_ = os.Chmod(pack[0], 0o644)
			_ = os.Truncate(pack[0], 60)
			return dir
		}, "were not read", 0},
	} {
		t.Run(name, func(t *testing.T) {
			dir, git := gitRepo(t)
			r := historyOf(t, filepath.Clean(c.change(dir, git)))
			if len(r.Hits) != c.hits || (r.More == "") != (c.more == "") || !strings.Contains(r.More, c.more) {
				t.Errorf("%+v", r)
			}
		})
	}
}

// A .git that another user owns is read with that user's rights alone, wherever
// it leads.
func TestHistoryOfOthers(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	made, _ := gitRepo(t)
	closed, err := os.MkdirTemp("/var/lib", "history") // mode 0700
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(closed)
	if err := os.CopyFS(closed, os.DirFS(made)); err != nil {
		t.Fatal(err)
	}
	dir := closed
	theirs, err := os.MkdirTemp("/var/tmp", "history")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(theirs)
	write(t, theirs, ".git", "gitdir: "+dir+"/.git\n")
	for _, f := range []string{theirs, theirs + "/.git"} {
		if err := os.Chown(f, nobodyID, nobodyID); err != nil {
			t.Fatal(err)
		}
	}
	l := Local(Options{}).(*local)
	v := l.history(context.Background(), theirs, []live{{"SECRET_KEY", []byte(leakedKey)}})
	r, _ := tape.Decode[tape.LeakReport](v)
	if len(r.Hits) > 0 || !strings.Contains(r.More, "permission denied") {
		t.Errorf("%+v", v)
	}
	// Root's own .git is.
	if r, _ = tape.Decode[tape.LeakReport](l.history(context.Background(), dir, []live{{"SECRET_KEY", []byte(leakedKey)}})); len(r.Hits) != 1 {
		t.Errorf("%+v", r)
	}
}
