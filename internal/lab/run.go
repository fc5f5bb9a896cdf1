package lab

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// ScriptError is a script that ran and did not end well.
type ScriptError struct {
	Where  string // the host, or its visitor
	Code   int
	Stderr string
}

func (e *ScriptError) Error() string {
	return fmt.Sprintf("run script on %s: exit code %d%s", e.Where, e.Code, quote(e.Stderr))
}

// eval reads the whole script before it runs any of it, and takes stdin away:
// else a command of the script that reads stdin would eat the rest of it.
const eval = `script=$(cat); exec </dev/null; eval "$script"`

// clean is the environment of every script: none of this machine's.
var clean = []string{
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"HOME=/root", "LANG=C.UTF-8", "TERM=dumb", "LC_ALL=C.UTF-8",
}

// Run runs a bash script (-euo pipefail) inside the host as root and returns
// what it wrote to stdout. A script that fails gives a *ScriptError.
func (h *Host) Run(ctx context.Context, script string) (string, error) {
	return h.inside(ctx, script, "bash", "-euo", "pipefail", "-c", eval)
}

// RunAs runs a bash script inside the host as another user, with that user's
// groups and nothing of root's environment.
func (h *Host) RunAs(ctx context.Context, user, script string) (string, error) {
	return h.inside(ctx, script, "setpriv", "--reuid", user, "--regid", user, "--init-groups", "--reset-env",
		"env", "LC_ALL=C.UTF-8", "bash", "-euo", "pipefail", "-c", eval)
}

func (h *Host) inside(ctx context.Context, script string, command ...string) (string, error) {
	cmd, err := h.Command(ctx, command...)
	if err != nil {
		return "", err
	}
	return finish(cmd, script, h.Name)
}

// Command prepares a command inside the host, for callers that want its
// streams; it runs as root in / with a clean environment.
func (h *Host) Command(ctx context.Context, command ...string) (*exec.Cmd, error) {
	pid := h.PID()
	if pid == 0 {
		return nil, fmt.Errorf("enter %s: it is off", h.Name)
	}
	args := append([]string{"--target", strconv.Itoa(pid), "--all", "--"}, command...)
	cmd := exec.CommandContext(ctx, "nsenter", args...)
	cmd.Env = clean
	return cmd, nil
}

// Visitor runs a bash script (-euo pipefail) with this machine's programs in
// the visitor's network: its DNS, its address, and the lab's CA trusted by
// curl, openssl and Go.
func (h *Host) Visitor(ctx context.Context, script string) (string, error) {
	cmd, err := h.VisitorCommand(ctx, "bash", "-euo", "pipefail", "-c", eval)
	if err != nil {
		return "", err
	}
	return finish(cmd, script, "the visitor of "+h.Name)
}

// VisitorCommand prepares a command on the visitor's side.
func (h *Host) VisitorCommand(ctx context.Context, command ...string) (*exec.Cmd, error) {
	if _, err := authority(); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "ip", append([]string{"netns", "exec", h.netns(visitor)}, command...)...)
	cmd.Env = append(append([]string{}, clean...),
		"SSL_CERT_FILE="+h.CAFile(), "CURL_CA_BUNDLE="+h.CAFile())
	return cmd, nil
}

// Put copies a file of this machine into the host.
func (h *Host) Put(ctx context.Context, localPath, hostPath string, mode os.FileMode) error {
	f, err := os.Open(localPath)
	if err != nil {
		return err
	}
	defer f.Close()
	return h.PutFrom(ctx, f, hostPath, mode)
}

// PutFrom writes what r holds to a file of the host. It goes through the host's
// own view: a link in the path leads to where it leads there.
func (h *Host) PutFrom(ctx context.Context, r io.Reader, hostPath string, mode os.FileMode) error {
	cmd, err := h.Command(ctx, "install", "-D", "-m", fmt.Sprintf("%o", mode.Perm()), "/dev/stdin", hostPath)
	if err != nil {
		return err
	}
	cmd.Stdin = r
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("put %s on %s: %w%s", hostPath, h.Name, err, quote(string(out)))
	}
	return nil
}

// finish runs a prepared command with the script on its stdin.
func finish(cmd *exec.Cmd, script, where string) (string, error) {
	var out, stderr bytes.Buffer
	cmd.Stdin = strings.NewReader(script)
	cmd.Stdout, cmd.Stderr = &out, &stderr
	err := cmd.Run()
	if exit, ok := err.(*exec.ExitError); ok {
		err = &ScriptError{Where: where, Code: exit.ExitCode(), Stderr: stderr.String()}
	}
	return out.String(), err
}
