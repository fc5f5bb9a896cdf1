package lab

import (
	"context"
	"fmt"
)

// Machine puts another machine beside the visitor, at an address of its own:
// with a site on port 80, or, given a target, one that hands all connections to
// ports 80 and 443 on to it. It goes with the host.
func (h *Host) Machine(ctx context.Context, address, target string) error {
	script, err := hosts.ReadFile("hosts/machine/machine.py")
	if err != nil {
		return err
	}
	if err := command(ctx, "ip", "-n", h.netns(visitor), "addr", "add", address+"/24", "dev", "eth0"); err != nil {
		return err
	}
	args := []string{"chroot", h.Lower[len(h.Lower)-1], "python3", "-c", string(script), address}
	if target != "" {
		args = append(args, target)
	}
	cmd, err := h.VisitorCommand(ctx, args...)
	if err != nil {
		return err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("start machine %s: %w%s", address, err, quote(string(out)))
	}
	return nil
}
