//go:build real

package setup_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay/internal/lab"
	"assay/internal/tape"
)

const setUp = "assay setup /home/dev/shop --yes --domain shop.example --domain www.shop.example --email ops@shop.example 2>&1"

// A bare host becomes a site that the whole audit finds nothing wrong with; a
// second run has nothing to do, and undo gives the host back but for what it says.
func TestSetup(t *testing.T) {
	if os.Getuid() != 0 {
		t.Fatal("booting hosts needs root: make real")
	}
	if os.Getenv("FRESH") == "" {
		t.Skip("a bare host and its packages take minutes to make: make real")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 25*time.Minute)
	defer cancel()
	h := bare(ctx, t)
	must := func(script string) string {
		t.Helper()
		out, err := h.Run(ctx, script)
		if err != nil {
			t.Fatalf("%s: %v\n%s", script, err, out)
		}
		return out
	}
	before := state(ctx, t, h)
	must("assay setup /home/dev/shop --plan --domain shop.example --email ops@shop.example")
	if after := state(ctx, t, h); after != before {
		t.Errorf("--plan changed something:\n%s", lab.Differ(before, after))
	}
	if out := must(setUp); !strings.Contains(out, "The audit finds nothing wrong.") {
		t.Fatalf("setup:\n%s", tail(out))
	}
	answers(ctx, t, h)
	if out := must(lab.Declare + "; assay check"); !strings.Contains(out, "Nothing found wrong") || strings.Contains(out, "could not be seen") {
		t.Errorf("the audit of what setup made:\n%s", tail(out))
	}
	if out := must(setUp); !strings.Contains(out, "Nothing is left to do") {
		t.Errorf("the second run:\n%s", tail(out))
	}
	// The operator's own file is not the first thing that undo may throw away.
	if out, err := h.Run(ctx, "assay undo 1 2>&1 || test $? = 4"); err != nil || !strings.Contains(out, "/etc/assay/assay.toml was changed since") {
		t.Errorf("undo over an operator's edit: %v\n%s", err, tail(out))
	}
}

var record = flag.Bool("record", false, "keep what the host answers as testdata/site13.tape.gz")

// The audit finds nothing after a boot, either.
func TestSite(t *testing.T) {
	if os.Getenv("FRESH") == "" || os.Getuid() != 0 {
		t.Skip("a bare host and its packages take minutes to make: make real")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 25*time.Minute)
	defer cancel()
	h := up(ctx, t, "site13")
	if out, err := h.Run(ctx, "assay record /root/site.tape"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(h.Root(), "root/site.tape"))
	if err != nil {
		t.Fatal(err)
	}
	tp, err := tape.Read(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	blueprint(t, tp)
	if *record && !t.Failed() {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if err := errors.Join(tp.Write(z), z.Close(), os.WriteFile(site, b.Bytes(), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

// What was taken back leaves nothing: the host is as it was before the second time.
func TestSetupTakenBack(t *testing.T) {
	if os.Getenv("FRESH") == "" || os.Getuid() != 0 {
		t.Skip("a bare host and its packages take minutes to make: make real")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 25*time.Minute)
	defer cancel()
	h := bare(ctx, t)
	must := func(script string) {
		t.Helper()
		if out, err := h.Run(ctx, script); err != nil {
			t.Fatalf("%s: %v\n%s", script, err, tail(out))
		}
	}
	must(setUp)
	must("assay undo 1")
	first := state(ctx, t, h)
	must(setUp)
	must("assay undo 2")
	if second := state(ctx, t, h); second != first {
		t.Errorf("undo leaves something:\n%s", lab.Differ(first, second))
	}
	// An app that does not load is refused by what it says, and nothing stays of it.
	must("echo 'import nowhere' >> /home/dev/shop/wsgi.py")
	first = state(ctx, t, h)
	out, err := h.Run(ctx, setUp+" || test $? = 4")
	if err != nil || !strings.Contains(out, "No module named 'nowhere'") {
		t.Errorf("%v\n%s", err, tail(out))
	}
	if third := state(ctx, t, h); third != first {
		t.Errorf("a refused setup leaves something:\n%s", lab.Differ(first, third))
	}
}

func state(ctx context.Context, t *testing.T, h *lab.Host) string {
	t.Helper()
	s, err := h.Everything(ctx)
	if err != nil {
		t.Fatal(err)
	}
	people, err := h.Run(ctx, "getent passwd | cut -d: -f1,6,7; getent group | cut -d: -f1,4; if which psql ufw >/dev/null; then runuser -u postgres -- psql -Atc 'select datname from pg_database union select rolname from pg_roles order by 1'; ufw show added; fi")
	if err != nil {
		t.Fatal(err)
	}
	return s + people
}

// answers asks as a visitor.
func answers(ctx context.Context, t *testing.T, h *lab.Host) {
	t.Helper()
	out, err := h.Visitor(ctx, `for u in https://shop.example/health https://www.shop.example/ https://shop.example/static/app.css http://shop.example/; do
curl -s -o /dev/null -w '%{http_code} %{redirect_url}\n' --cacert `+h.CAFile()+` $u; done; curl -sk --resolve other.example:443:$(getent hosts shop.example | cut -d' ' -f1) https://other.example/ || echo refused`)
	if want := "200 \n200 \n200 \n301 https://shop.example/\nrefused\n"; err != nil || out != want {
		t.Errorf("visitors get %q, %v", out, err)
	}
}

// bare is a host without a site, and the program. Debian 13: pip finds today's
// versions, of which nothing is known.
func bare(ctx context.Context, t *testing.T) *lab.Host {
	t.Helper()
	return up(ctx, t, "fresh13")
}

func up(ctx context.Context, t *testing.T, blueprint string) *lab.Host {
	t.Helper()
	if err := lab.Ready(ctx, os.Stderr); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "assay")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, "assay/cmd/assay")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build assay: %v\n%s", err, out)
	}
	h, err := lab.Up(ctx, blueprint, lab.Options{Name: "setup" + strings.ToLower(t.Name()[4:5]) + strings.TrimLeft(time.Now().Format("0405"), "0"), Program: program})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Down(context.WithoutCancel(ctx)) })
	if err := h.Put(ctx, program, "/usr/local/bin/assay", 0o755); err != nil {
		t.Fatal(err)
	}
	return h
}

func tail(s string) string {
	lines := strings.Split(s, "\n")
	return strings.Join(lines[max(0, len(lines)-60):], "\n")
}
