package host

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"assay/internal/regex"
	"assay/internal/tape"

	"golang.org/x/sys/unix"
)

// sealedName is our own program's name when it is started to run another one
// with the disk sealed; see Child.
const sealedName = "assay-sealed"

// sealFailed is the exit status, used by no program that we run, with which
// the child says that the seal did not hold and nothing was run.
const sealFailed = 119

// seal is what the child reads from its standard input.
type seal struct {
	Program string
	Argv    []string
	Env     []string
	Scratch []string
}

// sealed runs a program that could write so that it cannot: see sealed_child.go.
// The configuration that it is to judge must be root's own; a program that
// reads a configuration does what it says. Files that it includes are not
// looked at here: whoever asks has read them and knows their owners. Code
// that is no machine code (init_by_lua, perl_modules) the seal does not stop.
func (l *local) sealed(ctx context.Context, deed string, row tape.Row, program string, argv []string) tape.Answer {
	for _, arg := range argv[1:] {
		if !strings.HasPrefix(arg, "/") {
			continue
		}
		if v := l.rootsOwn(ctx, deed, arg); v.Status != tape.Seen {
			return v
		}
	}
	job, err := json.Marshal(seal{program, argv, environment, row.Scratch})
	if err != nil {
		return unseen(deed, err.Error())
	}
	cmd := exec.CommandContext(ctx, "/proc/self/exe")
	cmd.Args = []string{sealedName}
	cmd.Stdin = bytes.NewReader(job)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWIPC}
	v := run(ctx, deed, cmd)
	switch {
	case v.Status != tape.Seen:
		return v
	case v.Exit == sealFailed:
		return unseen(deed, "seal the disk: "+strings.TrimSpace(v.Stderr))
	case v.Exit != 0:
		if p := hiddenByUs(v.Stderr, row.Scratch); p != "" {
			return unseen(deed, fmt.Sprintf("it needs %s, which an audit hides from it", short(p)))
		}
	}
	return v
}

// rootsOwn refuses a file that others than root could have written.
func (l *local) rootsOwn(ctx context.Context, deed, path string) tape.Answer {
	return l.read(ctx, func(r *reading) tape.Answer {
		s, err := r.walk(path, true)
		if err != nil {
			return l.failedRead(r, deed, err)
		}
		defer s.close()
		if r.worn != nil || r.shared || s.st.Uid != 0 || s.st.Mode&0o022 != 0 {
			return unseen(deed, "others than root can write "+s.path+" or a folder above it")
		}
		return tape.Answer{Status: tape.Seen}
	})
}

var quotedPath = regex.New(`"(/[^"\n]*)"`)

// hiddenByUs finds a path in a program's complaint that it could not see
// because of the empty memory disks. A path whose folder is missing on the
// host as well is the program's true verdict.
func hiddenByUs(stderr string, scratch []string) string {
	for _, m := range quotedPath.FindAllStringSubmatch(stderr, 50) {
		p := filepath.Clean(m[1])
		for _, s := range append([]string{"/dev"}, scratch...) {
			if !strings.HasPrefix(p+"/", s+"/") {
				continue
			}
			if unix.Access(filepath.Dir(p), unix.F_OK) == nil {
				return p
			}
		}
	}
	return ""
}
