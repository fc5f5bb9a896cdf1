package host

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// jailed is the second step: the service's user, in a user namespace of its
// own. It takes the limits and the filter of system calls, and becomes the
// app's interpreter.
func jailed() {
	runtime.LockOSThread()
	var c cell
	// To the end: the rest of the pipe is not the interpreter's.
	line, err := bufio.NewReaderSize(os.Stdin, 1<<20).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &c)
	}
	if err == nil {
		err = c.become()
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(sealFailed)
}

func (c cell) become() error {
	if os.Geteuid() == 0 || os.Getuid() == 0 {
		return errors.New("still root")
	}
	_ = unix.Setpriority(unix.PRIO_PROCESS, 0, niceness)
	// The job may be longer than a pipe holds: it stands in a memory file.
	fd, err := unix.MemfdCreate("job", unix.MFD_CLOEXEC)
	if err != nil {
		return err
	}
	job := os.NewFile(uintptr(fd), "job")
	if _, err := job.Write(c.Job); err != nil {
		return err
	}
	if _, err := job.Seek(0, 0); err != nil {
		return err
	}
	if err := os.Chdir(c.Dir); err != nil {
		return fmt.Errorf("enter %s as %d: %s", strconv.Quote(c.Dir), c.UID, cause(err))
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("set no_new_privs: %w", err)
	}
	_ = onlyScratch()
	if err := unix.Dup3(fd, 0, 0); err != nil {
		return err
	}
	if err := unix.CloseRange(toldFD+1, ^uint(0), unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return fmt.Errorf("close what others opened: %w", err)
	}
	unix.Umask(0o077)
	if err := c.limit(); err != nil {
		return err
	}
	if err := sealCalls(); err != nil {
		return err
	}
	return fmt.Errorf("run %s: %s", strconv.Quote(c.Program), cause(syscall.Exec(c.Program, c.Argv, c.Env)))
}

// limit sets what the kernel counts; where we have less ourselves, that stays.
func (c cell) limit() error {
	for what, most := range map[int]uint64{
		unix.RLIMIT_CORE: coreLimit, unix.RLIMIT_FSIZE: 32 << 20, unix.RLIMIT_NOFILE: 1024, unix.RLIMIT_DATA: c.Memory,
		unix.RLIMIT_CPU: uint64(c.Seconds), unix.RLIMIT_MSGQUEUE: 0, unix.RLIMIT_NPROC: appProcesses,
		unix.RLIMIT_MEMLOCK: 64 << 10, unix.RLIMIT_SIGPENDING: 1024,
	} {
		var now unix.Rlimit
		if err := unix.Getrlimit(what, &now); err != nil {
			return fmt.Errorf("read a limit: %w", err)
		}
		most = min(most, now.Max)
		if err := unix.Setrlimit(what, &unix.Rlimit{Cur: most, Max: most}); err != nil {
			return fmt.Errorf("set a limit: %w", err)
		}
	}
	return nil
}
