package lab

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// packages are wanted by some blueprint. All stand in the one root of a suite,
// so that hosts differ only by their layers, which are quick to make; the base
// layer turns off every service, and a blueprint turns on its own.
const packages = `
systemd systemd-sysv dbus libpam-systemd systemd-timesyncd
iproute2 iputils-ping procps curl openssl acl nftables sudo strace less logrotate
ca-certificates bind9-dnsutils netbase tzdata debian-archive-keyring
nginx gunicorn certbot python3-certbot-nginx
python3-flask python3-flask-migrate python3-flask-sqlalchemy python3-flask-login
python3-flask-caching python3-psycopg2 python3-redis python3-venv
python3-prometheus-client python3-flask-cors python3-flaskext.wtf python3-pymysql python3-gevent
postgresql redis-server sqlite3 mariadb-server openssh-server openssh-client
supervisor python3-debugpy prometheus-node-exporter
python3-flask-limiter python3-flask-mail python3-flask-session python3-celery python3-dotenv python3-sentry-sdk
python3-flask-talisman ufw fail2ban python3-systemd
`

// rootKind is one of the two roots that a suite has.
type rootKind struct{ prefix, packages string }

var (
	fullRoot  = rootKind{"", packages}
	freshRoot = rootKind{"fresh-", freshPackages}
)

// path is where the root lies once it is built.
func (k rootKind) path(suite string) string {
	hash, _ := digest(nil, nil, suite, k.packages, "1") // no folder, no error
	return filepath.Join(cacheDir(), "root", k.prefix+suite+"-"+hash)
}

// root returns the folder of a suite's root and builds it if need be.
func root(ctx context.Context, k rootKind, suite string, log io.Writer) (string, error) {
	dir := k.path(suite)
	if present(dir) {
		return dir, nil
	}
	unlock, err := lock("root-" + k.prefix + suite)
	if err != nil {
		return "", err
	}
	defer unlock()
	if present(dir) { // another process built it while we waited
		return dir, nil
	}
	start := time.Now()
	fmt.Fprintf(log, "root %s%s: building, about a minute\n", k.prefix, suite)
	if err := debootstrap(ctx, suite, k.packages, dir); err != nil {
		return "", fmt.Errorf("build root %s%s: %w", k.prefix, suite, err)
	}
	fmt.Fprintf(log, "root %s%s: built in %.0f s\n", k.prefix, suite, time.Since(start).Seconds())
	return dir, nil
}

// debootstrap builds beside the final folder and renames: a folder of the final
// name is always whole.
func debootstrap(ctx context.Context, suite, packages, dir string) error {
	m, err := ownMirrors()
	if err != nil {
		return err
	}
	debs := filepath.Join(cacheDir(), "debs-"+suite)
	for _, d := range []string{debs, filepath.Dir(dir)} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	tmp := dir + ".new"
	if err := os.RemoveAll(tmp); err != nil {
		return err
	}
	args := []string{
		"--variant=minbase", "--mode=root", "--quiet",
		"--include=" + strings.Join(strings.Fields(packages), ","),
		"--keyring=" + keyring,
		// The downloaded packages go through the cache, so that a change of the
		// package list costs only the new ones.
		"--skip=download/empty", "--skip=essential/unlink",
		`--setup-hook=mkdir -p "$1"/var/cache/apt/archives/`,
		"--setup-hook=sync-in " + debs + " /var/cache/apt/archives",
		"--customize-hook=sync-out /var/cache/apt/archives " + debs,
		"--dpkgopt=force-unsafe-io",
		"--dpkgopt=path-exclude=/usr/share/man/*",
		"--dpkgopt=path-exclude=/usr/share/locale/*",
		"--dpkgopt=path-exclude=/usr/share/doc/*",
		"--dpkgopt=path-include=/usr/share/doc/*/copyright",
		`--aptopt=Acquire::Languages "none"`,
	}
	for _, o := range aptOptions(ctx) {
		args = append(args, "--aptopt="+o)
	}
	args = append(args, suite, tmp)
	args = append(args, m.lines(suite)...)
	if err := command(ctx, "mmdebstrap", args...); err != nil {
		return err
	}
	return os.Rename(tmp, dir)
}

// aptOptions is what this machine's apt needs to reach its mirror at all, as
// lines of apt.conf: mmdebstrap reads none of /etc/apt.
func aptOptions(ctx context.Context) []string {
	out, err := exec.CommandContext(ctx, "apt-config", "dump").Output()
	if err != nil {
		return nil
	}
	var opts []string
	for line := range strings.SplitSeq(string(out), "\n") {
		for _, key := range []string{
			"Acquire::Check-Valid-Until ", "Acquire::Check-Date ",
			"Acquire::http::Proxy ", "Acquire::https::Proxy ",
		} {
			if strings.HasPrefix(line, key) {
				opts = append(opts, strings.TrimSuffix(line, ";"))
			}
		}
	}
	return opts
}
