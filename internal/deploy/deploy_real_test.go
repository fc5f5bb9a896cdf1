//go:build real

package deploy_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"assay/internal/host"
	"assay/internal/lab"
)

func TestMain(m *testing.M) {
	if host.Child() || lab.Visiting() {
		return
	}
	os.Exit(m.Run())
}

// A mark in each answer says which release gave it.
const (
	mark  = `printf '\n@app.after_request\ndef mark(r):\n    r.headers["X-Shop"] = "%s"\n    return r\n' %s >> /home/dev/shop/wsgi.py`
	fresh = "rm -rf /home/dev/shop; cp -a /home/dev/first /home/dev/shop; "
	watch = " --watch 3s 2>&1"
)

// Releases take turns while visitors come all the time, and none of them notices:
// not a good one, not the way back, and not those that are refused.
func TestTurns(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
	defer cancel()
	h := site(ctx, t)
	crowd, err := h.Come(ctx)
	if err != nil {
		t.Fatal(err)
	}
	crowd.More(ctx, 200)
	says := func(script, want string) {
		t.Helper()
		if out, err := h.Run(ctx, script); err != nil || !strings.Contains(out, want) {
			t.Errorf("%s: %v; it says\n%s\nand is to say %q", script, err, out, want)
		}
	}
	serves := func(want string) {
		t.Helper()
		if got := shown(ctx, t, h); got != want {
			t.Errorf("visitors get the release %q, and should get %q", got, want)
		}
	}
	says("assay deploy /home/dev/shop", "Nothing is to be done")
	says(fmt.Sprintf(mark, "%s", "two")+"; assay deploy /home/dev/shop"+watch, "Kept as change 2")
	serves("two")
	says("assay check", "Nothing found wrong")
	says("head -qn1 /srv/shop/current/venv/bin/gunicorn", "#!/srv/shop/releases/"+serving(ctx, t, h)+"/venv/")
	says("assay rollback"+watch, "Kept as change 3")
	serves("")
	says("assay releases", "BAD: rolled back")
	says("assay deploy /home/dev/shop 2>&1 || test $? = 4", "--again")
	says("assay undo 3 2>&1", "Change 3 is undone")
	serves("two")
	for _, c := range []struct{ broken, want string }{
		{"echo 'import nowhere' >> wsgi.py", "No module named 'nowhere'"},
		{"sed -i 's/200 if well else 503/500/' shop/ops.py", "/health at /run/shop/"},
		{`echo 'import os; os.environ["NOT_GIVEN"]' >> wsgi.py`, "does not start without NOT_GIVEN"},
		{"echo 'no-such-package==1' >> requirements.txt", "no-such-package"},
		{`printf 'from flask import abort, request\n@app.before_request\ndef only():\n    if request.host != "localhost": abort(400)\n' >> wsgi.py`, "answers 400"},
		{`printf 'import os\nif "gunicorn" in os.environ.get("SERVER_SOFTWARE", ""): os.kill(os.getppid(), 9)\n' >> wsgi.py`, "does not stay up"},
		{migration("a1", "8b2d64c7e9f0", `op.execute("select * from no_such_table")`), "no_such_table"},
		{migration("a1", "8b2d64c7e9f0", `op.drop_column("products", "image")`), "drops the column products.image"},
		{migration("a1", "3f1c9a5e0b21", `pass`), "2 ends"},
	} {
		says(fresh+"cd /home/dev/shop; "+c.broken+"; assay deploy"+watch+" || test $? = 4", c.want)
	}
	serves("two")
	// What was added to the database stays, and troubles nobody.
	says(fresh+fmt.Sprintf(mark, "%s", "three")+"; cd /home/dev/shop; "+migration("a1", "8b2d64c7e9f0", `op.add_column("products", sa.Column("weight", sa.Integer()))`)+"; assay deploy"+watch, "Kept as change")
	serves("three")
	says("ls /var/lib/assay/dumps", "shop-before-"+serving(ctx, t, h))
	says("assay rollback"+watch, "does not know its a1")
	serves("two")
	// An outage is no way back.
	says("mv /srv/shop/previous/wsgi.py /srv/shop/previous/gone; n=$(ls /var/lib/assay/journal | grep -v lock | sort -n | tail -1); assay undo $n 2>&1 || test $? = 4", "goes on serving")
	serves("two")
	says("assay history >/tmp/history; head -1 /tmp/history", "kept")
	// What comes packed, and what lies in git.
	says(fresh+fmt.Sprintf(mark, "%s", "four")+"; mv /srv/shop/previous/gone /srv/shop/previous/wsgi.py; tar czf /root/shop.tgz -C /home/dev shop; assay deploy /root/shop.tgz"+watch, "Kept as change")
	serves("four")
	says("test -z \"$(ls /var/lib/assay/incoming)\" && echo empty", "empty")
	crowd.More(ctx, 100)
	crowd.Leave()
	for a, n := range crowd.Answers() {
		if a != "200" && a != "400" { // the app refuses a form without its token
			t.Errorf("%d of %d answers are %q", n, crowd.Seen(), a)
		}
	}
	if crowd.Answers()["200"] < 1000 || crowd.Answers()["400"] < 100 {
		t.Errorf("too few visits to know: %v", crowd.Answers())
	}
}

func migration(revision, down, does string) string {
	return fmt.Sprintf(`printf 'from alembic import op\nimport sqlalchemy as sa\nrevision = "%s"\ndown_revision = "%s"\ndef upgrade():\n    %s\n' > migrations/versions/%[1]s.py`,
		revision, down, strings.ReplaceAll(does, "%", "%%"))
}

// Killed in each of its steps, a turn can be ended and can be taken back, and the
// site answers all the time; after a boot in between it answers as well. A run
// takes every third place, others each day; KILLED=all takes each.
func TestTurnKilled(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 40*time.Minute)
	defer cancel()
	h := site(ctx, t)
	must := func(script string) string {
		t.Helper()
		out, err := h.Run(ctx, script)
		if err != nil {
			t.Fatalf("%s: %v\n%s", script, err, out)
		}
		return out
	}
	crowd, err := h.Come(ctx)
	if err != nil {
		t.Fatal(err)
	}
	must(fmt.Sprintf(mark, "%s", "two"))
	before := state(ctx, t, h)
	for cut := 1; ; cut++ {
		if os.Getenv("KILLED") != "all" && (cut+time.Now().YearDay())%3 > 0 {
			continue
		}
		// A line of the log is on the disk before its step begins.
		out := must(fmt.Sprintf(`n=$(($(ls /var/lib/assay/journal | grep -v lock | sort -n | tail -1) + 1)); log=/var/lib/assay/journal/$n/log
assay deploy /home/dev/shop --again --watch 2s >/tmp/said 2>&1 & pid=$!
until test "$(cat $log 2>/dev/null | wc -l)" -ge %d || ! kill -0 $pid 2>/dev/null; do sleep 0.01; done
kill -9 $pid 2>/dev/null || true; wait $pid || true; assay history >/tmp/history; head -1 /tmp/history; echo $n`, cut))
		f := strings.Fields(out)
		n := f[len(f)-1]
		if !strings.Contains(out, "cut off") {
			if cut < 11 {
				t.Errorf("a turn has but %d steps: %s", cut, must("cat /tmp/said"))
			}
			break
		}
		if cut%4 == 3 {
			crowd.Leave()
			if err := h.Reboot(ctx); err != nil {
				t.Fatal(err)
			}
			shown(ctx, t, h)
			if crowd, err = h.Come(ctx); err != nil {
				t.Fatal(err)
			}
		}
		crowd.More(ctx, 20)
		if cut%2 == 0 {
			if out := must("assay resume " + n + " 2>&1"); !strings.Contains(out, "Kept") || shown(ctx, t, h) != "two" {
				t.Errorf("cut at %d, then resumed: %s", cut, out)
			}
		}
		must("assay undo " + n)
		if got := state(ctx, t, h); got != before || shown(ctx, t, h) != "" {
			t.Errorf("cut at %d, then taken back:\n%s", cut, lab.Differ(before, got))
		}
	}
	crowd.Leave()
	for a, n := range crowd.Answers() {
		if a != "200" && a != "400" {
			t.Errorf("%d of %d answers are %q", n, crowd.Seen(), a)
		}
	}
}

// state is all that a turn may change, but for what Python has compiled.
func state(ctx context.Context, t *testing.T, h *lab.Host) string {
	t.Helper()
	s, err := h.Everything(ctx)
	if err != nil {
		t.Fatal(err)
	}
	units, err := h.Run(ctx, "systemctl list-units --all --plain --no-legend 'shop@*' | awk '{print $1, $3}'; ls /etc/systemd/system/multi-user.target.wants")
	if err != nil {
		t.Fatal(err)
	}
	return s + units
}

var marked = regexp.MustCompile(`(?im)^x-shop: (\w+)`)

// shown is the mark of the release that a visitor gets.
func shown(ctx context.Context, t *testing.T, h *lab.Host) string {
	t.Helper()
	out, err := h.Visitor(ctx, "curl -fsS --retry 20 --retry-delay 1 --retry-all-errors -o /dev/null -D - https://shop.example/health")
	if err != nil {
		t.Fatalf("the site does not answer: %v", err)
	}
	if m := marked.FindStringSubmatch(out); m != nil {
		return m[1]
	}
	return ""
}

func serving(ctx context.Context, t *testing.T, h *lab.Host) string {
	t.Helper()
	out, err := h.Run(ctx, "basename $(readlink /srv/shop/live.sock) .sock")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

// site is a host that assay setup made, with this program on it.
func site(ctx context.Context, t *testing.T) *lab.Host {
	t.Helper()
	if os.Getuid() != 0 {
		t.Fatal("booting hosts needs root: make real")
	}
	if os.Getenv("FRESH") == "" {
		t.Skip("a bare host and its packages take minutes to make: make real")
	}
	if err := lab.Ready(ctx, os.Stderr); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "assay")
	cmd := exec.Command("go", "build", "-o", program, "assay/cmd/assay")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build assay: %v\n%s", err, out)
	}
	h, err := lab.Up(ctx, "site13", lab.Options{Name: fmt.Sprintf("turn%d", os.Getpid()%10000), Program: program})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Down(context.WithoutCancel(ctx)) })
	if err := h.Put(ctx, program, "/usr/local/bin/assay", 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := h.Run(ctx, "cp -a /home/dev/shop /home/dev/first"); err != nil {
		t.Fatal(err, out)
	}
	return h
}
