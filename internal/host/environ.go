package host

import (
	"context"
	"fmt"
	"strconv"
	"strings"

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
	b, err := readProc(fmt.Sprintf("/proc/%d/environ", pid), tape.MaxFile+1)
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
