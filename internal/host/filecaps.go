package host

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// capabilityNames are those by which a program comes to rights of root's
// (linux/capability.h); the others go by their number.
var capabilityNames = map[int]string{0: "cap_chown", 1: "cap_dac_override", 2: "cap_dac_read_search", 3: "cap_fowner", 6: "cap_setgid", 7: "cap_setuid",
	10: "cap_net_bind_service", 12: "cap_net_admin", 13: "cap_net_raw", 16: "cap_sys_module", 18: "cap_sys_chroot", 19: "cap_sys_ptrace", 21: "cap_sys_admin", 24: "cap_sys_resource"}

// fileCaps are the capabilities that a file's attribute permits (vfs_cap_data:
// a word with the version, then permitted and inheritable by turns, 32 bits each).
func fileCaps(fd int) ([]string, error) {
	buf := make([]byte, 64)
	n, err := unix.Getxattr(fmt.Sprintf("/proc/self/fd/%d", fd), "security.capability", buf)
	switch {
	case errors.Is(err, unix.ENODATA), errors.Is(err, unix.ENOTSUP):
		return nil, nil
	case err != nil:
		return nil, err
	case n < 12:
		return nil, nil
	}
	var out []string
	for word := range 2 {
		at := 4 + 8*word
		if at+4 > n {
			break
		}
		bits := binary.LittleEndian.Uint32(buf[at:])
		for i := range 32 {
			if bits&(1<<i) == 0 {
				continue
			}
			name := capabilityNames[32*word+i]
			if name == "" {
				name = fmt.Sprintf("capability %d", 32*word+i)
			}
			out = append(out, name)
		}
	}
	return out, nil
}
