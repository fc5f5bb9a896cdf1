package lab

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// cgroups returns the host's folder in each hierarchy that systemd-nspawn
// manages: the v2 one, and v1's name=systemd where the machine still has it.
// With --keep-unit nspawn makes its payload/ and supervisor/ under the cgroup
// that it is started in, so each host needs its own.
func (h *Host) cgroups() []string {
	var dirs []string
	for _, m := range hierarchies() {
		dirs = append(dirs, filepath.Join(m, cgroupPrefix+h.Name))
	}
	return dirs
}

const cgroupPrefix = "assay-lab-"

func hierarchies() []string {
	b, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return nil
	}
	var dirs []string
	sc := bufio.NewScanner(strings.NewReader(string(b)))
	for sc.Scan() {
		f := strings.Fields(sc.Text())
		if len(f) < 4 || !strings.HasPrefix(f[1], "/sys/fs/cgroup") {
			continue
		}
		named := f[2] == "cgroup" && strings.Contains(","+f[3]+",", ",name=systemd,")
		if f[2] == "cgroup2" || named {
			dirs = append(dirs, f[1])
		}
	}
	return dirs
}

// members returns the PIDs in the host's cgroups, at any depth.
func (h *Host) members() []int {
	var pids []int
	seen := map[int]bool{}
	for _, dir := range h.cgroups() {
		filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
			if err != nil || d.Name() != "cgroup.procs" {
				return nil
			}
			b, _ := os.ReadFile(p)
			for f := range strings.FieldsSeq(string(b)) {
				if pid, err := strconv.Atoi(f); err == nil && pid > 0 && !seen[pid] {
					seen[pid] = true
					pids = append(pids, pid)
				}
			}
			return nil
		})
	}
	return pids
}

// findInit returns the PID of the host's PID 1, or 0 while it has none.
func (h *Host) findInit() int {
	for _, pid := range h.members() {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			continue
		}
		for line := range strings.SplitSeq(string(b), "\n") {
			// NSpid: the PID in each PID namespace from ours inwards
			if rest, ok := strings.CutPrefix(line, "NSpid:"); ok {
				f := strings.Fields(rest)
				if len(f) == 2 && f[1] == "1" && isSystemd(pid) {
					return pid
				}
			}
		}
	}
	return 0
}

// isSystemd is false while PID 1 is still nspawn's own child, which sets up
// the mounts before it becomes systemd.
func isSystemd(pid int) bool {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	return strings.TrimSpace(string(b)) == "systemd"
}

// killAll ends every process of the host and waits until they are gone. For a
// second only PID 1 is killed, with which the kernel kills all inside: nspawn
// then removes its lock and ends by itself.
func (h *Host) killAll() error {
	for round := range 300 {
		pids := h.members()
		if len(pids) == 0 {
			return nil
		}
		if round < 50 {
			pids = []int{h.findInit()}
		}
		for _, pid := range pids {
			if pid > 1 { // 0 would be our own process group
				syscall.Kill(pid, syscall.SIGKILL)
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("end processes of %s: %v still run", h.Name, h.members())
}

// clearCgroups removes the host's cgroups, which must be empty, bottom up.
func (h *Host) clearCgroups() error {
	for _, dir := range h.cgroups() {
		if err := removeCgroup(dir); err != nil {
			return err
		}
	}
	return nil
}

func removeCgroup(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if e.IsDir() {
			if err := removeCgroup(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	for range 50 { // a process that just ended keeps it busy for a moment
		if err = os.Remove(dir); err == nil || os.IsNotExist(err) {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("remove cgroup: %w", err)
}
