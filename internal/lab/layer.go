package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// shop is the app's folder of hosts/, given to every layer's setup.sh as
// /lab/shop.
const shop = "hosts/shop"

// layer returns the folder of a layer on top of lower, and builds it if need
// be: on a booted host, since PostgreSQL has to run for its part.
func layer(ctx context.Context, b blueprint, name string, lower []string, log io.Writer) (string, error) {
	ca, err := authority()
	if err != nil {
		return "", err
	}
	from := path.Join("hosts", name)
	trees := []string{from}
	if name != "base" {
		trees = append(trees, shop)
	}
	hash, err := digest(hosts, trees, string(ca.rootPEM), strings.Join(lower, ":"), "1")
	if err != nil {
		return "", err
	}
	return kept(ctx, b, name, hash, lower, log, func(h *Host) error { return h.lay(trees) }, "bash -euo pipefail /lab/setup.sh")
}

// setUp puts the layer of a deployed site on lower, as the program makes it. It is
// of today, since backups and logs grow old.
func (b blueprint) setUp(ctx context.Context, program string, lower []string, log io.Writer) ([]string, error) {
	text, err := os.ReadFile(program)
	if err != nil {
		return nil, fmt.Errorf("set up %s by Options.Program: %w", b.name, err)
	}
	hash, err := digest(hosts, nil, string(text), strings.Join(lower, ":"), setupScript, time.Now().Format(time.DateOnly))
	if err != nil {
		return nil, err
	}
	put := func(h *Host) error {
		return os.WriteFile(filepath.Join(h.Root(), "usr/local/bin/assay"), text, 0o755)
	}
	dir, err := kept(ctx, b, "site", hash, lower, log, put, setupScript)
	if err != nil {
		return nil, err
	}
	return append([]string{dir}, lower...), nil
}

// setupScript deploys the shop, and declares what no look at a host can tell.
const setupScript = `set -e
assay setup /home/dev/shop --yes --domain shop.example --domain www.shop.example --email ops@shop.example >/tmp/setup 2>&1 || { tail -n 20 /tmp/setup; exit 1; }
rm /tmp/setup
` + Declare

// Declare is what the operator of a site that was set up knows, and no look at
// its host tells.
const Declare = `sed -i -E 's/^# (firewall|uptime|agent|errors|off-site|backups|runbook|rollback) = /\1 = /; s/^# restored = [0-9-]+.*/restored = '"$(date +%F)"'/' /etc/assay/assay.toml`

// kept returns the folder of a layer, and builds it if need be: boots a host on
// lower, into which before has laid what it needs, and runs script on it.
func kept(ctx context.Context, b blueprint, name, hash string, lower []string, log io.Writer, before func(*Host) error, script string) (string, error) {
	dir := filepath.Join(cacheDir(), "layer", fmt.Sprintf("%s-%s-%s", name, b.suite, hash))
	if present(dir) {
		return dir, nil
	}
	id := fmt.Sprintf("build-%s-%s", name, b.suite)
	unlock, err := lock(id)
	if err != nil {
		return "", err
	}
	defer unlock()
	if present(dir) {
		return dir, nil
	}
	start := time.Now()
	fmt.Fprintf(log, "layer %s on %s: building\n", name, b.suite)
	b.site = ""
	if err := buildLayer(ctx, id, b, lower, before, script, dir); err != nil {
		return "", err
	}
	fmt.Fprintf(log, "layer %s on %s: built in %.0f s\n", name, b.suite, time.Since(start).Seconds())
	return dir, nil
}

// buildLayer boots a host on lower, runs a script on it and keeps its upper
// folder as dir. The caller holds the lock of id.
func buildLayer(ctx context.Context, id string, b blueprint, lower []string, before func(*Host) error, script, dir string) (err error) {
	left := &Host{state{Name: id}} // what a killed build may have left behind
	if err := left.Down(ctx); err != nil {
		return err
	}
	h, err := create(id, b, lower)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Down(context.WithoutCancel(ctx))) }()
	if err := h.mount(); err != nil {
		return err
	}
	if err := before(h); err != nil {
		return err
	}
	if err := h.identify(b); err != nil {
		return err
	}
	if err := h.connect(ctx); err != nil {
		return err
	}
	if b.fresh {
		if err := h.surround(ctx, b); err != nil {
			return err
		}
	}
	if err := h.boot(ctx); err != nil {
		return err
	}
	if _, err := h.Run(ctx, script); err != nil {
		return err
	}
	if err := h.powerOff(ctx); err != nil {
		return err
	}
	if err := h.forget(); err != nil {
		return err
	}
	if err := h.unmount(); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	return os.Rename(h.Upper(), dir)
}

// lay copies what a layer is made of into the host: trees[0]/files to /, its
// setup.sh and the app to /lab, the private CA to where Debian looks for more.
func (h *Host) lay(trees []string) error {
	if files := path.Join(trees[0], "files"); there(files) {
		if err := copyTree(files, h.Root()); err != nil {
			return err
		}
	}
	at := filepath.Join(h.Root(), "lab")
	if err := os.MkdirAll(at, 0o755); err != nil {
		return err
	}
	script, err := hosts.ReadFile(path.Join(trees[0], "setup.sh"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(at, "setup.sh"), script, 0o755); err != nil {
		return err
	}
	for _, t := range trees[1:] {
		if err := copyTree(t, filepath.Join(at, path.Base(t))); err != nil {
			return err
		}
	}
	ca, err := authority()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(h.Root(), "usr/local/share/ca-certificates/lab.crt"), ca.rootPEM, 0o644)
}

func there(tree string) bool {
	_, err := fs.Stat(hosts, tree)
	return err == nil
}

// copyTree writes an embedded folder to disk. Embedding loses the modes: all
// are 0644 and 0755 here, and setup.sh sets those that matter.
func copyTree(from, to string) error {
	err := fs.WalkDir(hosts, from, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, strings.TrimPrefix(p, from))
		if d.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		b, err := hosts.ReadFile(p)
		if err != nil {
			return err
		}
		return os.WriteFile(target, b, 0o644)
	})
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("copy %s: %w", from, err)
	}
	return err
}

// forget removes what only the layer's own boot has left.
func (h *Host) forget() error {
	for _, p := range []string{"lab", "var/log/journal/*/*", "var/lib/systemd/random-seed", "var/log/wtmp", "var/log/btmp"} {
		found, _ := filepath.Glob(filepath.Join(h.Root(), p))
		for _, f := range found {
			if err := os.RemoveAll(f); err != nil {
				return err
			}
		}
	}
	logs, _ := filepath.Glob(filepath.Join(h.Root(), "var/log/*/*.log"))
	for _, l := range logs {
		if err := os.Truncate(l, 0); err != nil {
			return err
		}
	}
	return nil
}
