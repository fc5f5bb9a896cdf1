package host

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"assay/internal/tape"
)

// maxVariables of one process: each that is a secret is looked for in every
// answer, so that tens of thousands would keep us busy for a minute.
const maxVariables = 2000

// environ reads the environment that a process was started with.
func (l *local) environ(ctx context.Context, a tape.Ask) tape.Answer {
	deed := "read the environment of process " + short(a.Name)
	pid, err := strconv.Atoi(a.Name)
	if err != nil || pid <= 0 || strconv.Itoa(pid) != a.Name {
		return unseen(deed, "not a process id")
	}
	b, err := readEnviron(a.Name, tape.MaxFile+1)
	if err != nil {
		return l.failed(deed, err)
	}
	more := len(b) > tape.MaxFile
	out, ok := splitEnviron(string(b[:min(len(b), tape.MaxFile)]))
	if !ok {
		return unseen(deed, "the process has written its title over it")
	}
	if len(out) > maxVariables {
		return unseen(deed, fmt.Sprintf("it holds more than %d variables", maxVariables))
	}
	v := tape.Encode(out)
	v.Truncated = more
	return v
}

// readEnviron reads a process's environment, most bytes of it. While the kernel is
// starting a program, it shows neither environment nor arguments; for that moment
// we wait, since an empty environment is an answer, too.
func readEnviron(pid string, most int) ([]byte, error) {
	for tries := 0; ; tries++ {
		args, _ := readProc("/proc/"+pid+"/cmdline", 1)
		env, err := readProc("/proc/"+pid+"/environ", most)
		if err != nil || len(env) > 0 || tries == 10 || tries > 0 && len(args) > 0 {
			return env, err
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// splitEnviron: nginx, and gunicorn with setproctitle, use the place of the
// environment for their title; what is left there begins with no NAME=, and
// would read as an environment without variables.
func splitEnviron(s string) ([]string, bool) {
	out := []string{}
	for _, row := range strings.Split(strings.TrimRight(s, "\x00"), "\x00") {
		if strings.IndexByte(row, '=') > 0 {
			out = append(out, row)
		} else if len(out) == 0 && s != "" {
			return nil, false
		}
	}
	return out, true
}
