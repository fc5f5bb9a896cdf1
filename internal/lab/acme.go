package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

const acmeSource = "hosts/acme"

// pebble returns the path of the ACME server's program and builds it if need
// be, out of the Go module proxy, by the versions and sums of hosts/acme.
func pebble(ctx context.Context, log io.Writer) (string, error) {
	hash, err := digest(hosts, []string{acmeSource})
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cacheDir(), "tool", "pebble-"+hash)
	program := filepath.Join(dir, "pebble")
	if present(program) {
		return program, nil
	}
	unlock, err := lock("pebble")
	if err != nil {
		return "", err
	}
	defer unlock()
	if present(program) {
		return program, nil
	}
	fmt.Fprintln(log, "ACME server: building")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	for _, file := range []string{"go.mod", "go.sum"} {
		text, err := hosts.ReadFile(acmeSource + "/" + file + ".txt")
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, file), text, 0o644)
		}
		if err != nil {
			return "", err
		}
	}
	compiler, err := exec.LookPath("go")
	if err != nil {
		compiler = "/usr/local/go/bin/go" // sudo forgets where Go is
	}
	err = command(ctx, "env", "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-mod=readonly", compiler, "-C", dir,
		"build", "-trimpath", "-o", "pebble.new", "github.com/letsencrypt/pebble/v2/cmd/pebble")
	if err != nil {
		return "", fmt.Errorf("build the ACME server: %w", err)
	}
	return program, os.Rename(program+".new", program)
}

// startACME starts https://acme.lab:14000/dir on the visitor's side. It asks
// the lab's DNS and calls the host on port 80 as Let's Encrypt does. What it
// issues is trusted by the visitor and by the host.
func (h *Host) startACME(ctx context.Context) error {
	program, err := pebble(ctx, io.Discard)
	if err != nil {
		return err
	}
	dir := h.acmeDir()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	config, err := hosts.ReadFile(acmeSource + "/config.json")
	if err != nil {
		return err
	}
	files, err := issue(CertOptions{Names: acmeNames})
	if err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	if err := errors.Join(
		os.WriteFile(filepath.Join(dir, "config.json"), config, 0o644),
		os.WriteFile(filepath.Join(dir, "fullchain.pem"), files["fullchain"], 0o644),
		os.WriteFile(filepath.Join(dir, "privkey.pem"), files["privkey"], 0o600),
	); err != nil {
		return err
	}
	cmd, err := h.VisitorCommand(context.WithoutCancel(ctx), program, "-config", "config.json", "-dnsserver", ResolverAddress+":53")
	if err != nil {
		return err
	}
	// By itself it waits up to 15 s before it validates, validates only every
	// other time and refuses every twentieth nonce: no two runs would agree.
	cmd.Env = append(cmd.Env, "PEBBLE_VA_NOSLEEP=1", "PEBBLE_AUTHZREUSE=0", "PEBBLE_WFE_NONCEREJECT=0")
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	go cmd.Wait()
	return h.trustACME(ctx)
}

// acmeDir holds the ACME server's configuration, certificate and log.
func (h *Host) acmeDir() string { return filepath.Join(h.dir(), "acme") }
