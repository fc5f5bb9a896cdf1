package lab

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Down takes a host away with all it had: processes, mounts, network, cgroups
// and its folder. It goes by the host's name alone, so it also removes a host
// whose maker was killed halfway, and a host that is not there is no error.
func (h *Host) Down(ctx context.Context) error {
	if h.Resolver.alive() {
		syscall.Kill(h.Resolver.PID, syscall.SIGKILL)
	}
	errs := []error{h.killAll(), h.disconnect(ctx), h.clearCgroups(), h.unmount()}
	machine := netnsPrefix + h.Name
	for _, left := range []string{
		// nspawn 252 leaves these where /run is no tmpfs
		"/run/systemd/nspawn/propagate/" + machine,
		"/run/systemd/nspawn/unix-export/" + machine,
	} {
		os.Remove(left)
	}
	if err := errors.Join(errs...); err != nil {
		return err // its folder stays, so that it can be taken down again
	}
	if h.mounted() {
		return errors.New("take down " + h.Name + ": its root is still mounted")
	}
	return os.RemoveAll(h.dir())
}

// mounted guards the removal of the folder: the layers under a mounted root are
// safe, but what else is mounted in it need not be.
func (h *Host) mounted() bool {
	b, err := os.ReadFile("/proc/self/mounts")
	return err != nil || strings.Contains(string(b), " "+h.Root())
}

// DownAll takes down every host, also what is left of hosts that no folder
// speaks of any more.
func DownAll(ctx context.Context) error {
	var errs []error
	for _, name := range leftovers(ctx) {
		h, err := Open(name)
		if err != nil {
			h = &Host{state{Name: name}}
		}
		errs = append(errs, h.Down(ctx))
	}
	return errors.Join(errs...)
}

// leftovers names all hosts of which anything is there.
func leftovers(ctx context.Context) []string {
	var names []string
	seen := map[string]bool{}
	add := func(name string) {
		if nameShape.MatchString(name) && !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	entries, _ := os.ReadDir(filepath.Join(cacheDir(), "host"))
	for _, e := range entries {
		add(e.Name())
	}
	for _, m := range hierarchies() {
		dirs, _ := filepath.Glob(filepath.Join(m, cgroupPrefix+"*"))
		for _, d := range dirs {
			add(strings.TrimPrefix(filepath.Base(d), cgroupPrefix))
		}
	}
	out, _ := exec.CommandContext(ctx, "ip", "netns", "list").Output()
	for line := range strings.SplitSeq(string(out), "\n") {
		name, _, _ := strings.Cut(line, " ")
		if name, ok := strings.CutPrefix(name, netnsPrefix); ok {
			add(strings.TrimSuffix(name, visitor))
		}
	}
	return names
}
