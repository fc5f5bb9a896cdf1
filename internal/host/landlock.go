package host

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// onlyScratch lets this process and its children open for writing only what
// lies on the sandbox's memory disks. A read-only mount stops files; a named
// pipe or a device on it can be written to all the same (a master FIFO of uWSGI
// takes commands). Landlock came with Linux 5.13; where it is off, what a
// read-only mount leaves open stays open to the app's own user.
func onlyScratch() error {
	attr := unix.LandlockRulesetAttr{Access_fs: unix.LANDLOCK_ACCESS_FS_WRITE_FILE}
	fd, _, no := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr.Access_fs), 0)
	if no != 0 {
		return no
	}
	defer unix.Close(int(fd))
	for _, p := range covered {
		at, err := unix.Open(p, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			continue
		}
		// The kernel's struct is packed: eight bytes and four.
		rule := unix.LandlockPathBeneathAttr{Allowed_access: unix.LANDLOCK_ACCESS_FS_WRITE_FILE, Parent_fd: int32(at)}
		_, _, no = unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, fd, unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&rule)), 0, 0, 0)
		_ = unix.Close(at)
		if no != 0 {
			return no
		}
	}
	if _, _, no = unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, 0, 0); no != 0 {
		return no
	}
	return nil
}
