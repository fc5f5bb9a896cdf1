//go:build real

package setup_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"assay/internal/lab"
)

// makeClub makes another app of the shop: on SQLite, and with nothing that says how it is.
const makeClub = `cp -a /home/dev/shop /home/dev/club && cd /home/dev/club &&
sed -i '/psycopg2/d' requirements.txt &&
sed -i '/^def check_database/,/^@bp.route("\/metrics")/{/metrics/!d}; s/a health check that tells the truth, and //' shop/ops.py && ! grep -ri health shop`

// clubAnswers is what its operator puts into the file that the first setup wrote.
const clubAnswers = `cat >>/etc/assay/assay.toml <<'END'
[deployment.club.setup]
domains = ["club.example", "www.club.example"]
email = "ops@club.example"
END
`

// firstOnes are the files of the shop, byte for byte, and its processes.
const firstOnes = `{ find /srv/shop /etc/shop /run/shop /var/backups/shop /etc/nginx/*/*shop* /etc/systemd/system/*shop* /etc/systemd/system/*/*shop* /etc/tmpfiles.d/shop.conf \
/usr/local/sbin/backup-shop /etc/letsencrypt/*/shop.example* /etc/redis/redis-shop.conf /etc/redis/redis.conf /run/redis-shop /etc/postgresql /etc/ufw /etc/fail2ban /etc/assay -printf '%p %y %m %u %g %l %T@\n' -type f -exec sha256sum {} \;
systemctl show -p Id -p InvocationID -p ActiveState -p UnitFileState 'shop*' redis-server@shop.service redis-server.service 'postgresql*' nginx.service ufw.service; } | sort`

// A second app comes beside the first, on SQLite: it has all that a site needs, the
// first is not touched, and is not touched when the second goes again.
func TestSetupSecond(t *testing.T) {
	if os.Getenv("FRESH") == "" || os.Getuid() != 0 {
		t.Skip("a bare host and its packages take minutes to make: make real")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 25*time.Minute)
	defer cancel()
	h := bare(ctx, t)
	must := func(script string) string {
		t.Helper()
		out, err := h.Run(ctx, script)
		if err != nil {
			t.Fatalf("%s: %v\n%s", script, err, tail(out))
		}
		return out
	}
	here := []string{lab.Address}
	if err := h.DNS(ctx, map[string][]string{"shop.example": here, "www.shop.example": here, "club.example": here, "www.club.example": here}); err != nil {
		t.Fatal(err)
	}
	must(setUp)
	must(lab.Declare)
	must(makeClub)
	patched(ctx, t, h, "/home/dev/club", must("assay setup /home/dev/club --plan --format json --domain club.example --email ops@club.example"))
	must(clubAnswers)
	must("apt-get -qq -y --no-install-recommends install sqlite3 >/dev/null") // packages stay when a setup goes
	first, all := must(firstOnes), state(ctx, t, h)

	if out := must("assay setup /home/dev/club --yes 2>&1"); !strings.Contains(out, "The audit finds nothing wrong.") {
		t.Fatalf("the second setup:\n%s%s", tail(out), must("assay check || true"))
	}
	if now := must(firstOnes); now != first {
		t.Errorf("the first was touched:\n%s", lab.Differ(first, now))
	}
	answers(ctx, t, h)
	clubAnswering(ctx, t, h, "200\n200\n200\n301\n")
	if out := must("assay check"); !strings.Contains(out, "Nothing found wrong") || strings.Contains(out, "could not be seen") {
		t.Errorf("the audit of both:\n%s", tail(out))
	}
	for script, want := range map[string]string{
		"stat -c '%U %G %A' /run/redis-club": "redis club drwxr-s---\n",
		"runuser -u club -- redis-cli -s /run/redis-shop/redis-server.sock PING 2>&1 | grep -c 'Permission denied' || true": "1\n",
		"grep -h REDIS_URL /etc/shop/shop.env /etc/club/club.env":                                                           "REDIS_URL=unix:///run/redis-shop/redis-server.sock?db=0\nREDIS_URL=unix:///run/redis-club/redis-server.sock?db=0\n",
		"grep -h DATABASE_URL /etc/club/club.env":                                                                           "DATABASE_URL=sqlite:////srv/club/data/club.db\n",
		"sqlite3 /var/backups/club/club-$(date +%F).db 'SELECT version_num FROM alembic_version'":                           "8b2d64c7e9f0\n",
		"sqlite3 /var/backups/club/club-$(date +%F).db 'PRAGMA integrity_check'":                                            "ok\n",
		"systemctl is-active club-backup.timer":                                                                             "active\n",
		"runuser -u postgres -- psql -Atc \"SELECT 1 FROM pg_database WHERE datname = 'club'\" | cat":                       "",
	} {
		if out := must(script); out != want {
			t.Errorf("%s: %q, want %q", script, out, want)
		}
	}
	if out := must("assay setup /home/dev/club --yes 2>&1"); !strings.Contains(out, "Nothing is left to do") {
		t.Errorf("the second run:\n%s", tail(out))
	}
	must("assay undo 2")
	if now := must(firstOnes); now != first {
		t.Errorf("undo of the second touched the first:\n%s", lab.Differ(first, now))
	}
	// What visitors wrote stays, and undo has said so.
	if left := lab.Differ(all, state(ctx, t, h)); !onlyData.MatchString(left) {
		t.Errorf("undo of the second leaves something:\n%s", left)
	}
	answers(ctx, t, h)
	clubAnswering(ctx, t, h, "000\n000\n000\n000\n")
}

// onlyData are an SQLite file and the folders above it; useradd and userdel keep the
// list before theirs beside each of their own.
var onlyData = regexp.MustCompile(`^(\+ /srv/club(/data(/club\.db(-shm|-wal)?)?)? .*\n|[-+] /etc/g?(passwd|group|shadow)- .*\n)+$`)

// clubAnswering asks the second site as a visitor.
func clubAnswering(ctx context.Context, t *testing.T, h *lab.Host, want string) {
	t.Helper()
	out, _ := h.Visitor(ctx, `for u in https://club.example/health https://www.club.example/ https://club.example/static/app.css http://club.example/; do
curl -s -o /dev/null -w '%{http_code}\n' --cacert `+h.CAFile()+` $u || true; done`)
	if out != want {
		t.Errorf("visitors of the second site get %q, want %q", out, want)
	}
}

// patched applies the health route that a setup offers to an app's folder.
func patched(ctx context.Context, t *testing.T, h *lab.Host, folder, plan string) {
	t.Helper()
	var shown struct {
		Patch string
		Notes []string
	}
	if err := json.Unmarshal([]byte(plan), &shown); err != nil {
		t.Fatalf("%v\n%s", err, tail(plan))
	}
	if len(shown.Notes) != 1 || !strings.Contains(shown.Notes[0], "--domain www.club.example") {
		t.Errorf("www is not proposed: %q", shown.Notes)
	}
	git := exec.CommandContext(ctx, "git", "apply", "-p1", "-")
	git.Dir, git.Stdin = filepath.Join(h.Root(), folder), strings.NewReader(shown.Patch)
	if out, err := git.CombinedOutput(); err != nil {
		t.Fatalf("git apply: %v\n%s%s", err, out, shown.Patch)
	}
}
