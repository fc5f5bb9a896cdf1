package host

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"assay/internal/tape"

	"golang.org/x/sys/unix"
)

// The names under which our own program is started for the two steps into the
// sandbox: the first as root, in namespaces of its own (sandbox_child.go), the
// second as the service's user (jail.go).
const (
	sandboxName = "assay-sandbox"
	jailName    = "assay-jail"
)

// Bounds of one probe.
const (
	appSeconds   = 20
	appMemory    = 768 << 20 // of all its processes together
	appProcesses = 256       // threads count
	appResult    = 8 << 20
	appSaid      = 32 << 10 // of its standard error
)

// niceness of what runs in there: of each process, and of all together where
// the scheduler shares the time among sessions (sched(7), autogroup).
const niceness = 5

// cell is what the first step reads from its standard input, which stays open:
// when it ends, we are gone, and the sandbox goes too.
type cell struct {
	Enter   int    // the process whose view of the disk it is; 0: ours
	Started uint64 // when that began: its number is used again
	UID     int
	GID     int
	Groups  []int
	Dir     string
	Program string
	Argv    []string
	Env     []string
	Memory  uint64
	Seconds int
	Job     json.RawMessage
}

// prisoner is what came of a run.
type prisoner struct {
	lines  []json.RawMessage // what the probe told
	stderr string
	cut    bool   // it told more than is kept
	ended  string // why it ended, when it did not end by itself
	exit   int
}

// fate is the first step's own word, on a descriptor of its own.
type fate struct {
	Seal   string // the sandbox could not be had
	Ended  string // "the memory limit", ...
	Exit   int
	Signal string
}

// imprison runs a program in the sandbox. The error says why there is none.
func imprison(ctx context.Context, c cell) (prisoner, error) {
	var p prisoner
	ctx, cancel := context.WithTimeout(ctx, time.Duration(c.Seconds+2)*time.Second)
	defer cancel()
	job, err := json.Marshal(c)
	if err != nil {
		return p, err
	}
	cmd := exec.CommandContext(ctx, "/proc/self/exe")
	cmd.Args = []string{sandboxName}
	cmd.Env = []string{"GOMAXPROCS=2", "GOGC=off"}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS,
		Setsid:     true,
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		return p, err
	}
	said := &ending{most: appSaid}
	cmd.Stdout, cmd.Stderr = said, said
	told, toldIn, err := os.Pipe()
	if err != nil {
		return p, err
	}
	defer told.Close()
	end, endIn, err := os.Pipe()
	if err != nil {
		return p, err
	}
	defer end.Close()
	cmd.ExtraFiles = []*os.File{toldIn, endIn}
	cmd.WaitDelay = 300 * time.Millisecond
	err = cmd.Start()
	toldIn.Close()
	endIn.Close()
	if err != nil {
		if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EINVAL) {
			return p, fmt.Errorf("make namespaces: %s", cause(err))
		}
		return p, err
	}
	var wg sync.WaitGroup
	var result, last []byte
	wg.Go(func() { result, p.cut = readMost(told, appResult) })
	wg.Go(func() { last, _ = readMost(end, 4<<10) })
	_, _ = in.Write(append(job, '\n'))
	gone, waited := wait(cmd, time.Duration(c.Seconds)*time.Second+4*time.Second)
	told.SetReadDeadline(time.Now().Add(time.Second))
	end.SetReadDeadline(time.Now().Add(time.Second))
	wg.Wait()
	if !gone {
		p.ended = "it waits for a disk that does not answer, and cannot be ended"
		return p, nil
	}
	p.stderr = said.text()
	for line := range bytes.SplitSeq(result, []byte("\n")) {
		if json.Valid(line) {
			p.lines = append(p.lines, json.RawMessage(line))
		}
	}
	var f fate
	switch {
	case ctx.Err() != nil:
		p.ended = fmt.Sprintf("it was still busy after %d seconds", c.Seconds)
	case json.Unmarshal(last, &f) != nil:
		return p, fmt.Errorf("the sandbox ended early: %v %s", waited, strings.TrimSpace(p.stderr))
	case f.Seal == lastStep:
		why, _, _ := strings.Cut(strings.TrimSpace(p.stderr), "\n")
		return p, errors.New(short(why))
	case f.Seal != "":
		return p, errors.New(f.Seal)
	}
	if p.ended == "" {
		p.ended = f.Ended
	}
	if p.ended == "" && f.Signal != "" {
		p.ended = "it was ended by " + f.Signal
	}
	p.exit = f.Exit
	return p, nil
}

// wait waits for the first step, which is killed when its time is over, but not
// for ever: nothing ends a process that waits for a lost server's disk.
func wait(cmd *exec.Cmd, most time.Duration) (gone bool, err error) {
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }() // also closes its standard input
	select {
	case err = <-done:
		return true, err
	case <-time.After(most):
		return false, nil
	}
}

func readMost(r io.Reader, most int64) ([]byte, bool) {
	b, _ := io.ReadAll(io.LimitReader(r, most+1))
	cut := int64(len(b)) > most
	if cut {
		b = b[:most]
		_, _ = io.Copy(io.Discard, r) // whoever writes is not to wait for us
	}
	return b, cut
}

// ending keeps the end of what was written: the last words of a program are
// those that explain.
type ending struct {
	mu   sync.Mutex
	kept []byte
	most int
	cut  bool
}

func (e *ending) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := len(p)
	if n > e.most {
		p, e.cut = p[n-e.most:], true
	}
	e.kept = append(e.kept, p...)
	if over := len(e.kept) - e.most; over > 0 {
		e.kept, e.cut = append([]byte(nil), e.kept[over:]...), true
	}
	return n, nil
}

func (e *ending) text() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return string(e.kept)
}

// memoryFor leaves the host half of what it has free: the app's second copy
// must not make the kernel look for a victim.
func memoryFor() uint64 {
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) != nil {
		return appMemory
	}
	free := uint64(info.Freeram+info.Bufferram) * uint64(info.Unit)
	if known := available(); known > 0 {
		free = known
	}
	return min(appMemory, max(free/2, 64<<20))
}

// unsealed is the answer where there is no sandbox.
func unsealed(deed string, err error) tape.Answer {
	return hinted(unseen(deed, "no sandbox for it: "+err.Error()), "without a sandbox nothing of the app is run; what it would tell stays unknown")
}
