package host

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func seenAt(t *testing.T, p string) Image {
	t.Helper()
	i, err := Inspect(p)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// Whatever moment a change is cut off at, it can be ended, and taken back.
func TestSwapFromEachMoment(t *testing.T) {
	uid, gid := os.Getuid(), os.Getgid()
	file := func(body string, mode uint32) Image {
		return Image{Kind: FileImage, Body: []byte(body), Mode: mode, UID: uid, GID: gid}
	}
	none := Image{Kind: Nothing}
	folder := Image{Kind: FolderHere, Mode: 0o755, UID: uid, GID: gid}
	link := func(to string) Image { return Image{Kind: LinkImage, Target: to, UID: uid, GID: gid} }
	for name, c := range map[string]struct {
		from, to Image
		half     []func(p, mark string) error // what a cut leaves
	}{
		"edit": {file("old\n", 0o640), file("new\n", 0o640), []func(string, string) error{
			func(_, m string) error { return os.WriteFile(m, nil, 0o600) },
			func(_, m string) error { return os.WriteFile(m, []byte("ne"), 0o600) },
			func(_, m string) error { return os.WriteFile(m, []byte("new\n"), 0o640) }}},
		"write":  {none, file("new\n", 0o644), []func(string, string) error{func(_, m string) error { return os.WriteFile(m, []byte("new\n"), 0o644) }}},
		"remove": {file("old\n", 0o640), none, nil},
		"mode":   {file("old\n", 0o604), file("old\n", 0o640), []func(string, string) error{func(p, _ string) error { return os.Chmod(p, 0o600) }}},
		"folder": {none, folder, []func(string, string) error{func(p, _ string) error { return os.Mkdir(p, 0o700) }}},
		"link":   {link("a"), link("b"), []func(string, string) error{func(_, m string) error { return os.Symlink("b", m) }}},
	} {
		for _, half := range append(c.half, func(string, string) error { return nil }) {
			for what, way := range map[string][2]Image{"ended": {c.from, c.to}, "taken back": {c.to, c.from}} {
				p := filepath.Join(t.TempDir(), "x")
				mark := filepath.Join(filepath.Dir(p), ".mark")
				h := hands{}
				if c.from.Kind != Nothing {
					if err := h.Swap(p, ".mark", none, c.from, false); err != nil {
						t.Fatal(name, err)
					}
				}
				if err := half(p, mark); err != nil {
					t.Fatal(name, err)
				}
				if err := h.Swap(p, ".mark", way[0], way[1], true); err != nil {
					t.Errorf("%s, %s: %v", name, what, err)
				}
				if got := seenAt(t, p); !got.Same(way[1]) {
					t.Errorf("%s, %s: %+v", name, what, got)
				}
				if _, err := os.Lstat(mark); !errors.Is(err, os.ErrNotExist) {
					t.Errorf("%s, %s: the mark is left: %v", name, what, err)
				}
			}
		}
	}
}

// What somebody else made of it stays as it is.
func TestSwapLeavesOthersWork(t *testing.T) {
	p := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(p, []byte("theirs\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	theirs := seenAt(t, p)
	ours, new := theirs, theirs
	ours.Body, new.Body = []byte("was\n"), []byte("will be\n")
	for _, torn := range []bool{false, true} {
		if err := (hands{}).Swap(p, ".mark", ours, new, torn); !errors.Is(err, ErrChanged) {
			t.Errorf("torn %v: %v", torn, err)
		}
		if !seenAt(t, p).Same(theirs) {
			t.Error("it was changed")
		}
	}
}

// Attributes and ACLs come back with the file.
func TestSwapKeepsAttributes(t *testing.T) {
	p := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(p, []byte("a\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setxattr(p, "user.note", []byte("kept"), 0); err != nil {
		t.Skip("this file system has no attributes")
	}
	from := seenAt(t, p)
	to := from
	to.Body = []byte("b\n")
	if err := (hands{}).Swap(p, ".mark", from, to, false); err != nil {
		t.Fatal(err)
	}
	if got := seenAt(t, p); string(got.Attrs["user.note"]) != "kept" || !got.Same(to) {
		t.Errorf("%+v", got)
	}
}

// A link that somebody could have planted leads us nowhere.
func TestLookFollowsNoPlantedLink(t *testing.T) {
	dir := t.TempDir() // ours, and not root's alone, or below such a folder
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(t.TempDir(), "shadow")
	if err := os.WriteFile(secret, []byte("x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, plant := range map[string]func(p string) error{
		"a link":        func(p string) error { return os.Symlink(secret, p) },
		"a folder":      func(p string) error { return os.Symlink(filepath.Dir(secret), p) },
		"a second name": func(p string) error { return os.Link(secret, p) },
	} {
		p := filepath.Join(dir, name)
		if err := plant(p); err != nil {
			t.Fatal(err)
		}
		at := p
		if name == "a folder" {
			at = filepath.Join(p, "shadow")
		}
		if _, _, err := (hands{}).Look(at, true); err == nil {
			t.Errorf("%s: followed", name)
		}
	}
}
