package lab

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// servicesAddress is where a fresh host finds packages.lab and acme.lab.
const servicesAddress = "203.0.113.80"

// acmeNames lead to the lab's ACME server. Under Let's Encrypt's own names it
// has the directory alone, so that certbot needs no other word than on a real
// host, also for --dry-run, which goes to the second.
var acmeNames = []string{"acme.lab", "acme-v02.api.letsencrypt.org", "acme-staging-v02.api.letsencrypt.org"}

// serviceRecord is what the DNS of a fresh host says in addition.
func serviceRecord() string {
	return servicesAddress + " packages.lab " + strings.Join(acmeNames, " ") + "\n"
}

// serve starts what a fresh host has in reach, on the visitor's side. It ends
// with that side's namespace.
func (h *Host) serve(ctx context.Context) error {
	if err := command(ctx, "ip", "-n", h.netns(visitor), "addr", "add", servicesAddress+"/24", "dev", "eth0"); err != nil {
		return err
	}
	if err := h.startACME(ctx); err != nil {
		return err
	}
	packages, err := repository(ctx, h.Suite, io.Discard)
	if err != nil {
		return err
	}
	script, err := hosts.ReadFile("hosts/services/services.py")
	if err != nil {
		return err
	}
	// `ip netns exec` gives the command its own mounts, so these are seen by
	// nothing else; the Python is the root's, as for Machine.
	cmd, err := h.VisitorCommand(ctx, "sh", "-ec", `mount --bind "$1" "$3/srv"; mount --bind "$2" "$3/mnt"; exec chroot "$3" python3 -c "$4" "$5"`,
		"sh", packages, h.acmeDir(), h.Lower[len(h.Lower)-1], string(script), servicesAddress)
	if err != nil {
		return err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("serve packages: %w%s", err, quote(string(out)))
	}
	return nil
}
