package remote

import (
	"bufio"
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// configuration stands around the operator's own. The first value of an option
// wins, so what is above the includes is our law, also for jump hosts, to which
// ssh passes -F but no -o; what is below are defaults.
const configuration = `BatchMode yes
StrictHostKeyChecking yes
# the host may be hostile: it is given no agent, no display, no port
ForwardAgent no
ForwardX11 no
ClearAllForwardings yes
RemoteCommand none
RequestTTY no
LogLevel ERROR
VisualHostKey no
Include ~/.ssh/config
Include /etc/ssh/ssh_config
Match all
ConnectTimeout 20
ServerAliveInterval 10
ServerAliveCountMax 3
`

//go:embed visit.sh
var visitScript string

//go:embed root.sh
var rootScript string

// dial starts ssh, and the other end of the visit through it.
func (h Host) dial(ctx context.Context) (*wire, error) {
	ssh, err := exec.LookPath("ssh")
	if err != nil {
		return nil, errors.New("there is no ssh on this machine\nhint: sudo apt install openssh-client")
	}
	dir, err := os.MkdirTemp("", "assay-ssh-")
	if err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "config")
	if err := os.WriteFile(config, []byte(configuration), 0o600); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	w := &wire{name: h.Name, word: "assay-" + nonce(), dir: dir, open: true, said: &tail{}}
	script := "m=" + w.word + "\nroot='" + strings.ReplaceAll(bare(rootScript), "'", `'\''`) + "'\n" + bare(visitScript)
	// This one line is read alike by sh, csh, fish and whatever else logs in there.
	line := fmt.Sprintf(`exec /bin/sh -c 'eval "$(head -c %d)"'`, len(script))
	ctx, w.cancel = context.WithCancelCause(ctx)
	w.ctx = ctx
	w.cmd = exec.CommandContext(ctx, ssh, "-F", config, "-T", "--", h.Name, line)
	// A session of its own has no terminal: neither this ssh nor one that it
	// starts for a jump can ask whether an unknown key is to be trusted.
	w.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	w.cmd.Env = append(os.Environ(), "SSH_ASKPASS_REQUIRE=never")
	w.cmd.Cancel = func() error { return syscall.Kill(-w.cmd.Process.Pid, syscall.SIGTERM) }
	w.cmd.WaitDelay = 2 * time.Second
	w.cmd.Stderr = w.said
	in, err1 := w.cmd.StdinPipe()
	out, err2 := w.cmd.StdoutPipe()
	if err := errors.Join(err1, err2); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	w.in, w.out = in, bufio.NewReaderSize(out, maxLine)
	if err := w.cmd.Start(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	w.send("%s", script)
	return w, nil
}

// bare is a script without its comments, which sudo would log.
func bare(script string) string {
	var b strings.Builder
	for l := range strings.Lines(script) {
		if l = strings.TrimLeft(l, " "); l != "\n" && !strings.HasPrefix(l, "#") {
			b.WriteString(l)
		}
	}
	return b.String()
}

func nonce() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails (Go 1.24)
	return hex.EncodeToString(b)
}

// hangUp ends ssh. The other end sees its input end, and goes home.
func (w *wire) hangUp() {
	w.stop()
	_ = w.in.Close()
	w.wait()
	w.cancel(nil)
	_ = os.RemoveAll(w.dir)
}

// wait gives ssh a moment to end by itself, once.
func (w *wire) wait() {
	w.once.Do(func() {
		w.open = false
		t := time.AfterFunc(3*time.Second, func() { w.cancel(nil) })
		defer t.Stop()
		_, _ = io.Copy(io.Discard, io.LimitReader(w.out, 1<<20))
		_ = w.cmd.Wait()
	})
}

// tail keeps the end of what ssh and the other end say on standard error.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const maxTail = 16 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p[max(0, len(p)-maxTail):]...)
	t.text = t.text[max(0, len(t.text)-maxTail):]
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
