package host

import (
	"fmt"
	"runtime"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// thread runs fn on an OS thread that fn may alter (credentials, working
// folder, mount namespace). If fn says that it did, the thread dies with the
// goroutine: Linux keeps all of these per thread, and Go starts new threads
// from a clean template once a goroutine is locked, so nothing spreads.
func thread(fn func() (altered bool)) {
	done := make(chan any, 1)
	go func() {
		defer func() { done <- recover() }()
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() {
			// The first thread cannot die (Go only parks it), and /proc/self
			// shows its state. We hold it while another thread does the work.
			thread(fn)
			runtime.UnlockOSThread()
			return
		}
		if !fn() {
			runtime.UnlockOSThread()
		}
	}()
	if p := <-done; p != nil {
		panic(p)
	}
}

// cred is whose rights a thread wears when it touches files.
type cred struct {
	name   string
	uid    int
	gid    int
	groups []int
}

const nobodyID = 65534

func nobody() cred { return cred{name: "nobody", uid: nobodyID, gid: nobodyID} }

// wear gives the calling thread the rights of c towards files and sockets, for
// good. Only the file system ids change: with its real and saved uid left at
// 0, c can neither signal nor trace us meanwhile. The kernel drops the file
// capabilities by itself when fsuid leaves 0; we drop all others too, since
// CAP_SYS_PTRACE opens much of /proc. A uid of 0 keeps its capabilities.
func (c cred) wear() error {
	groups := make([]uint32, 0, len(c.groups)+1)
	for _, g := range slices.Sorted(slices.Values(append([]int{c.gid}, c.groups...))) {
		groups = append(groups, uint32(g))
	}
	if _, _, no := unix.RawSyscall(unix.SYS_SETGROUPS, uintptr(len(groups)), uintptr(unsafe.Pointer(&groups[0])), 0); no != 0 {
		return fmt.Errorf("take the groups of %s: %w", c.name, no)
	}
	// setfsgid and setfsuid never fail; an impossible id asks for the present one.
	unix.RawSyscall(unix.SYS_SETFSGID, uintptr(c.gid), 0, 0)
	unix.RawSyscall(unix.SYS_SETFSUID, uintptr(c.uid), 0, 0)
	gid, _, _ := unix.RawSyscall(unix.SYS_SETFSGID, ^uintptr(0), 0, 0)
	uid, _, _ := unix.RawSyscall(unix.SYS_SETFSUID, ^uintptr(0), 0, 0)
	if int(uint32(uid)) != c.uid || int(uint32(gid)) != c.gid {
		return fmt.Errorf("take the credentials of %s: the kernel refused", c.name)
	}
	if c.uid == 0 {
		return nil
	}
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	if err := unix.Capset(&head, &none[0]); err != nil {
		return fmt.Errorf("drop the capabilities: %w", err)
	}
	return nil
}
