package host

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The filter of the app's sandbox (seccomp(2), cBPF). What is not named here is
// allowed: the disk is read-only, the namespaces are empty and no capability is
// left, so that only what leads out of those must be refused.
//
//   - No sockets. An empty network namespace alone still reaches PostgreSQL,
//     D-Bus and docker.sock by their paths. A pair of connected streams
//     (asyncio and multiprocessing make one) reaches nobody and stays allowed; a
//     pair of datagrams could be sent anywhere.
//   - No way around it: io_uring makes sockets without the system call.
//   - No namespaces, mounts, tracing, keys: more kernel than an app needs.
//   - Nothing that is counted for the whole host, or for root, who owns the user
//     namespace: instances of inotify, asynchronous I/O. No memory that belongs
//     to no process and to none of the memory disks: the watch would not see it.
//   - Locks pretend to succeed: taken on a shared file they would stop the live
//     workers, and a refusal would stop the import. So do what makes the disk
//     busy, sessions (the scheduler gives each a share of its own), and changes
//     of the limit on core dumps: see coreLimit.

// refusal is the error of a refused socket: few things else give it, so that an
// import that fails by it is told from one that fails by itself.
const refusal = unix.EAFNOSUPPORT

var refused = []struct {
	errno unix.Errno
	calls []uintptr
}{
	{refusal, []uintptr{unix.SYS_SOCKET, unix.SYS_CONNECT, unix.SYS_BIND, unix.SYS_LISTEN, unix.SYS_ACCEPT, unix.SYS_ACCEPT4}},
	{unix.ENOSYS, []uintptr{
		unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER, unix.SYS_CLONE3, unix.SYS_IO_SETUP,
		unix.SYS_MEMFD_CREATE, unix.SYS_MEMFD_SECRET, unix.SYS_SHMGET, unix.SYS_MSGGET, unix.SYS_SEMGET, unix.SYS_MQ_OPEN,
	}},
	{unix.EMFILE, []uintptr{unix.SYS_INOTIFY_INIT1}},
	{0, []uintptr{
		unix.SYS_FLOCK, unix.SYS_SETSID,
		unix.SYS_SYNC, unix.SYS_SYNCFS, unix.SYS_FSYNC, unix.SYS_FDATASYNC, unix.SYS_SYNC_FILE_RANGE, unix.SYS_FADVISE64,
	}},
	{unix.EPERM, []uintptr{
		unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PIDFD_GETFD, unix.SYS_KCMP,
		unix.SYS_UNSHARE, unix.SYS_SETNS, unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT,
		unix.SYS_OPEN_TREE, unix.SYS_MOVE_MOUNT, unix.SYS_FSOPEN, unix.SYS_FSCONFIG, unix.SYS_FSMOUNT, unix.SYS_FSPICK, unix.SYS_MOUNT_SETATTR,
		unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_KEYCTL,
		unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE, unix.SYS_KEXEC_LOAD,
		unix.SYS_SWAPON, unix.SYS_SWAPOFF, unix.SYS_REBOOT, unix.SYS_ACCT, unix.SYS_QUOTACTL, unix.SYS_FANOTIFY_INIT,
	}},
}

const newNamespaces = unix.CLONE_NEWCGROUP | unix.CLONE_NEWIPC | unix.CLONE_NEWNET | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWUSER | unix.CLONE_NEWUTS

// Offsets in struct seccomp_data; the arguments are 64 bits, little-endian on
// both machines.
const (
	dataNumber = 0
	dataArch   = 4
	dataArg0   = 16
	dataArg1   = 24
	dataArg2   = 32
)

// coreLimit is 1: with 0 a handler of core dumps (core_pattern with a pipe)
// would still be started, as root, and keep the dump (core(5)).
const coreLimit = 1

func load(offset uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
}

func verdict(errno unix.Errno) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(errno)}
}

// unless skips the next n instructions when the loaded word is not k.
func unless(k uint32, n uint8) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: k, Jf: n}
}

var (
	allow = unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW}
	kill  = unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_KILL_PROCESS}
)

// filter is the program. A system call of another machine's numbering (int
// 0x80 and x32 on amd64) ends the process.
func filter() ([]unix.SockFilter, error) {
	arch := map[string]uint32{"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64}[runtime.GOARCH]
	if arch == 0 {
		return nil, fmt.Errorf("no filter of system calls for %s", runtime.GOARCH)
	}
	p := []unix.SockFilter{load(dataArch), {Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: arch, Jt: 1}, kill, load(dataNumber)}
	if runtime.GOARCH == "amd64" {
		const x32 = 0x40000000
		const inotifyInit = 253 // arm64 has none
		p = append(p, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K, K: x32, Jf: 1}, kill,
			unless(inotifyInit, 1), verdict(unix.EMFILE))
	}
	for _, r := range refused {
		for _, nr := range r.calls {
			p = append(p, unless(uint32(nr), 1), verdict(r.errno))
		}
	}
	p = append(p,
		// clone: threads and processes, no namespaces.
		unless(unix.SYS_CLONE, 4), load(dataArg0),
		unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K, K: newNamespaces, Jf: 1}, verdict(unix.EPERM), allow,
		// socketpair: unix streams only (the type's low four bits). Another family
		// fails, too, but not before its module was loaded.
		unless(unix.SYS_SOCKETPAIR, 7), load(dataArg0), unless(unix.AF_UNIX, 4), load(dataArg1),
		unix.SockFilter{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: 0xf}, unless(unix.SOCK_STREAM, 1), allow, verdict(refusal),
		// The limit on core dumps; prlimit without a new one only reads.
		unless(unix.SYS_SETRLIMIT, 4), load(dataArg0), unless(unix.RLIMIT_CORE, 1), verdict(0), allow,
		unless(unix.SYS_PRLIMIT64, 8), load(dataArg1), unless(unix.RLIMIT_CORE, 5),
		load(dataArg2), unless(0, 2), load(dataArg2+4), unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: 0, Jt: 1}, verdict(0), allow,
		// Locks and leases.
		unless(unix.SYS_FCNTL, 11), load(dataArg1),
	)
	for _, cmd := range []uint32{unix.F_SETLK, unix.F_SETLKW, unix.F_OFD_SETLK, unix.F_OFD_SETLKW} {
		p = append(p, unless(cmd, 1), verdict(0))
	}
	return append(p, unless(unix.F_SETLEASE, 1), verdict(unix.EPERM), allow), nil
}

// sealCalls installs the filter on the calling thread, for good.
func sealCalls() error {
	p, err := filter()
	if err != nil {
		return err
	}
	prog := unix.SockFprog{Len: uint16(len(p)), Filter: &p[0]}
	if _, _, no := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&prog))); no != 0 {
		return fmt.Errorf("filter the system calls: %w", no)
	}
	runtime.KeepAlive(p)
	return nil
}
