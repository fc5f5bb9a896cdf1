package lab

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// The two sides of a host's network.
const (
	inside  = ""
	visitor = "-visitor"
)

const netnsPrefix = "assay-lab-"

func (h *Host) netns(side string) string { return netnsPrefix + h.Name + side }

// connect makes the host's network namespace and its visitor's, joined by one
// cable. Neither has a way to this machine's own network: nothing that a host
// does gets out, and names and addresses need to be unique only within a pair.
func (h *Host) connect(ctx context.Context) error {
	in, out := h.netns(inside), h.netns(visitor)
	etc := filepath.Join("/etc/netns", out) // ip netns exec puts these files in place of /etc's
	if err := os.MkdirAll(etc, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(etc, "resolv.conf"), []byte("nameserver "+ResolverAddress+"\n"), 0o644); err != nil {
		return err
	}
	for _, ns := range []string{in, out} {
		if err := command(ctx, "ip", "netns", "add", ns); err != nil {
			return err
		}
	}
	if err := command(ctx, "ip", "link", "add", "eth0", "netns", in, "type", "veth", "peer", "name", "eth0", "netns", out); err != nil {
		return err
	}
	// The visitor routes, and refuses what leads nowhere: a host that calls an
	// address outside learns so at once instead of waiting for a timeout.
	if err := batch(ctx, out, `
link set lo up
link set eth0 up
addr add `+VisitorAddress+`/24 dev eth0
addr add `+ResolverAddress+`/24 dev eth0
addr add `+gateway+`/24 dev eth0
route add unreachable default metric 100
`); err != nil {
		return err
	}
	if err := command(ctx, "ip", "netns", "exec", out, "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward"); err != nil {
		return err
	}
	return batch(ctx, in, `
link set lo up
link set eth0 up
addr add `+Address+`/24 dev eth0
route add default via `+gateway+`
`)
}

// batch runs ip's commands in a namespace, one process for all of them.
func batch(ctx context.Context, ns, lines string) error {
	cmd := exec.CommandContext(ctx, "ip", "-n", ns, "-batch", "-")
	cmd.Stdin = strings.NewReader(strings.TrimSpace(lines) + "\n")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return &ScriptError{Where: ns, Code: cmd.ProcessState.ExitCode(), Stderr: string(out)}
	}
	return nil
}

// disconnect ends what runs on the visitor's side and removes both namespaces.
func (h *Host) disconnect(ctx context.Context) error {
	for _, ns := range []string{h.netns(visitor), h.netns(inside)} {
		if !present("/run/netns/" + ns) {
			continue
		}
		killNetns(ctx, ns)
		if err := command(ctx, "ip", "netns", "del", ns); err != nil {
			return err
		}
	}
	return os.RemoveAll(filepath.Join("/etc/netns", h.netns(visitor)))
}

func killNetns(ctx context.Context, ns string) {
	out, err := exec.CommandContext(ctx, "ip", "netns", "pids", ns).Output()
	if err != nil {
		return
	}
	for f := range strings.FieldsSeq(string(out)) {
		if pid, err := strconv.Atoi(f); err == nil && pid > 1 && pid != os.Getpid() {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}
