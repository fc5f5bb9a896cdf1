package host_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"assay/internal/host"
	"assay/internal/tape"
)

// service is a process with an environment, as an app's is.
func service(t *testing.T, env ...string) (ref string, id tape.Identity) {
	t.Helper()
	cmd := exec.Command("sleep", "300")
	cmd.Env = env
	id = tape.Identity{UID: os.Getuid(), GID: os.Getgid()}
	if os.Getuid() == 0 {
		id.UID, id.GID = 65534, 65534
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	} else if g, err := os.Getgroups(); err == nil {
		id.Groups = g
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return "pid " + strconv.Itoa(cmd.Process.Pid) + "/env/", id
}

// server takes connections and says the same to each; it gives what it heard.
func server(t *testing.T, say string, hold bool) (addr string, heard func() string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan string, 100)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = c.Write([]byte(say))
				b := make([]byte, 4096)
				_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
				for {
					n, err := c.Read(b)
					got <- string(b[:n])
					if err != nil || !hold {
						return
					}
				}
			}()
		}
	}()
	return l.Addr().String(), func() string {
		var all []string
		for len(got) > 0 {
			all = append(all, <-got)
		}
		return strings.Join(all, "")
	}
}

const planted = "pl4nted-s3cret"

func TestStoresOfEveryManner(t *testing.T) {
	silent, _ := server(t, "", true)
	page, _ := server(t, "HTTP/1.1 400 Bad Request\r\n\r\n", false)
	bomb, _ := server(t, "$99999999999\r\n", true)
	deep, _ := server(t, strings.Repeat("*1\r\n", 10000), true)
	handshake, _ := server(t, "\xff\xff\xff\x00"+strings.Repeat("x", 70000), true)
	closed, _ := server(t, "", false)
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead.Close()
	pg, my, rd := "postgresql://shop:"+planted+"@%s/shop", "mysql+pymysql://shop:"+planted+"@%s/shop", "redis://:"+planted+"@%s/0"
	for i, c := range []struct {
		kind          tape.Kind
		form, addr    string
		class, reason string
	}{
		{tape.KindSQL, pg, silent, tape.StoreTimeout, "does not answer"},
		{tape.KindSQL, my, silent, tape.StoreTimeout, "does not answer"},
		{tape.KindRedis, rd, silent, tape.StoreTimeout, "does not answer"},
		{tape.KindSQL, pg, page, tape.StoreGarbled, "PostgreSQL's protocol"},
		{tape.KindSQL, pg + "?sslmode=require", page, tape.StoreTLS, "does not offer TLS"},
		{tape.KindSQL, my, page, tape.StoreTimeout, "does not answer"},
		{tape.KindSQL, my, handshake, tape.StoreTimeout, ""},
		{tape.KindRedis, rd, page, tape.StoreGarbled, "Redis's protocol"},
		{tape.KindRedis, rd, bomb, tape.StoreGarbled, ""},
		{tape.KindRedis, rd, deep, tape.StoreGarbled, ""},
		{tape.KindSQL, pg, closed, tape.StoreGarbled, ""},
		{tape.KindSQL, pg, dead.Addr().String(), tape.StoreRefused, "refused"},
		{tape.KindSQL, my, dead.Addr().String(), tape.StoreRefused, "refused"},
		{tape.KindRedis, rd, dead.Addr().String(), tape.StoreRefused, "refused"},
		{tape.KindSQL, "postgresql:///shop?host=%s", "/nonexistent", tape.StoreAbsent, "no such file"},
		{tape.KindSQL, "postgresql://shop:a@b" + planted + "@%s/shop", page, tape.StoreHost, "…@127.0.0.1"},
		{tape.KindSQL, "postgresql://shop:" + planted + "@%s:x/shop", "127.0.0.1", tape.StoreURL, "port"},
		{tape.KindSQL, pg + "?sslmode=verify-full", page, tape.StoreTLS, "root certificate"},
		{tape.KindSQL, pg + "?sslrootcert=/nonexistent&sslmode=verify-ca", page, tape.StoreTLS, "CA file"},
		{tape.KindRedis, "redis://%s/notanumber", page, tape.StoreURL, "number"},
	} {
		t.Run(fmt.Sprint(i, c.kind, c.class), func(t *testing.T) {
			t.Parallel()
			ref, id := service(t, "X="+fmt.Sprintf(c.form, c.addr))
			began := time.Now()
			v := host.Local(host.Options{}).See(t.Context(), tape.Ask{Kind: c.kind, Name: ref + "X", As: id.String()})[0]
			if d := time.Since(began); d > 6*time.Second {
				t.Errorf("took %v", d)
			}
			r, err := tape.Decode[tape.RedisReply](v) // SQL's has the same fields here
			if err != nil || v.Status != tape.Seen || r.Class != c.class || !strings.Contains(r.Error, c.reason) {
				t.Errorf("%+v", v)
			}
			if all := fmt.Sprintf("%+v", v); strings.Contains(all, planted) || len(v.Body) > 2000 {
				t.Errorf("a secret comes out, or too much: %.500s", all)
			}
		})
	}
}

// The URL goes to the child over its standard input: /proc shows a program's
// arguments and environment to other users, too.
func TestLoginIsNotShown(t *testing.T) {
	addr, _ := server(t, "", true)
	ref, id := service(t, "X=postgresql://shop:"+planted+"@"+addr+"/shop", "PGPASSWORD="+planted)
	done := make(chan tape.Answer)
	go func() {
		done <- host.Local(host.Options{}).See(t.Context(), tape.Ask{Kind: tape.KindSQL, Name: ref + "X", As: id.String()})[0]
	}()
	seen := false
	for {
		select {
		case <-done:
			if !seen {
				t.Error("the child was never seen")
			}
			return
		default:
		}
		for _, pid := range children(t) {
			args, _ := os.ReadFile("/proc/" + pid + "/cmdline")
			env, _ := os.ReadFile("/proc/" + pid + "/environ")
			if !bytes.HasPrefix(args, []byte("assay-")) {
				continue
			}
			seen = true
			if bytes.Contains(args, []byte(planted)) || bytes.Contains(env, []byte(planted)) {
				t.Errorf("shown: %q", args)
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func children(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range files {
		b, _ := os.ReadFile(f)
		out = append(out, strings.Fields(string(b))...)
	}
	return out
}

// What an ask may not name, or whose process is another one's, is refused.
func TestStoreReferences(t *testing.T) {
	ref, id := service(t, "X=redis://127.0.0.1:1/0")
	l := host.Local(host.Options{})
	for name, why := range map[string]string{
		"X": "not a place", "pid 1/env/": "not a place", "/env/X": "not a place", ref + "../../x": "", "pid 999999999/engine/default": "",
		strings.Replace(ref, "/env/", "/engine/", 1) + "default": "not loaded", "postgresql://shop:" + planted + "@h/d": "not a place",
	} {
		v := l.See(t.Context(), tape.Ask{Kind: tape.KindSQL, Name: name, As: id.String()})[0]
		if v.Status == tape.Seen || why != "" && (v.Status != tape.Unseen || !strings.Contains(v.Why, why)) {
			t.Errorf("%s: %+v", name, v)
		}
	}
	if v := l.See(t.Context(), tape.Ask{Kind: tape.KindSQL, Name: ref + "X", Arg: "x; DROP TABLE y", As: id.String()})[0]; v.Status != tape.Unseen {
		t.Errorf("%+v", v)
	}
	other := tape.Identity{UID: id.UID + 1, GID: id.GID}
	if v := l.See(t.Context(), tape.Ask{Kind: tape.KindSQL, Name: ref + "X", As: other.String()})[0]; v.Status != tape.Unseen {
		t.Errorf("the URL of another user's process: %+v", v)
	}
}

// A SQLite database that is being written is read, and nothing comes into being
// beside it.
func TestSQLiteIsLeftAlone(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not here")
	}
	dir, err := os.MkdirTemp("", "assay-sqlite")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []string{"wal", "delete"} {
		file := filepath.Join(dir, mode+".db")
		writer := exec.Command(python, "-c", `import sqlite3, sys, time
c = sqlite3.connect(sys.argv[1], isolation_level=None)
c.execute("pragma journal_mode=" + sys.argv[2])
c.execute("create table alembic_version (version_num varchar(32) not null)")
c.execute("insert into alembic_version values ('8b2d64c7e9f0')")
c.execute("create table goods (x)")
print("ready", flush=True)
while sys.stdin.readline():
    for i in range(60): c.execute("insert into goods values (hex(randomblob(200)))")
    print("done", flush=True)
`, file, mode)
		in, _ := writer.StdinPipe()
		out, _ := writer.StdoutPipe()
		if err := writer.Start(); err != nil {
			t.Fatal(err)
		}
		word := make([]byte, 6)
		if _, err := out.Read(word); err != nil {
			t.Fatal(err)
		}
		ref, id := service(t, "X=sqlite:///"+file)
		l := host.Local(host.Options{})
		look := func() tape.SQLReply {
			v := l.See(t.Context(), tape.Ask{Kind: tape.KindSQL, Name: ref + "X", As: id.String()})[0]
			r, err := tape.Decode[tape.SQLReply](v)
			if err != nil {
				t.Fatalf("%+v", v)
			}
			return r
		}
		before := listing(t, dir)
		r := look()
		if after := listing(t, dir); after != before {
			t.Errorf("%s: before %s after %s", mode, before, after)
		}
		if r.Class != "" || r.Cell("file", "journal_mode") != mode || len(r.Rows["version"]) != 1 || r.Rows["version"][0][0] != "8b2d64c7e9f0" || len(r.Rows["tables"]) != 2 {
			t.Errorf("%s: %+v", mode, r)
		}
		for range 5 { // and while it is written
			_, _ = in.Write([]byte("\n"))
			v := l.See(t.Context(), tape.Ask{Kind: tape.KindSQL, Name: ref + "X", As: id.String()})[0]
			if got, err := tape.Decode[tape.SQLReply](v); v.Status == tape.Seen && (err != nil || got.Class != "" || len(got.Rows["version"]) != 1) {
				t.Errorf("%s, written: %+v", mode, v)
			}
		}
		in.Close()
		_, _ = io.Copy(io.Discard, out)
		_ = writer.Wait()
	}
}

func listing(t *testing.T, dir string) string {
	t.Helper()
	var out []string
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		b, _ := os.ReadFile(filepath.Join(dir, e.Name()))
		fi, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprint(e.Name(), len(b), fi.ModTime().UnixNano()))
	}
	return strings.Join(out, " ")
}
