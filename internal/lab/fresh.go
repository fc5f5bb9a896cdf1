package lab

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// freshPackages make a provider's minimal cloud image: nothing of a deployment.
const freshPackages = `
systemd systemd-sysv dbus libpam-systemd systemd-timesyncd openssh-server sudo cron
apt gpgv debian-archive-keyring ca-certificates curl python3 tzdata less nano
iproute2 iputils-ping netbase procps
`

// A fresh host can install these with all they depend on and recommend ...
const reachPackages = `
nginx gunicorn certbot python3-certbot-nginx python3-venv python3-flask python3-psycopg2
postgresql redis-server sqlite3 mariadb-server supervisor prometheus-node-exporter
ufw fail2ban python3-systemd nftables unattended-upgrades logrotate acl rsync git
bind9-dnsutils openssl strace libpq5
`

// ... and these without what they recommend, which is a compiler.
const reachPlain = `python3-pip python3-dev libpq-dev`

// repositoryPath is where a suite's packages lie for its fresh hosts.
func repositoryPath(suite string) string {
	ready, full := filepath.Base(freshRoot.path(suite)), filepath.Base(fullRoot.path(suite))
	hash, _ := digest(nil, nil, ready, full, reachPackages, reachPlain, "4")
	return filepath.Join(cacheDir(), "packages", suite+"-"+hash)
}

// repository returns the folder that fresh hosts of a suite see as
// http://packages.lab, and builds it if need be: debian/ for apt, simple/ for
// pip.
func repository(ctx context.Context, suite string, log io.Writer) (string, error) {
	dir := repositoryPath(suite)
	if present(dir) {
		return dir, nil
	}
	fresh, err := root(ctx, freshRoot, suite, log)
	if err != nil {
		return "", err
	}
	full, err := root(ctx, fullRoot, suite, log)
	if err != nil {
		return "", err
	}
	unlock, err := lock("packages-" + suite)
	if err != nil {
		return "", err
	}
	defer unlock()
	if present(dir) {
		return dir, nil
	}
	fmt.Fprintf(log, "packages %s: gathering\n", suite)
	tmp := dir + ".new"
	if err := os.RemoveAll(tmp); err != nil {
		return "", err
	}
	if err := gatherDebs(ctx, suite, fresh, filepath.Join(tmp, "debian")); err != nil {
		return "", fmt.Errorf("gather packages of %s: %w", suite, err)
	}
	if err := gatherWheels(full, tmp); err != nil {
		return "", fmt.Errorf("gather wheels of %s: %w", suite, err)
	}
	return dir, os.Rename(tmp, dir)
}
