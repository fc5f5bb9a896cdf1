package host

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// Descriptors that the first step is started with.
const (
	toldFD = 3 // where the probe tells; it is handed on
	fateFD = 4 // where the first step tells; it is not
)

// lastStep failed: it said why on its standard error.
const lastStep = "the last step into the sandbox failed"

// sandboxed is the first step: root, process 1 of its own namespaces. It shuts
// the disk, starts the second step in a user namespace, and stays to watch the
// memory and the clock, and to take everything down when its parent goes.
func sandboxed() {
	runtime.LockOSThread() // the mounts are this thread's, and what it starts has them
	in := json.NewDecoder(os.Stdin)
	var c cell
	tell := func(f fate) {
		b, _ := json.Marshal(f)
		_, _ = os.NewFile(fateFD, "fate").Write(b)
		os.Exit(0)
	}
	if err := in.Decode(&c); err != nil {
		tell(fate{Seal: err.Error()})
	}
	// The first to go when memory is short; whoever set it as root alone may take it back.
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0)
	// What whoever started us left open is nobody's business in there.
	if err := unix.CloseRange(toldFD, ^uint(0), unix.CLOSE_RANGE_CLOEXEC); err != nil {
		tell(fate{Seal: "close what others opened: " + cause(err)})
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
	if err := c.shut(); err != nil {
		tell(fate{Seal: err.Error()})
	}
	cmd, err := c.start()
	if err != nil {
		tell(fate{Seal: err.Error()})
	}
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/autogroup", cmd.Process.Pid), []byte(strconv.Itoa(niceness)), 0)
	done := make(chan fate, 1)
	go func() {
		err := cmd.Wait()
		f := fate{Exit: cmd.ProcessState.ExitCode()}
		if ws, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
			f.Signal = unix.SignalName(ws.Signal())
		}
		if f.Exit == sealFailed {
			f.Seal = lastStep
		}
		_ = err
		done <- f
	}()
	tell(c.watch(done))
}

// covered are the folders that are empty in the sandbox: sockets of the
// services and their state lie there.
var covered = []string{"/run", "/tmp", "/var/tmp", "/dev"}

// shut makes the whole disk read-only, as the service sees it.
func (c cell) shut() error {
	if os.Getpid() != 1 {
		return errors.New("not in a pid namespace of its own")
	}
	if c.Enter != 0 {
		if err := unix.Unshare(unix.CLONE_FS); err != nil {
			return fmt.Errorf("unshare: %w", err)
		}
		if startOf(c.Enter) != c.Started {
			return errors.New("the process has ended meanwhile")
		}
		if err := enter(c.Enter); err != nil {
			return fmt.Errorf("enter the mount namespace of process %d: %w", c.Enter, err)
		}
		if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
			return fmt.Errorf("make a mount namespace: %w", err)
		}
	}
	nodes := holdDevices()
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make the mounts private: %w", err)
	}
	attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV}
	if err := unix.MountSetattr(unix.AT_FDCWD, "/", unix.AT_RECURSIVE, &attr); err != nil {
		return fmt.Errorf("make the disk read-only: %w (Linux 5.12 or later is needed)", err)
	}
	for _, at := range covered {
		fi, err := os.Lstat(at)
		if err != nil || !fi.IsDir() {
			continue
		}
		mode := "mode=1777"
		if at == "/run" || at == "/dev" {
			mode = "mode=0755"
		}
		if err := unix.Mount("tmpfs", at, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, mode+",size=48m,nr_inodes=8192"); err != nil {
			return fmt.Errorf("cover %s: %w", at, err)
		}
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	if err := nodes.rebuild(); err != nil {
		return err
	}
	if err := os.Mkdir("/dev/shm", 0o1777); err == nil {
		_ = os.Chmod("/dev/shm", 0o1777|os.ModeSticky)
	}
	return nil
}

// start makes the second step: in a user namespace that knows the service's ids
// alone. There, limits on the number of processes count the sandbox's own, not
// the service's.
func (c cell) start() (*exec.Cmd, error) {
	ids := func(list ...int) []syscall.SysProcIDMap {
		var out []syscall.SysProcIDMap
		seen := map[int]bool{}
		for _, n := range list {
			if !seen[n] {
				out = append(out, syscall.SysProcIDMap{ContainerID: n, HostID: n, Size: 1})
			}
			seen[n] = true
		}
		return out
	}
	var groups []uint32
	for _, g := range c.Groups {
		groups = append(groups, uint32(g))
	}
	job, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	self, err := ourselves()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self)
	cmd.Args = []string{jailName}
	cmd.Env = []string{"GOMAXPROCS=1", "GOGC=off"}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = r, os.Stdout, os.Stderr
	cmd.ExtraFiles = []*os.File{os.NewFile(toldFD, "told")}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:                 unix.CLONE_NEWUSER,
		UidMappings:                ids(c.UID),
		GidMappings:                ids(append([]int{c.GID}, c.Groups...)...),
		GidMappingsEnableSetgroups: true,
		Credential:                 &syscall.Credential{Uid: uint32(c.UID), Gid: uint32(c.GID), Groups: groups},
		Setsid:                     true,
	}
	if err := cmd.Start(); err != nil {
		if errors.Is(err, unix.ENOSPC) {
			return nil, errors.New("make a user namespace: there may be no more (sysctl user.max_user_namespaces)")
		}
		return nil, fmt.Errorf("make a user namespace: %s", cause(err))
	}
	firstPID = cmd.Process.Pid
	_ = r.Close()
	go func() {
		_, _ = w.Write(append(job, '\n'))
		_ = w.Close()
	}()
	return cmd, nil
}

// ourselves is a path to our own program that any user may execute: a copy in
// memory where the file itself is root's alone.
func ourselves() (string, error) {
	const self = "/proc/self/exe"
	var st unix.Stat_t
	if err := unix.Stat(self, &st); err != nil || st.Mode&0o001 != 0 {
		return self, err
	}
	fd, err := unix.MemfdCreate("assay", 0)
	if err != nil {
		return "", err
	}
	in, err := os.Open(self)
	if err != nil {
		return "", err
	}
	defer in.Close()
	out := os.NewFile(uintptr(fd), "assay")
	if _, err := io.Copy(out, in); err != nil {
		return "", err
	}
	if err := out.Chmod(0o555); err != nil {
		return "", err
	}
	return "/proc/self/fd/" + strconv.Itoa(fd), nil
}
