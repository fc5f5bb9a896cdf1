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

// What was refused leaves nothing, and what was taken back nothing but the packages:
// the host is as it was before the second time.
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
	// What cannot come out well is refused by its own words before anything changes,
	// on a host that has not even pip.
	first := state(ctx, t, h)
	for _, c := range []struct{ spoil, want string }{
		{"echo 'import nowhere' >> wsgi.py", "ModuleNotFoundError: No module named 'nowhere' (wsgi.py line 5)"},
		{"echo 'import os; os.environ[str().join((\"SM\", \"TP\"))]' >> wsgi.py", "hint: --env-file FILE with a line SMTP="},
		{"echo 'Werkzeug<2' >> requirements.txt", "Could not find a version that satisfies the requirement Werkzeug<2"},
		{"echo no-such-package >> requirements.txt", "Could not find a version that satisfies the requirement no-such-package"},
		{"printf '[project]\\nrequires-python = \">=3.99\"\\n' > pyproject.toml", "the app wants Python 3.99"},
		{"rm requirements.txt", "holds neither requirements.txt nor a lock file"},
		{"rm wsgi.py shop/__init__.py", "no Flask app was found"},
		{"systemd-run --quiet --collect --unit=squatter python3 -m http.server 80; until (: >/dev/tcp/127.0.0.1/80) 2>/dev/null; do sleep 0.1; done", "port 80 is taken"},
		{"echo 192.0.2.9 www.shop.example >> /etc/hosts", "www.shop.example leads to 192.0.2.9"},
	} {
		out, err := h.Run(ctx, "cp -a /home/dev/shop /home/dev/as-it-was; cp -a /etc/hosts /root/hosts; cd /home/dev/shop; "+c.spoil+"; "+setUp+" || test $? = 4; r=$?; "+
			"systemctl stop squatter 2>/dev/null || true; rm -r /home/dev/shop; mv /home/dev/as-it-was /home/dev/shop; cat /root/hosts > /etc/hosts; rm /root/hosts; exit $r")
		if err != nil || !strings.Contains(out, c.want) {
			t.Errorf("%s: %v\n%s", c.spoil, err, tail(out))
		}
	}
	if refused := state(ctx, t, h); refused != first {
		t.Errorf("a refused setup leaves something:\n%s", lab.Differ(first, refused))
	}
	must(setUp)
	must("assay undo 1")
	// From here on the packages stand in a lock, with the hashes of their wheels.
	must(locked)
	first = state(ctx, t, h)
	must(setUp)
	must("grep -q -e --hash=sha256 /etc/shop/requirements.txt && /srv/shop/current/venv/bin/pip check")
	answers(ctx, t, h)
	must("assay undo 2")
	if second := state(ctx, t, h); second != first {
		t.Errorf("undo leaves something:\n%s", lab.Differ(first, second))
	}
	out, err := h.Run(ctx, "cd /home/dev/shop; sed -i 's/sha256 = \"..../sha256 = \"0000/' pylock.toml; "+setUp+" || test $? = 4")
	if err != nil || !strings.Contains(out, "has another hash than the one that is written down") {
		t.Errorf("a package that is not the locked one: %v\n%s", err, tail(out))
	}
}

// locked writes what pip would install into a pylock.toml (PEP 751).
const locked = `cd /home/dev/shop; python3 -m venv /tmp/v; /tmp/v/bin/pip -q install --dry-run --report /tmp/report.json -r requirements.txt
python3 - <<'.' > pylock.toml
import json
print('lock-version = "1.0"\ncreated-by = "pip"')
for p in json.load(open("/tmp/report.json"))["install"]:
    m, d = p["metadata"], p["download_info"]
    print('\n[[packages]]\nname = "%s"\nversion = "%s"\n\n[[packages.wheels]]\nurl = "%s"\nhashes = {sha256 = "%s"}' % (m["name"], m["version"], d["url"], d["archive_info"]["hashes"]["sha256"]))
.
rm -r /tmp/v /tmp/report.json requirements.txt`

func state(ctx context.Context, t *testing.T, h *lab.Host) string {
	t.Helper()
	s, err := h.Everything(ctx)
	if err != nil {
		t.Fatal(err)
	}
	people, err := h.Run(ctx, "dpkg-query -W; ls /var/lib; getent passwd | cut -d: -f1,6,7; getent group | cut -d: -f1,4; if which psql ufw >/dev/null; then runuser -u postgres -- psql -Atc 'select datname from pg_database union select rolname from pg_roles order by 1'; ufw show added; fi")
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
