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
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0) // the first to go
	_ = unix.Setpriority(unix.PRIO_PROCESS, 0, 5)
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	// The job may be longer than a pipe holds: it stands in a memory file.
	fd, err := unix.MemfdCreate("job", unix.MFD_CLOEXEC)
	if err != nil {
		return err
	}
	_, _ = r.Close(), w.Close()
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
	unix.Umask(0o077)
	for what, most := range map[int]uint64{
		unix.RLIMIT_CORE: 0, unix.RLIMIT_FSIZE: 32 << 20, unix.RLIMIT_NOFILE: 1024, unix.RLIMIT_DATA: c.Memory,
		unix.RLIMIT_CPU: uint64(c.Seconds), unix.RLIMIT_MSGQUEUE: 0, unix.RLIMIT_NPROC: appProcesses,
	} {
		if err := unix.Setrlimit(what, &unix.Rlimit{Cur: most, Max: most}); err != nil {
			return fmt.Errorf("set a limit: %w", err)
		}
	}
	if err := sealCalls(); err != nil {
		return err
	}
	return fmt.Errorf("run %s: %s", strconv.Quote(c.Program), cause(syscall.Exec(c.Program, c.Argv, c.Env)))
}
