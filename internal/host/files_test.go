package host

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"assay/internal/tape"

	"golang.org/x/sys/unix"
)

func file(p string) tape.Ask { return tape.Ask{Kind: tape.KindFile, Name: p} }

func TestFileIsRead(t *testing.T) {
	dir := t.TempDir()
	r := Local(Options{})
	p := filepath.Join(dir, "a")
	must(t, os.WriteFile(p, []byte("hello\xff\xfe"), 0o644))
	if v := see(t, r, file(p)); v.Body != "hello\uFFFD\uFFFD" {
		t.Errorf("got %+v", v)
	}
	want(t, see(t, r, file(p+"/x")), tape.Absent, "")
	want(t, see(t, r, file(dir+"/none")), tape.Absent, "")
	want(t, see(t, r, file(dir)), tape.Unseen, "read "+dir+": not a regular file")
	want(t, see(t, r, file("etc/passwd")), tape.Unseen, "read etc/passwd: not an absolute path")
	if v := see(t, r, file("/proc/version")); !strings.HasPrefix(v.Body, "Linux") {
		t.Errorf("a file of size 0 that has content: %+v", v)
	}
	if v := see(t, r, tape.Ask{Kind: tape.KindFile, Name: "/proc/version", Arg: "tail"}); !strings.HasPrefix(v.Body, "Linux") {
		t.Errorf("its tail: %+v", v)
	}
}

func TestHugeFileIsCut(t *testing.T) {
	p := filepath.Join(t.TempDir(), "log")
	must(t, os.WriteFile(p, append(make([]byte, 10<<20), "end"...), 0o644))
	r := Local(Options{})
	if v := see(t, r, file(p)); len(v.Body) != tape.MaxFile || !v.Truncated {
		t.Errorf("%d bytes, truncated %v", len(v.Body), v.Truncated)
	}
	v := see(t, r, tape.Ask{Kind: tape.KindFile, Name: p, Arg: "tail"})
	if len(v.Body) != tailSize || !strings.HasSuffix(v.Body, "end") || !v.Truncated {
		t.Errorf("tail: %d bytes, truncated %v", len(v.Body), v.Truncated)
	}
}

func TestOnlyRegularFilesAreOpened(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	must(t, unix.Mkfifo(fifo, 0o666))
	sock := filepath.Join(dir, "sock")
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	must(t, err)
	defer unix.Close(fd)
	must(t, unix.Bind(fd, &unix.SockaddrUnix{Name: sock}))
	r := Local(Options{})
	for _, p := range []string{fifo, sock, "/dev/zero", "/dev/null"} {
		want(t, see(t, r, file(p)), tape.Unseen, "read "+p+": not a regular file")
	}
	for p, kind := range map[string]string{fifo: "fifo", sock: "socket", "/dev/zero": "device", dir: "dir"} {
		if st := seen[tape.Stat](t, r, tape.Ask{Kind: tape.KindStat, Name: p, Arg: "hash"}); st.Type != kind || st.SHA != "" {
			t.Errorf("%s: %+v", p, st)
		}
	}
}

// In an owner's folder root has no more rights than the owner.
func TestOwnersFolderIsReadAsItsOwner(t *testing.T) {
	dir := rootDir(t)
	app := filepath.Join(dir, "app")
	put(t, app+"/ok.py", "mine", wwwData, 0o600)
	put(t, app+"/root.py", "root's secret", 0, 0o600)
	must(t, os.Symlink("/etc/shadow", app+"/gunicorn.conf.py"))
	must(t, os.Symlink("/proc/1/environ", app+"/env"))
	must(t, os.Symlink("ok.py", app+"/link"))
	must(t, os.Symlink("/etc", app+"/etc"))
	must(t, os.Symlink("loop", app+"/loop"))
	must(t, os.Chown(app, wwwData, wwwData))
	put(t, dir+"/private", "root's", 0, 0o600)
	must(t, os.Symlink(app+"/gunicorn.conf.py", dir+"/far"))
	r := Local(Options{})
	denied := func(p string) {
		t.Helper()
		v := see(t, r, file(p))
		want(t, v, tape.Unseen, "read "+p+": permission denied")
		if v.Hint == "" {
			t.Errorf("%s: no hint", p)
		}
	}
	for p, text := range map[string]string{app + "/ok.py": "mine", app + "/link": "mine", dir + "/private": "root's"} {
		if v := see(t, r, file(p)); v.Body != text {
			t.Errorf("%s: %+v", p, v)
		}
	}
	denied(app + "/gunicorn.conf.py")
	denied(app + "/env")
	denied(app + "/root.py")
	denied(app + "/etc/shadow")
	denied(dir + "/far")
	denied(app + "/../private")
	want(t, see(t, r, file(app+"/loop")), tape.Unseen, "read "+app+"/loop: too many levels of symbolic links")
	st := seen[tape.Stat](t, r, tape.Ask{Kind: tape.KindStat, Name: app + "/gunicorn.conf.py", Arg: "hash"})
	if st.Type != "link" || st.Link != "/etc/shadow" || st.Real != "/etc/shadow" || st.SHA != "" {
		t.Errorf("stat of the link: %+v", st)
	}
	// None of it stuck to the process.
	if v := see(t, r, file("/etc/shadow")); v.Status != tape.Seen {
		t.Errorf("afterwards: %+v", v)
	}
}

// A shared folder's entries are read as their owners, root's as nobody.
func TestSharedFolder(t *testing.T) {
	dir := rootDir(t)
	put(t, dir+"/log/nginx/access.log", "GET", wwwData, 0o600)
	put(t, dir+"/log/nginx/open.log", "open", 0, 0o644)
	put(t, dir+"/log/nginx/error.log", "root's", 0, 0o600)
	put(t, dir+"/log/twice", "www-data's", wwwData, 0o600)
	must(t, os.Link(dir+"/log/twice", dir+"/log/hard"))
	must(t, os.Symlink("/etc/shadow", dir+"/log/rootlink"))
	must(t, os.Symlink("/etc/shadow", dir+"/log/link"))
	must(t, os.Lchown(dir+"/log/link", wwwData, wwwData))
	must(t, os.Chown(dir+"/log", 0, 4))
	must(t, os.Chmod(dir+"/log", 0o775))
	r := Local(Options{})
	for p, text := range map[string]string{"/log/nginx/access.log": "GET", "/log/nginx/open.log": "open"} {
		if v := see(t, r, file(dir+p)); v.Body != text {
			t.Errorf("%s: %+v", p, v)
		}
	}
	for _, p := range []string{"/log/nginx/error.log", "/log/twice", "/log/rootlink", "/log/link"} {
		want(t, see(t, r, file(dir+p)), tape.Unseen, "read "+dir+p+": permission denied")
	}
}

// An ACL that lets another user write makes a folder shared: its mask shows as
// the group's bits.
func TestFolderWithACLIsShared(t *testing.T) {
	dir := rootDir(t)
	put(t, dir+"/d/f", "root's", 0, 0o600)
	r := Local(Options{})
	if v := see(t, r, file(dir+"/d/f")); v.Status != tape.Seen {
		t.Fatalf("before: %+v", v)
	}
	tool(t, "setfacl", "-m", "u:www-data:rwx", dir+"/d")
	want(t, see(t, r, file(dir+"/d/f")), tape.Unseen, "read "+dir+"/d/f: permission denied")
}

// Somebody swaps a folder for a link to /etc as fast as he can.
func TestSwappedFolder(t *testing.T) {
	dir := rootDir(t)
	app := dir + "/app"
	put(t, app+"/conf/shadow", "mine", wwwData, 0o644)
	must(t, os.Symlink("/etc", app+"/evil"))
	for _, p := range []string{app, app + "/conf"} {
		must(t, os.Chown(p, wwwData, wwwData))
	}
	var stop atomic.Bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		for !stop.Load() {
			unix.Renameat2(unix.AT_FDCWD, app+"/conf", unix.AT_FDCWD, app+"/evil", unix.RENAME_EXCHANGE)
		}
	}()
	asks := slices.Repeat([]tape.Ask{file(app + "/conf/shadow")}, 2000)
	mine := 0
	for _, v := range Local(Options{}).See(t.Context(), asks...) {
		if v.Status == tape.Seen && v.Body != "mine" {
			t.Errorf("read %.20q", v.Body)
		}
		if v.Status == tape.Seen {
			mine++
		}
	}
	stop.Store(true)
	<-done
	t.Logf("%d of %d were the file, the rest refused", mine, len(asks))
}

func TestDoorsOfProcAreNotFollowed(t *testing.T) {
	needRoot(t)
	want(t, see(t, Local(Options{}), file("/proc/self/root/etc/passwd")),
		tape.Unseen, "read /proc/self/root/etc/passwd: a link into a process is not followed")
	if v := see(t, Local(Options{}), file("/proc/mounts")); v.Status != tape.Seen {
		t.Errorf("/proc/mounts: %+v", v)
	}
}

func TestStat(t *testing.T) {
	dir := t.TempDir()
	p := filepath.Join(dir, "a")
	must(t, os.WriteFile(p, []byte("text"), 0o640))
	must(t, os.Symlink("a", dir+"/l"))
	must(t, os.Symlink("none", dir+"/dangling"))
	r := Local(Options{})
	sum := sha256.Sum256([]byte("text"))
	must(t, unix.Chmod(p, 0o4644))
	st := seen[tape.Stat](t, r, tape.Ask{Kind: tape.KindStat, Name: p, Arg: "hash"})
	if st.Type != "file" || st.Mode != 0o4644 || st.Size != 4 || st.SHA != hex.EncodeToString(sum[:]) || st.UID != os.Getuid() {
		t.Errorf("%+v", st)
	}
	fi, err := os.Stat(p)
	must(t, err)
	if !st.MTime.Equal(fi.ModTime()) || st.Inode != fi.Sys().(*syscall.Stat_t).Ino {
		t.Errorf("%+v", st)
	}
	if st := seen[tape.Stat](t, r, tape.Ask{Kind: tape.KindStat, Name: dir + "/l"}); st.Link != "a" || st.Real != p {
		t.Errorf("link: %+v", st)
	}
	if st := seen[tape.Stat](t, r, tape.Ask{Kind: tape.KindStat, Name: dir + "/dangling"}); st.Link != "none" || st.Real != "" {
		t.Errorf("dangling: %+v", st)
	}
	want(t, see(t, r, tape.Ask{Kind: tape.KindStat, Name: dir + "/none"}), tape.Absent, "")
}
