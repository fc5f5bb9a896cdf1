package lab

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// tools maps what the lab runs to the Debian package that brings it.
var tools = []struct{ binary, pkg string }{
	{"mmdebstrap", "mmdebstrap"},
	{"systemd-nspawn", "systemd-container"},
	{"dnsmasq", "dnsmasq-base"},
	{"ip", "iproute2"},
	{"nsenter", "util-linux"},
	{"curl", "curl"},
	{"dig", "bind9-dnsutils"},
	{"openssl", "openssl"},
}

// Ready installs on this machine, by apt-get, what the lab needs and does not
// find, and says what it does.
func Ready(ctx context.Context, log io.Writer) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("start the lab: it mounts and boots, which needs root")
	}
	var missing []string
	for _, t := range tools {
		if _, err := exec.LookPath(t.binary); err != nil {
			missing = append(missing, t.pkg)
		}
	}
	if !present(keyring) {
		missing = append(missing, "debian-archive-keyring")
	}
	if len(missing) == 0 {
		return nil
	}
	fmt.Fprintf(log, "this machine: installing %s\n", strings.Join(missing, ", "))
	if err := command(ctx, "apt-get", "-q", "update"); err != nil {
		return err
	}
	args := append([]string{"-q", "-y", "--no-install-recommends", "install"}, missing...)
	return command(ctx, "apt-get", args...)
}

// command runs a program of this machine that should say nothing; what it said
// is part of the error when it fails.
func command(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8")
	// mmdebstrap and apt clean up after themselves if they are asked to end.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("run %s %s: %w%s", name, strings.Join(args, " "), err, quote(string(out)))
	}
	return nil
}

// quote keeps the end of a program's output for an error: the cause is there.
func quote(out string) string {
	out = strings.TrimSpace(out)
	if out == "" {
		return ""
	}
	lines := strings.Split(out, "\n")
	if len(lines) > 20 {
		lines = lines[len(lines)-20:]
	}
	return "\n\t" + strings.Join(lines, "\n\t")
}
