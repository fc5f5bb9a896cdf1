package host

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay/internal/tape"

	"golang.org/x/sys/unix"
)

// inside runs a shell script under the seal.
func inside(t *testing.T, script string) tape.Answer {
	t.Helper()
	needRoot(t)
	row := tape.Row{Scratch: []string{"/run", "/var/log", "/tmp"}, Seconds: 10}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	return Local(Options{}).(*local).sealed(ctx, "run sh", row, "/bin/sh", []string{"sh", "-c", script})
}

func TestSealHolds(t *testing.T) {
	dir := rootDir(t)
	put(t, "/var/log/assay-test/deep/x.log", "", wwwData, 0o644)
	t.Cleanup(func() { os.RemoveAll("/var/log/assay-test") })
	must(t, os.Chown("/var/log/assay-test/deep", wwwData, wwwData))
	put(t, dir+"/evil", "#!/bin/sh\necho ran\n", 0, 0o755)
	v := inside(t, fmt.Sprintf(`
try() { if ("$@") >/dev/null 2>&1; then echo "DONE: $*"; fi; }
try touch %[1]s/new; try touch /etc/new; try touch /usr/new; try rm %[1]s/evil; try touch /new; try chmod 700 %[1]s/evil
try mkdir /proc/x; try sh -c 'echo 0 > /proc/sys/kernel/sysrq'; try sh -c 'echo x > /proc/self/oom_score_adj'
try touch /sys/fs/cgroup/x; try mount -o remount,rw /; try mount -t tmpfs t /mnt; try umount /run; try umount /var/log
try mknod /tmp/disk b 254 0; try sh -c 'head -c 1 /dev/vda'; try %[1]s/evil
try cp /bin/true /tmp/true; try /tmp/true; try unshare -m true; try kill -0 %[2]d
try chroot / true; try setpriv --no-new-privs true
touch /tmp/ok /run/ok /var/log/assay-test/deep/ok && echo scratch
stat -c %%u /var/log/assay-test/deep; ls /var/log/assay-test/deep
echo x > /dev/null && echo null; head -c 2 /dev/urandom | wc -c; ls /dev | tr '\n' ' '; cat
`, dir, os.Getpid()))
	want(t, v, tape.Seen, "")
	text := v.Body
	for _, s := range []string{"DONE: cp /bin/true /tmp/true\n", "DONE: setpriv --no-new-privs true\n"} {
		if !strings.Contains(text, s) {
			t.Errorf("lacks %q", s)
		}
		text = strings.Replace(text, s, "", 1)
	}
	if want := "scratch\n33\nok\nnull\n2\nfd full null random stderr stdin stdout urandom zero "; text != want {
		t.Errorf("got %q\nwant %q\nstderr %s", text, want, v.Stderr)
	}
	for _, p := range []string{"/tmp/ok", "/run/ok", "/var/log/assay-test/deep/ok"} {
		if _, err := os.Lstat(p); err == nil {
			t.Errorf("%s was written on the host", p)
		}
	}
}

func TestSealedProgramEndsWithItsTime(t *testing.T) {
	needRoot(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	v := Local(Options{}).(*local).sealed(ctx, "run sh", tape.Row{Scratch: []string{"/run"}}, "/bin/sh", []string{"sh", "-c", "sleep 61.5 & sleep 61.5"})
	want(t, v, tape.Unseen, "run sh: it did not end in time")
	for _, p := range seen[[]tape.Proc](t, Local(Options{}), tape.Ask{Kind: tape.KindProcs}) {
		if strings.Contains(strings.Join(p.Args, " "), "61.5") && p.State != "Z" {
			t.Errorf("left behind: %+v", p)
		}
	}
}

// footprint is every path with what a write would change.
func footprint(t *testing.T, tops ...string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, top := range tops {
		filepath.WalkDir(top, func(p string, d fs.DirEntry, err error) error {
			var st unix.Stat_t
			if err == nil && unix.Lstat(p, &st) == nil {
				out[p] = fmt.Sprint(st.Mode, st.Uid, st.Gid, st.Size, st.Mtim, st.Ctim, st.Ino)
			}
			return nil
		})
	}
	return out
}

func nginxTest(t *testing.T, conf string) tape.Answer {
	t.Helper()
	if _, err := os.Stat("/usr/sbin/nginx"); err != nil {
		t.Skip("nginx is not installed")
	}
	tops := []string{"/run", "/var/log", "/var/lib/nginx", "/etc/nginx", "/var/tmp"}
	before := footprint(t, tops...)
	v := see(t, Local(Options{}), tape.Ask{Kind: tape.KindCommand, Name: "nginx-test", Arg: conf})
	after := footprint(t, tops...)
	for p, s := range after {
		if before[p] != s {
			t.Errorf("nginx -t changed %s: %q, then %q", p, before[p], s)
		}
		delete(before, p)
	}
	for p := range before {
		t.Errorf("nginx -t removed %s", p)
	}
	return v
}

func TestNginxTestWritesNothing(t *testing.T) {
	dir := rootDir(t)
	v := nginxTest(t, "/etc/nginx/nginx.conf")
	if v.Status != tape.Seen || v.Exit != 0 || !strings.Contains(v.Stderr, "test is successful") {
		t.Errorf("%+v", v)
	}
	conf := func(name, text string, uid int) string {
		put(t, dir+"/"+name, text, uid, 0o644)
		return dir + "/" + name
	}
	// What an unsealed nginx -t would have made: its pid, its logs, its folders.
	must(t, os.MkdirAll("/var/log/nginx/assay-test", 0o755))
	t.Cleanup(func() { os.Remove("/var/log/nginx/assay-test") })
	v = nginxTest(t, conf("writes.conf", `pid /run/assay-test.pid; error_log /var/log/nginx/assay-test/e.log;
events {} http { access_log /var/log/nginx/assay-test/a.log; client_body_temp_path /var/lib/nginx/assay-test; server { listen 127.0.0.1:18099; } }`, 0))
	if v.Exit != 0 || !strings.Contains(v.Stderr, "test is successful") {
		t.Errorf("%+v", v)
	}
	v = nginxTest(t, conf("bad.conf", "events {}\nhttp { server { listen 80; lisssten 81; } }", 0))
	if v.Exit != 1 || !strings.Contains(v.Stderr, `unknown directive "lisssten"`) {
		t.Errorf("%+v", v)
	}
	v = nginxTest(t, conf("nolog.conf", "error_log /var/log/none/x.log; events {}", 0))
	if v.Status != tape.Seen || v.Exit != 1 || !strings.Contains(v.Stderr, "/var/log/none/x.log") {
		t.Errorf("a missing log folder: %+v", v)
	}
	must(t, os.MkdirAll("/run/assay-test", 0o755))
	t.Cleanup(func() { os.RemoveAll("/run/assay-test") })
	put(t, "/run/assay-test/cert.pem", "x", 0, 0o600)
	v = nginxTest(t, conf("run.conf", "events {} http { server { listen 127.0.0.1:18099 ssl; ssl_certificate /run/assay-test/cert.pem; ssl_certificate_key /run/assay-test/cert.pem; } }", 0))
	if v.Status != tape.Unseen || !strings.Contains(v.Why, "it needs /run/assay-test/cert.pem, which an audit hides from it") {
		t.Errorf("a certificate under /run: %+v", v)
	}
	v = nginxTest(t, conf("his.conf", "events {}", wwwData))
	want(t, v, tape.Unseen, "run nginx -t -c "+dir+"/his.conf: others than root can write "+dir+"/his.conf or a folder above it")
}

// A module from a folder outside of /usr is not mapped.
func TestNginxLoadsNoForeignModule(t *testing.T) {
	dir := rootDir(t)
	so, _ := filepath.Glob("/usr/lib/x86_64-linux-gnu/libz.so.1*")
	if len(so) == 0 {
		t.Skip("no library to try it with")
	}
	b, err := os.ReadFile(so[0])
	must(t, err)
	put(t, dir+"/evil.so", string(b), 0, 0o755)
	put(t, dir+"/n.conf", "load_module "+dir+"/evil.so; events {}", 0, 0o644)
	v := nginxTest(t, dir+"/n.conf")
	if v.Exit == 0 || !strings.Contains(v.Stderr, "failed to map segment") {
		t.Errorf("%+v", v)
	}
}
