package lab

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
)

// servicesAddress is where a fresh host finds packages.lab and acme.lab.
const servicesAddress = "203.0.113.80"

// serve starts what a fresh host has in reach, on the visitor's side. It ends
// with that side's namespace.
func (h *Host) serve(ctx context.Context) error {
	if err := command(ctx, "ip", "-n", h.netns(visitor), "addr", "add", servicesAddress+"/24", "dev", "eth0"); err != nil {
		return err
	}
	packages, err := repository(ctx, h.Suite, io.Discard)
	if err != nil {
		return err
	}
	script, err := hosts.ReadFile("hosts/packages/packages.py")
	if err != nil {
		return err
	}
	// `ip netns exec` gives the command its own mounts, so this one is seen by
	// nothing else; the Python is the root's, as for Machine.
	bottom := h.Lower[len(h.Lower)-1]
	cmd, err := h.VisitorCommand(ctx, "sh", "-ec", `mount --bind "$1" "$2/srv"; exec chroot "$2" python3 -c "$3" "$4"`,
		"sh", packages, bottom, string(script), servicesAddress)
	if err != nil {
		return err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("serve %s: %w%s", filepath.Base(packages), err, quote(string(out)))
	}
	return h.startACME(ctx)
}
