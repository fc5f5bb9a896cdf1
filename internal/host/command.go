package host

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"assay/internal/regex"
	"assay/internal/tape"

	"golang.org/x/sys/unix"
)

const (
	maxOutput = 4 << 20
	maxStderr = 64 << 10
)

// arguments says what each row's one argument may look like. It never begins
// with "-", and no shell sees it.
var arguments = map[string]*regex.Regex{
	"unit":          unitName,
	"journal":       unitName,
	"journal-after": unitName, "journal-systemd": unitName, "journal-deaths": unitName, "journal-workers": unitName,
	"exposure":      unitName,
	"fail2ban-jail": regex.New(`^[A-Za-z0-9_][A-Za-z0-9_.@:-]*$`),
	"nginx-test":    regex.New(`^/[A-Za-z0-9._/@+:,=~-]+$`),
}

var unitName = regex.New(`^[A-Za-z0-9:_.\\@][A-Za-z0-9:_.\\@-]*$`)

// maxArgument is what a unit's name may have, and more than a path needs. The
// expressions count nothing: each count makes compiling them slower.
const maxArgument = 255

// environment is all that a command gets: nothing of ours decides what it does.
var environment = []string{
	"LC_ALL=C", "TZ=UTC", "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
	"SYSTEMD_COLORS=0", "SYSTEMD_PAGER=", "NO_COLOR=1",
}

func (l *local) command(ctx context.Context, a tape.Ask) tape.Answer {
	row, ok := tape.CommandRow(a.Name)
	if !ok {
		return unseen("run "+short(a.Name), "not one of the commands that an audit may run")
	}
	argv, why := fill(row, a.Arg)
	deed := "run " + short(strings.Join(argv, " "))
	if why != "" {
		return unseen(deed, why)
	}
	if row.Root && !l.root {
		return hinted(unseen(deed, "it says something only to root"), sudo)
	}
	program, v := l.program(ctx, deed, row.Path)
	if program == "" {
		return v
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(row.Seconds)*time.Second)
	defer cancel()
	if row.Sealed {
		return l.sealed(ctx, deed, row, program, argv)
	}
	cmd := exec.CommandContext(ctx, program)
	cmd.Args = argv
	v = spoken(deed, run(ctx, deed, cmd))
	if strings.HasPrefix(row.Name, "journal") && v.Status == tape.Seen && v.Body == "" && !journalThere() {
		// journalctl 252 -o json says nothing and ends well where no journal is.
		return hinted(unseen(deed, "there is no journal that we may read"), l.sudoHint())
	}
	return v
}

func journalThere() bool {
	for _, dir := range []string{"/var/log/journal", "/run/log/journal"} {
		if found, _ := filepath.Glob(dir + "/*/*.journal"); len(found) > 0 {
			return true
		}
	}
	return false
}

func fill(row tape.Row, arg string) (argv []string, why string) {
	argv = slices.Clone(row.Argv)
	at := slices.Index(argv, "{}")
	if at < 0 {
		if arg != "" {
			why = "it takes no argument"
		}
		return argv, why
	}
	argv[at] = arg
	if re := arguments[row.Name]; re == nil || len(arg) > maxArgument || !re.MatchString(arg) {
		return argv, "not an argument that it may have"
	}
	return argv, ""
}

// program finds the program that a row means. As root it must be root's own,
// and so must be every folder on its way, links resolved: whoever could have
// put it there is root already.
func (l *local) program(ctx context.Context, deed string, paths []string) (string, tape.Answer) {
	for _, p := range paths {
		var real string
		v := l.read(ctx, func(r *reading) tape.Answer {
			s, err := r.walk(p, true)
			if err != nil {
				return l.failedRead(r, deed, err)
			}
			defer s.close()
			switch {
			case s.kind() != unix.S_IFREG:
				return unseen(deed, s.path+" is not a regular file")
			case r.root && (r.worn != nil || r.shared || s.st.Uid != 0 || s.st.Mode&0o022 != 0):
				return unseen(deed, "others than root can write "+s.path+" or a folder above it")
			case s.st.Mode&0o111 == 0:
				return absent()
			}
			real = s.path
			return tape.Answer{Status: tape.Seen}
		})
		if v.Status != tape.Absent {
			return real, v
		}
	}
	return "", absent()
}

// run runs a command in a process group of its own, which is killed at the
// time limit, and keeps a bounded part of what it says.
func run(ctx context.Context, deed string, cmd *exec.Cmd) tape.Answer {
	out, errs := &bounded{most: maxOutput}, &bounded{most: maxStderr}
	cmd.Stdout, cmd.Stderr = out, errs
	cmd.Env = environment
	cmd.Dir = "/"
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 200 * time.Millisecond
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return unseen(deed, "it did not end in time")
	case err == nil, errors.As(err, &exit) && exit.Exited():
	case errors.Is(err, os.ErrNotExist):
		return absent()
	default:
		return unseen(deed, cause(err))
	}
	return tape.Answer{
		Status: tape.Seen, Body: string(out.kept), Stderr: string(errs.kept),
		Exit: cmd.ProcessState.ExitCode(), Truncated: out.cut,
	}
}

// bounded keeps the beginning and lets the rest go by. It is no bytes.Buffer
// itself: io.Copy would fill that without asking Write.
type bounded struct {
	kept []byte
	most int
	cut  bool
}

func (b *bounded) Write(p []byte) (int, error) {
	keep := min(len(p), b.most-len(b.kept))
	b.cut = b.cut || keep < len(p)
	b.kept = append(b.kept, p[:keep]...)
	return len(p), nil
}

// spoken turns a program's own word that it could not look into an answer:
// its empty output would read as "there is nothing".
func spoken(deed string, v tape.Answer) tape.Answer {
	if v.Status != tape.Seen {
		return v
	}
	for _, s := range []struct{ says, why, hint string }{
		{"not been booted with systemd", "this host was not booted with systemd", ""},
		{"Failed to connect to bus", "systemd does not answer", ""},
		{"Failed to connect to system scope bus", "systemd does not answer", ""}, // systemd 257
		{"not seeing messages from other users", "the journal shows us only our own messages", sudo},
		{"insufficient permissions", "permission denied", sudo},
		{"No journal files were", "there is no journal", ""},
		{"without pattern matching support", "this journalctl cannot search", ""},
		{"Operation not permitted", "operation not permitted", sudo},
	} {
		if strings.Contains(v.Stderr, s.says) {
			return hinted(unseen(deed, s.why), s.hint)
		}
	}
	return v
}
