package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// How long a host may take; a slow machine boots one in a few seconds.
const (
	bootTime = 60 * time.Second
	siteTime = 30 * time.Second
	offTime  = 30 * time.Second
)

// enter puts nspawn into the host's own cgroups before it starts.
const enter = `for dir in $CGROUPS; do echo $$ >"$dir/cgroup.procs" || exit 1; done; exec "$@"`

// boot starts systemd on the mounted root and waits until the host has settled.
func (h *Host) boot(ctx context.Context) error {
	if err := h.clearCgroups(); err != nil {
		return err
	}
	for _, dir := range h.cgroups() {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
	}
	console, err := os.OpenFile(filepath.Join(h.dir(), "console.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer console.Close()
	// No exec.CommandContext: the host outlives the call, and the program.
	cmd := exec.Command("sh", "-c", enter, "sh",
		"systemd-nspawn", "--quiet", "--boot", "--directory="+h.Root(), "--machine="+netnsPrefix+h.Name,
		// There is no machined to register with, and no systemd that could
		// make a scope, on a machine whose PID 1 is another program.
		"--register=no", "--keep-unit",
		"--network-namespace-path=/run/netns/"+h.netns(inside),
		"--resolv-conf=off", "--timezone=off", "--link-journal=no",
		// The network is the host's own, so its firewall is too.
		"--capability=CAP_NET_ADMIN", "--console=read-only")
	cmd.Env = []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"CGROUPS=" + strings.Join(h.cgroups(), " "),
	}
	cmd.Stdout, cmd.Stderr = console, console
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // our terminal's ^C is not for it
	if err := cmd.Start(); err != nil {
		return err
	}
	h.Nspawn = procOf(cmd.Process.Pid)
	go cmd.Wait() // so that it leaves no zombie while this program lives
	return h.settle(ctx)
}

// settle waits for PID 1, then for systemd to have started what it wants, then
// for the site.
func (h *Host) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, bootTime)
	defer cancel()
	for {
		if pid := h.findInit(); pid != 0 {
			h.Init = procOf(pid)
			break
		}
		if !h.Nspawn.alive() {
			return fmt.Errorf("start systemd: nspawn ended%s", quote(h.console()))
		}
		if err := pause(ctx); err != nil {
			return fmt.Errorf("wait for PID 1: %w%s", err, quote(h.console()))
		}
	}
	if err := h.write(); err != nil {
		return err
	}
	for {
		// degraded is settled too: a blueprint may be ill on purpose
		out, _ := h.Run(ctx, "systemctl is-system-running --wait || true")
		if s := strings.TrimSpace(out); s == "running" || s == "degraded" {
			break
		}
		if err := pause(ctx); err != nil {
			return fmt.Errorf("wait for systemd: %w%s", err, quote(h.console()))
		}
	}
	if h.Site == "" {
		return nil
	}
	return h.awaitSite(ctx)
}

func (h *Host) awaitSite(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, siteTime)
	defer cancel()
	for {
		_, err := h.Visitor(ctx, "curl -sS --fail --max-time 5 -o /dev/null "+h.Site)
		if err == nil {
			return nil
		}
		if pause(ctx) != nil {
			return fmt.Errorf("wait for %s: %w", h.Site, err)
		}
	}
}

func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(20 * time.Millisecond):
		return nil
	}
}

func (h *Host) console() string {
	b, _ := os.ReadFile(filepath.Join(h.dir(), "console.log"))
	return string(b)
}

// powerOff shuts the host down in order and waits until it is off.
func (h *Host) powerOff(ctx context.Context) error {
	if h.PID() != 0 {
		// SIGRTMIN+4, which is systemd's poweroff.target. The C library counts
		// SIGRTMIN as 34: it keeps two of the kernel's for itself.
		if err := syscall.Kill(h.Init.PID, syscall.Signal(34+4)); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("power off %s: %w", h.Name, err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, offTime)
	defer cancel()
	for h.Nspawn.alive() || h.Init.alive() {
		if err := pause(ctx); err != nil {
			return fmt.Errorf("power off %s: %w", h.Name, err)
		}
	}
	return nil
}

// Reboot shuts the host down in order, starts it again and returns when it has
// settled. It also starts a host that is off. nspawn's own reboot is not used:
// systemd 252 gives up on it where /run is no tmpfs.
func (h *Host) Reboot(ctx context.Context) error {
	if err := h.powerOff(ctx); err != nil {
		return err
	}
	if err := h.boot(ctx); err != nil {
		return fmt.Errorf("reboot %s: %w", h.Name, err)
	}
	return nil
}
