package lab

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// trustACME fetches the root that the ACME server has made for itself, and has
// the visitor and the host, which does not run yet, trust it.
func (h *Host) trustACME(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	var root string
	for {
		var err error
		if root, err = h.Visitor(ctx, "curl -sS --fail https://acme.lab:15000/roots/0"); err == nil {
			break
		}
		if pause(ctx) != nil {
			log, _ := os.ReadFile(filepath.Join(h.dir(), "acme/log"))
			return fmt.Errorf("start the ACME server: %w%s", err, quote(string(log)))
		}
	}
	ca, err := authority()
	if err != nil {
		return err
	}
	if err := os.WriteFile(h.trustFile(), append(ca.rootPEM, root...), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(h.Root(), "usr/local/share/ca-certificates/acme.crt"), []byte(root), 0o644); err != nil {
		return err
	}
	return command(ctx, "chroot", h.Root(), "update-ca-certificates")
}

// trustFile holds the roots that a fresh host's visitor trusts.
func (h *Host) trustFile() string { return filepath.Join(h.dir(), "trust.pem") }

// CAFile is where the roots that this host's visitor trusts lie on this machine.
func (h *Host) CAFile() string {
	if present(h.trustFile()) {
		return h.trustFile()
	}
	return CAFile()
}
