package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"syscall"
	"unsafe"

	"assay/internal/tape"

	"golang.org/x/sys/unix"
)

// entered moves into the network and the view of the disk of a process, gives
// up what exec could give back, and starts anew: all these belong to threads,
// and only exec gives them to all threads of a program. Our own program is named
// by its descriptor, since it may not be there to be seen.
func entered() {
	runtime.LockOSThread()
	err := errors.New("want a process id and a user id")
	if len(os.Args) == 3 {
		pid, err1 := strconv.Atoi(os.Args[1])
		uid, err2 := strconv.Atoi(os.Args[2])
		if err = errors.Join(err1, err2); err == nil {
			err = enterAll(pid, uid)
		}
	}
	fmt.Fprintln(os.Stderr, "enter the service's namespaces:", cause(err))
	os.Exit(1)
}

func enterAll(pid, uid int) error {
	exe, err := unix.Open("/proc/self/exe", unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	if pid != 0 {
		if err := enterBoth(pid); err != nil {
			return err
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	if uid == 0 && os.Geteuid() == 0 { // another user's id takes them all, later
		head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var none [2]unix.CapUserData
		if err := unix.Capset(&head, &none[0]); err != nil {
			return err
		}
	}
	return again(exe)
}

func enterBoth(pid int) error {
	network, err := unix.Open("/proc/"+strconv.Itoa(pid)+"/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(network)
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return err
	}
	if err := unix.Setns(network, unix.CLONE_NEWNET); err != nil {
		return err
	}
	return enter(pid)
}

// again starts our own program as the client.
func again(exe int) error {
	name, err := unix.BytePtrFromString("")
	if err != nil {
		return err
	}
	argv, err := syscall.SlicePtrFromStrings([]string{clientName})
	if err != nil {
		return err
	}
	envv, err := syscall.SlicePtrFromStrings(environment)
	if err != nil {
		return err
	}
	_, _, no := unix.RawSyscall6(unix.SYS_EXECVEAT, uintptr(exe), uintptr(unsafe.Pointer(name)),
		uintptr(unsafe.Pointer(&argv[0])), uintptr(unsafe.Pointer(&envv[0])), unix.AT_EMPTY_PATH, 0)
	return no
}

// logged is the child that logs in: it takes the service's identity for good,
// and only then listens to a server.
func logged() {
	out, err := errandDone()
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(out)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func errandDone() (any, error) {
	var e errand
	if err := json.NewDecoder(io.LimitReader(os.Stdin, 4<<20)).Decode(&e); err != nil {
		return nil, err
	}
	if err := become(e.Identity); err != nil {
		return nil, err
	}
	if e.Env["HOME"] == "" {
		e.Env["HOME"] = homeOf(e.Identity.UID)
	}
	for k, v := range e.Env {
		if err := os.Setenv(k, v); err != nil { // of this program's memory alone: /proc does not show it
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), clientWait)
	defer cancel()
	if e.Kind == string(tape.KindRedis) {
		return askRedis(ctx, e.URL)
	}
	return askSQL(ctx, e)
}

// become takes an identity for the whole process, with no way back: no
// capability, nothing to gain from a setuid program, nothing to be read by the
// identity's other processes, no file to be written.
func become(id tape.Identity) error {
	debug.SetMemoryLimit(64 << 20)
	for what, most := range map[int]uint64{unix.RLIMIT_CORE: 0, unix.RLIMIT_FSIZE: 0, unix.RLIMIT_NOFILE: 64, unix.RLIMIT_DATA: 512 << 20, unix.RLIMIT_CPU: 5} {
		if err := unix.Setrlimit(what, &unix.Rlimit{Cur: most, Max: most}); err != nil {
			return fmt.Errorf("set limits: %w", err)
		}
	}
	if os.Geteuid() == 0 && id.UID != 0 {
		if err := syscall.Setgroups(id.Groups); err != nil {
			return fmt.Errorf("take the groups: %w", err)
		}
		if err := syscall.Setresgid(id.GID, id.GID, id.GID); err != nil {
			return fmt.Errorf("take the group: %w", err)
		}
		if err := syscall.Setresuid(id.UID, id.UID, id.UID); err != nil {
			return fmt.Errorf("take the user: %w", err)
		}
	}
	if os.Geteuid() != id.UID || os.Getegid() != id.GID {
		return fmt.Errorf("not user %d, group %d", id.UID, id.GID)
	}
	if n, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); err != nil || n != 1 {
		return errors.New("no_new_privs is not set")
	}
	return unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
}

func homeOf(uid int) string {
	home := "/nonexistent"
	colons("/etc/passwd", func(f []string) {
		if n, err := strconv.Atoi(f[2]); err == nil && n == uid && len(f) > 5 {
			home = f[5]
		}
	})
	return home
}
