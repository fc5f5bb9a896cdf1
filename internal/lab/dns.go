package lab

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// DNS replaces what the DNS server of the host's world knows: addresses by
// name. Any other name, and one with no address, does not exist (NXDOMAIN). A
// fresh host's services keep their names.
func (h *Host) DNS(ctx context.Context, records map[string][]string) error {
	var text strings.Builder
	if b, err := find(h.Blueprint); err == nil && b.fresh {
		text.WriteString(serviceRecord())
	}
	for _, name := range slices.Sorted(maps.Keys(records)) {
		for _, addr := range records[name] {
			fmt.Fprintf(&text, "%s %s\n", addr, name)
		}
	}
	if err := os.WriteFile(h.dnsFile("records"), []byte(text.String()), 0o644); err != nil {
		return err
	}
	return h.DNSMode(ctx, "normal")
}

func (h *Host) dnsFile(name string) string { return filepath.Join(h.dir(), "dns-"+name) }

// DNSMode says how the DNS server behaves: "normal", "silent" (the port is open
// and nothing ever answers) or "servfail" (every question fails).
func (h *Host) DNSMode(ctx context.Context, mode string) error {
	start := h.startDnsmasq
	switch mode {
	case "normal", "silent":
	case "servfail":
		start = h.startServfail
	default:
		return fmt.Errorf("set DNS mode %q: there are normal, silent, servfail", mode)
	}
	if h.Resolver.alive() {
		syscall.Kill(h.Resolver.PID, syscall.SIGKILL)
		for h.Resolver.alive() {
			time.Sleep(5 * time.Millisecond)
		}
	}
	os.Remove(h.dnsFile("pid"))
	if err := start(ctx); err != nil {
		return fmt.Errorf("start DNS of %s: %w", h.Name, err)
	}
	b, err := os.ReadFile(h.dnsFile("pid"))
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return fmt.Errorf("read %s: %w", h.dnsFile("pid"), err)
	}
	h.Resolver = procOf(pid)
	if mode == "silent" {
		// A stopped server keeps its port: the kernel sends no refusal for it.
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			return err
		}
	}
	return h.write()
}

// startDnsmasq returns when dnsmasq answers: it goes to the background only
// after it has its port.
func (h *Host) startDnsmasq(ctx context.Context) error {
	return command(ctx, "ip", "netns", "exec", h.netns(visitor), "dnsmasq",
		"--conf-file=/dev/null", "--pid-file="+h.dnsFile("pid"), "--user=root",
		"--listen-address="+ResolverAddress, "--bind-interfaces",
		"--no-resolv", "--no-hosts", "--addn-hosts="+h.dnsFile("records"),
		"--local-ttl=60", "--address=/#/") // 2.86 and later: NXDOMAIN for all else
}

// startServfail runs its few lines of Python with the interpreter of the host's
// root: this machine need not have one.
func (h *Host) startServfail(ctx context.Context) error {
	script, err := hosts.ReadFile("hosts/dns/servfail.py")
	if err != nil {
		return err
	}
	cmd, err := h.VisitorCommand(ctx, "chroot", h.Lower[len(h.Lower)-1], "python3", "-c", string(script), ResolverAddress)
	if err != nil {
		return err
	}
	out, err := cmd.Output() // it prints its PID when it has the port, and goes to the background
	if err != nil {
		return err
	}
	return os.WriteFile(h.dnsFile("pid"), out, 0o644)
}
