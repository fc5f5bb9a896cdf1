package host

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"assay/internal/tape"
)

func TestGlob(t *testing.T) {
	dir := t.TempDir()
	for _, n := range []string{"b.conf", "a.conf", ".hidden.conf", "c.txt", "x/app.conf", "y/app.conf", "z/other"} {
		put(t, dir+"/"+n, "", os.Getuid(), 0o644)
	}
	must(t, os.Symlink("nowhere", dir+"/dangling.conf"))
	r := Local(Options{})
	for pattern, names := range map[string][]string{
		"*.conf":     {"a.conf", "b.conf", "dangling.conf"},
		".*.conf":    {".hidden.conf"},
		"[!a].conf":  {"b.conf"},
		"*/app.conf": {"x/app.conf", "y/app.conf"},
		"x/app.conf": {"x/app.conf"},
		"none":       {},
		"none/*":     {},
		"a.conf/*":   {},
	} {
		for i := range names {
			names[i] = dir + "/" + names[i]
		}
		if got := seen[[]string](t, r, tape.Ask{Kind: tape.KindGlob, Name: dir + "/" + pattern}); !slices.Equal(got, names) {
			t.Errorf("%s: %v", pattern, got)
		}
	}
	want(t, see(t, r, tape.Ask{Kind: tape.KindGlob, Name: dir + "/[a"}), tape.Unseen, "expand "+dir+"/[a: a malformed pattern")
}

// What cannot be listed is unseen, and never an empty list.
func TestRefusedFolder(t *testing.T) {
	dir := rootDir(t)
	put(t, dir+"/app/secret/x.conf", "", 0, 0o644)
	must(t, os.Chmod(dir+"/app/secret", 0o700))
	must(t, os.Chown(dir+"/app", wwwData, wwwData))
	r := Local(Options{})
	want(t, see(t, r, tape.Ask{Kind: tape.KindGlob, Name: dir + "/app/secret/*"}), tape.Unseen, "list "+dir+"/app/secret: permission denied")
	want(t, see(t, r, tape.Ask{Kind: tape.KindTree, Name: dir + "/app/secret"}), tape.Unseen, "list "+dir+"/app/secret: permission denied")
	v := see(t, r, tape.Ask{Kind: tape.KindTree, Name: dir + "/app"})
	if v.Status != tape.Seen || !v.Truncated || !strings.Contains(v.Body, `"secret"`) {
		t.Errorf("%+v", v)
	}
}

func TestTree(t *testing.T) {
	dir := t.TempDir()
	put(t, dir+"/b/deep/er/f", "12345", os.Getuid(), 0o644)
	put(t, dir+"/a", "1", os.Getuid(), 0o644)
	must(t, os.Symlink("/etc", dir+"/link"))
	r := Local(Options{})
	got := seen[[]tape.Entry](t, r, tape.Ask{Kind: tape.KindTree, Name: dir})
	want := []tape.Entry{{Path: "a", Type: "file", Size: 1}, {Path: "b", Type: "dir"}, {Path: "link", Type: "link"},
		{Path: "b/deep", Type: "dir"}, {Path: "b/deep/er", Type: "dir"}, {Path: "b/deep/er/f", Type: "file", Size: 5}}
	if !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
	for i := range tape.MaxTree + 50 {
		must(t, os.WriteFile(fmt.Sprintf("%s/n%d", dir, i), nil, 0o644))
	}
	v := see(t, r, tape.Ask{Kind: tape.KindTree, Name: dir})
	if all, err := tape.Decode[[]tape.Entry](v); err != nil || len(all) != tape.MaxTree || !v.Truncated {
		t.Errorf("%d entries, truncated %v, %v", len(all), v.Truncated, err)
	}
	if v := see(t, r, tape.Ask{Kind: tape.KindTree, Name: dir + "/none"}); v.Status != tape.Absent {
		t.Errorf("%+v", v)
	}
}
