package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// state is what the lab knows of a host, as host.json in the host's folder.
type state struct {
	Name      string
	Blueprint string
	Suite     string
	Site      string   // the address at which the site answers when it is up
	Lower     []string // the folders under the overlay, the topmost first
	Created   time.Time
	Init      proc // the host's PID 1
	Nspawn    proc // systemd-nspawn, which watches it
	Resolver  proc // dnsmasq on the visitor's side
}

// proc names a process so that a reused PID is not taken for it.
type proc struct {
	PID   int
	Start string // field 22 of /proc/PID/stat: ticks since the machine's boot
}

// procOf reads the identity of a running process.
func procOf(pid int) proc { return proc{pid, startOf(pid)} }

func (p proc) alive() bool { return p.PID > 0 && p.Start != "" && startOf(p.PID) == p.Start }

// startOf returns "" for a process that is gone or a zombie.
func startOf(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// The command stands in brackets and may hold spaces and brackets itself.
	s := string(b)
	f := strings.Fields(s[strings.LastIndexByte(s, ')')+1:])
	if len(f) < 20 || f[0] == "Z" {
		return ""
	}
	return f[19]
}

// create claims a name and its folder. mkdir is the lock: of two processes
// that want one name, one fails.
func create(name string, b blueprint, lower []string) (*Host, error) {
	hosts := filepath.Join(cacheDir(), "host")
	if err := os.MkdirAll(hosts, 0o755); err != nil {
		return nil, err
	}
	h := &Host{state{Name: name, Blueprint: b.name, Suite: b.suite, Site: b.site, Lower: lower, Created: time.Now()}}
	if name != "" {
		if !nameShape.MatchString(name) {
			return nil, fmt.Errorf("name host %q: use a-z, 0-9 and -, 41 characters at most", name)
		}
		err := os.Mkdir(h.dir(), 0o755)
		if errors.Is(err, os.ErrExist) {
			return nil, fmt.Errorf("create host %s: it exists already", name)
		}
		if err != nil {
			return nil, err
		}
		return h, h.write()
	}
	for n := 1; n < 1000; n++ {
		h.Name = fmt.Sprintf("%s-%d", b.name, n)
		err := os.Mkdir(h.dir(), 0o755)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return h, h.write()
	}
	return nil, fmt.Errorf("create host of %s: a thousand exist", b.name)
}

func (h *Host) dir() string { return filepath.Join(cacheDir(), "host", h.Name) }

// Root returns the host's whole file system as this machine sees it.
func (h *Host) Root() string { return filepath.Join(h.dir(), "root") }

// Upper returns the folder that holds only what was written to the host since
// it was brought up.
func (h *Host) Upper() string { return filepath.Join(h.dir(), "upper") }

// PID returns the PID on this machine of the host's PID 1, or 0 if it is off.
func (h *Host) PID() int {
	if !h.Init.alive() {
		return 0
	}
	return h.Init.PID
}

// VisitorNetns returns the path of the visitor's network namespace.
func (h *Host) VisitorNetns() string { return "/run/netns/" + h.netns(visitor) }

func (h *Host) read(name string) error {
	b, err := os.ReadFile(filepath.Join(cacheDir(), "host", name, "host.json"))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, &h.state); err != nil {
		return err
	}
	if h.Name != name {
		return fmt.Errorf("host.json names %q", h.Name)
	}
	return nil
}

func (h *Host) write() error {
	b, err := json.MarshalIndent(h.state, "", "\t")
	if err != nil {
		return err
	}
	tmp := filepath.Join(h.dir(), "host.json.new")
	if err := os.WriteFile(tmp, b, 0o644); err != nil {
		return err
	}
	return os.Rename(tmp, filepath.Join(h.dir(), "host.json"))
}
