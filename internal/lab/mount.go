package lab

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// mount stacks the host's layers. The kernel's option string ends at 4096
// bytes, which some twenty layers would reach.
func (h *Host) mount() error {
	work := filepath.Join(h.dir(), "work")
	for _, d := range []string{h.Root(), h.Upper(), work} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	opts := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", strings.Join(h.Lower, ":"), h.Upper(), work)
	if err := syscall.Mount("assay-lab", h.Root(), "overlay", 0, opts); err != nil {
		return fmt.Errorf("mount %s: %w", h.Root(), err)
	}
	return nil
}

// unmount waits for the last user of the file system to go, for a second; then
// it detaches it, and the kernel drops it with its last user.
func (h *Host) unmount() error {
	var err error
	for range 50 {
		err = syscall.Unmount(h.Root(), 0)
		if !errors.Is(err, syscall.EBUSY) {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if errors.Is(err, syscall.EBUSY) {
		err = syscall.Unmount(h.Root(), syscall.MNT_DETACH)
	}
	if err == nil || errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOENT) {
		return nil // EINVAL: nothing is mounted there
	}
	return fmt.Errorf("unmount %s: %w", h.Root(), err)
}

// identify gives the host what must differ between hosts and what depends on
// the lab's network. /etc/machine-id of the layer is its builder's.
func (h *Host) identify(b blueprint) error {
	id := make([]byte, 16)
	rand.Read(id)
	name := b.name
	if own, err := hosts.ReadFile("hosts/" + b.name + "/files/etc/hostname"); err == nil {
		name = strings.TrimSpace(string(own))
	}
	for file, text := range map[string]string{
		"etc/machine-id":  hex.EncodeToString(id) + "\n",
		"etc/hostname":    name + "\n",
		"etc/hosts":       "127.0.0.1 localhost\n127.0.1.1 " + name + "\n::1 localhost ip6-localhost ip6-loopback\n",
		"etc/resolv.conf": "nameserver " + ResolverAddress + "\n",
	} {
		at := filepath.Join(h.Root(), file)
		// A root made on a machine where it is a link has a link as well.
		if err := os.Remove(at); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
