//go:build real

package apply_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"assay/internal/apply"
	"assay/internal/host"
	"assay/internal/lab"
	"assay/internal/plan"
	"assay/internal/report"
)

func TestMain(m *testing.M) {
	if host.Child() || lab.Visiting() {
		return
	}
	os.Exit(m.Run())
}

// all is one plan with a step of each kind.
var all = plan.Plan{
	Steps: []plan.Step{
		{Kind: plan.Edit, Path: "/etc/nginx/proxy_app", Seen: "@seen"},
		{Kind: plan.Write, Path: "/etc/systemd/system/shop.service.d/zz-assay.conf", Mode: "0644", Body: "[Service]\nTimeoutStopSec=40\n"},
		{Kind: plan.Link, Path: "/etc/nginx/sites-enabled/reject", Target: "/etc/nginx/sites-available/reject"},
		{Kind: plan.Remove, Path: "/etc/logrotate.d/apt"},
		{Kind: plan.Folder, Path: "/srv/shop/cache", Owner: "shop", Group: "www-data", Mode: "0750"},
		{Kind: plan.Own, Path: "/etc/shop/shop.env", Owner: "shop", Mode: "0600"},
		{Kind: plan.Unit, Verb: "daemon-reload"},
		{Kind: plan.Unit, Verb: "unmask", Unit: "logrotate.timer"},
		{Kind: plan.Unit, Verb: "stop", Unit: "redis-server.service"},
		{Kind: plan.Unit, Verb: "disable", Unit: "redis-server.service"},
		{Kind: plan.Unit, Verb: "restart", Unit: "shop.service"},
		{Kind: plan.Unit, Verb: "reload-or-restart", Unit: "nginx.service"},
	},
	Tests: []plan.Test{{Name: "nginx-test", Arg: "/etc/nginx/nginx.conf"}, {Name: "unit-verify", Arg: "shop.service"}},
}

// built is one plan of parts, each standing on the one before, with the deeds that
// are no files.
var built = plan.Plan{Parts: []plan.Plan{
	{Say: "An account", Steps: []plan.Step{plan.Done("make an account", "account", "made", "/srv/made")}},
	{Say: "Its folder", Steps: []plan.Step{
		{Kind: plan.Folder, Path: "/srv/made", Owner: "made", Group: "made", Mode: "0750"},
		{Kind: plan.Folder, Path: "/srv/made/releases", Mode: "0755"},
		{Kind: plan.Write, Path: "/srv/made/env", Owner: "root", Group: "made", Mode: "0640", Body: "KEY=" + plan.Secret + "\n"},
		plan.Done("copy a release", "release", "/srv/shop/app", "/srv/made/releases/one"),
	}},
	{Say: "Its data", Steps: []plan.Step{
		{Kind: plan.Append, Path: "/etc/redis/redis.conf", Body: "# made\n"},
		plan.Done("make a role", "role", "made"),
		plan.Done("make a database", "database", "made", "made"),
		{Kind: plan.Unit, Verb: "restart", Unit: "redis-server.service"},
	}},
	{Say: "Its unit", Steps: []plan.Step{
		{Kind: plan.Write, Path: "/etc/systemd/system/made@.service", Mode: "0644", Body: "[Service]\nUser=made\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n"},
		{Kind: plan.Unit, Verb: "daemon-reload"},
		{Kind: plan.Unit, Verb: "enable", Unit: "made@one.service"},
		{Kind: plan.Unit, Verb: "start", Unit: "made@one.service"},
		plan.Done("open a port", "open-ports", "8443/tcp"),
	}},
}}

// cutting dies, as by kill -9, in front of or behind its nth deed.
type cutting struct {
	host.Writer
	left *int
}

func (c cutting) deed(do func() error) error {
	die := func() {
		if *c.left--; *c.left == 0 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	die()
	err := do()
	die()
	return err
}

func (c cutting) Swap(p, mark string, from, to host.Image, torn bool) error {
	return c.deed(func() error { return c.Writer.Swap(p, mark, from, to, torn) })
}

func (c cutting) Systemctl(ctx context.Context, verb, unit string) error {
	return c.deed(func() error { return c.Writer.Systemctl(ctx, verb, unit) })
}

func (c cutting) Do(ctx context.Context, deed string, args []string) error {
	return c.deed(func() error { return c.Writer.Do(ctx, deed, args) })
}

func (c cutting) Undo(ctx context.Context, deed string, args []string) (stays string, err error) {
	err = c.deed(func() error { stays, err = c.Writer.Undo(ctx, deed, args); return err })
	return stays, err
}

// TestInside runs in the booted host: it carries the plan out, and dies at CUT, or
// ends or takes back what was cut off.
func TestInside(t *testing.T) {
	cut, err := strconv.Atoi(os.Getenv("CUT"))
	if err != nil {
		t.Skip("it runs in a booted host")
	}
	ctx := context.Background()
	var p plan.Plan
	b, err := os.ReadFile("/root/plan.json")
	if err != nil || json.Unmarshal(b, &p) != nil {
		t.Fatal(err)
	}
	j := apply.Job{Host: cutting{host.Hands(host.Options{}), &cut}, Look: func(context.Context) (report.Report, error) { return report.Report{}, nil }}
	var o apply.Outcome
	switch do := os.Getenv("DO"); do {
	case "run":
		o, err = j.Run(ctx, p, report.Report{})
	default:
		e, why := apply.Unfinished(apply.Dir)
		if why != nil || e == nil {
			t.Fatalf("nothing to %s: %v", do, why)
		}
		if do == "resume" {
			o, err = j.Resume(ctx, e.ID)
		} else {
			o, err = j.Undo(ctx, e.ID)
		}
	}
	fmt.Println("STATE", o.State, err, o.Why, o.Undo)
}

// Killed in front of or behind each step of each kind of plan, the next call
// reaches the state after it, and the one before it, byte for byte. A run takes
// every third place, others each day; KILLED=all takes each.
func TestKilledAtEachStep(t *testing.T) {
	if os.Getuid() != 0 {
		t.Fatal("booting hosts needs root: make real")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	h := inside(ctx, t)
	t.Run("files", func(t *testing.T) { cutEverywhere(ctx, t, h, 2*(len(all.Steps)+1)) }) // one folder more
	carry(ctx, t, h, built)
	// ufw writes its files in its own way the first time that it does.
	if out, err := h.Run(ctx, "ufw allow 9/tcp; ufw delete allow 9/tcp"); err != nil {
		t.Fatal(err, out)
	}
	t.Run("parts", func(t *testing.T) { cutEverywhere(ctx, t, h, 2*len(built.All())) })
}

const undoLast = "assay undo $(ls /var/lib/assay/journal | grep -v lock | sort -n | tail -1)"

func cutEverywhere(ctx context.Context, t *testing.T, h *lab.Host, places int) {
	before := everything(ctx, t, h)
	run := func(do string, cut int) string {
		out, err := h.Run(ctx, fmt.Sprintf("cd /root; DO=%s CUT=%d ./apply.test -test.run TestInside 2>&1 || true", do, cut))
		if err != nil {
			t.Fatalf("%s cut at %d: %v", do, cut, err)
		}
		return out
	}
	if out := run("run", 0); !strings.Contains(out, "STATE kept") {
		t.Fatalf("uncut: %s", out)
	}
	after := everything(ctx, t, h)
	if after == before {
		t.Fatal("the plan changes nothing")
	}
	if out, err := h.Run(ctx, undoLast); err != nil || everything(ctx, t, h) != before {
		t.Fatalf("undo of what was kept: %v\n%s\n%s", err, out, lab.Differ(before, everything(ctx, t, h)))
	}
	deeds := 0
	for cut := 1; ; cut++ {
		out := run("run", cut)
		if strings.Contains(out, "STATE kept") {
			break
		}
		deeds = cut
		if said, _ := h.Run(ctx, "assay checks 2>&1 >/dev/null"); !strings.Contains(said, "cut off") {
			t.Errorf("cut at %d: the next call says %q", cut, said)
		}
		if os.Getenv("KILLED") != "all" && (cut+time.Now().YearDay())%3 > 0 {
			if out, err := h.Run(ctx, undoLast); err != nil {
				t.Fatalf("cut at %d: undo: %v\n%s", cut, err, out)
			}
			continue
		}
		do, want := "undo", before
		if cut%2 == 0 {
			do, want = "resume", after
		}
		if cut%5 == 0 { // and the way on is cut off as well
			run(do, cut/2)
		}
		if unfinished(ctx, t, h) != "" { // the second cut may have come behind its end
			run(do, 0)
		}
		if got := everything(ctx, t, h); got != want {
			t.Errorf("cut at %d, then %s:\n%s", cut, do, lab.Differ(want, got))
		}
		if do == "resume" {
			if out, err := h.Run(ctx, undoLast); err != nil {
				t.Fatalf("cut at %d: undo: %v\n%s", cut, err, out)
			}
			if got := everything(ctx, t, h); got != before {
				t.Fatalf("cut at %d: undo of what was resumed:\n%s", cut, lab.Differ(before, got))
			}
		}
	}
	if deeds < places-2 {
		t.Errorf("%d places to be cut at, expected some %d", deeds, places)
	}
}

func unfinished(ctx context.Context, t *testing.T, h *lab.Host) string {
	t.Helper()
	out, err := h.Run(ctx, "assay history | grep 'cut off' || true")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func everything(ctx context.Context, t *testing.T, h *lab.Host) string {
	t.Helper()
	s, err := h.Everything(ctx)
	if err != nil {
		t.Fatal(err)
	}
	s = keptBySystem.ReplaceAllString(s, "")
	more, err := h.Run(ctx, "runuser -u postgres -- psql -Atc 'select datname from pg_database union all select rolname from pg_roles order by 1'; systemctl show -p ActiveState,UnitFileState made@one; ufw show added")
	if err != nil {
		t.Fatal(err, more)
	}
	return s + more
}

// keptBySystem are copies that the tools for accounts and ufw make of what they
// change, and the secret, which is another one each time.
var keptBySystem = regexp.MustCompile(`(?m)^(/etc/(passwd|group|shadow|gshadow|subuid|subgid)-|/srv/made/env) .*\n`)

// inside is a booted host with the program, this test and its plan.
func inside(ctx context.Context, t *testing.T) *lab.Host {
	t.Helper()
	if err := lab.Ready(ctx, os.Stderr); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for out, argv := range map[string][]string{
		"apply.test": {"test", "-c", "-tags", "real", "-o", filepath.Join(dir, "apply.test"), "."},
		"assay":      {"build", "-o", filepath.Join(dir, "assay"), "assay/cmd/assay"},
	} {
		cmd := exec.Command("go", argv...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("build %s: %v\n%s", out, err, text)
		}
	}
	h, err := lab.Up(ctx, "unix", lab.Options{Name: fmt.Sprintf("apply%d", os.Getpid()%10000)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Down(context.WithoutCancel(ctx)) })
	if out, err := h.Run(ctx, "systemctl stop logrotate.timer; systemctl mask logrotate.timer 2>&1"); err != nil {
		t.Fatal(err, out)
	}
	p := all
	seen, err := os.ReadFile(filepath.Join(h.Root(), "etc/nginx/proxy_app"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(seen), "\n")
	p.Steps[0].Seen = string(seen)
	if err := json.Unmarshal([]byte(fmt.Sprintf(`[{"line":2,"old":[%q],"new":[%q,"# two"]}]`, lines[1], lines[1])), &p.Steps[0].Lines); err != nil {
		t.Fatal(err)
	}
	carry(ctx, t, h, p)
	for from, to := range map[string]string{"apply.test": "/root/apply.test", "assay": "/usr/local/bin/assay"} {
		if err := h.Put(ctx, filepath.Join(dir, from), to, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// carry gives the host the plan of TestInside.
func carry(ctx context.Context, t *testing.T, h *lab.Host, p plan.Plan) {
	t.Helper()
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.PutFrom(ctx, strings.NewReader(string(b)), "/root/plan.json", 0o644); err != nil {
		t.Fatal(err)
	}
}
