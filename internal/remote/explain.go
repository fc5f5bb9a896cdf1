package remote

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"assay/internal/regex"
)

// complaints are ssh's own words (OpenSSH 8 to 10) in the order in which they
// are the cause: where a jump host was refused, ssh says the cause first and
// "Connection closed by UNKNOWN port 65535" after it.
var complaints = []struct {
	re         *regex.Regex
	text, hint string // {} is the host, $1 what the expression caught
}{
	{regex.New(`REMOTE HOST IDENTIFICATION HAS CHANGED(?s:.*?)Offending \S+ key in (\S+)`),
		"its host key is not the one in $1", "if the host was built anew: ssh-keygen -R, then ssh {} once and compare the fingerprint; if not, someone may stand in between"},
	{regex.New(`REMOTE HOST IDENTIFICATION HAS CHANGED|[Hh]ost key for (\S+) has changed`),
		"its host key is not the one that is known", "if the host was built anew: ssh-keygen -R, then ssh {} once and compare the fingerprint; if not, someone may stand in between"},
	{regex.New(`host key is known for (\S+) and`),
		"the host key of $1 is not known", "ssh {} once, and compare the fingerprint before you say yes"},
	{regex.New(`REVOKED HOST KEY|revoked host key`), "its host key is revoked", ""},
	{regex.New(`Host key verification failed`), "its host key could not be verified", "ssh {} once, and compare the fingerprint before you say yes"},
	{regex.New(`Too many authentication failures`), "it was offered too many keys", "name the one for it in ~/.ssh/config: IdentityFile, with IdentitiesOnly yes"},
	{regex.New(`(\S+: Permission denied \([^)]*\))`), "$1",
		"assay uses keys and your agent, and asks for no password of ssh; ssh-add puts a key into the agent, ssh-add -l lists them"},
	{regex.New(`Could not resolve hostname (\S+):`), "no address is known for $1", "is it spelt as in ~/.ssh/config?"},
	{regex.New(`(port \d+: Connection refused)`), "$1", "does sshd run there, on that port?"},
	{regex.New(`(port \d+: (?:No route to host|Network is unreachable))`), "$1", ""},
	{regex.New(`(?:(port \d+: )?(?:Connection|Operation) timed out)`), "${1}timed out", "is the host up, and does its firewall let ssh through?"},
	{regex.New(`(.*[Bb]ad configuration.*|Bad owner or permissions on .*|.*terminating, \d+ bad configuration options.*)`), "$1", ""},
	{regex.New(`Timeout, server \S+ not responding`), "the connection was lost", ""},
	{regex.New(`(Unable to negotiate .*|kex_exchange_identification: .*)`), "$1", ""},
}

// explain finds the cause of an error: in what the other end told, or in what
// ssh said when it ended.
func (w *wire) explain(err error) error {
	if t, is := errors.AsType[told](err); is {
		return t.explain()
	}
	if !errors.Is(err, errLost) {
		return err
	}
	w.stop()
	w.wait()
	if cause := context.Cause(w.ctx); cause != nil {
		if s, is := errors.AsType[slow](cause); is {
			return fmt.Errorf("%w\nhint: does `ssh %s true` answer? --timeout gives it more", s, w.name)
		}
	}
	said := w.said.String()
	if e := complaint(said, w.name); e != nil {
		return e
	}
	if w.cmd.ProcessState != nil && w.cmd.ProcessState.ExitCode() == 255 {
		if s := lastLine(said); s != "" {
			return errors.New(s)
		}
	}
	if s := lastLine(said + "\n" + w.noise); s != "" && !w.greeted {
		return fmt.Errorf("its login shell does not run commands: %s", s)
	}
	return err
}

// complaint is the cause that ssh named, nil when it is none that we know.
func complaint(said, name string) error {
	for _, c := range complaints {
		m := c.re.FindStringSubmatchIndex(said)
		if m == nil {
			continue
		}
		text := string(c.re.ExpandString(nil, c.text, said, m))
		if c.hint != "" {
			text += "\nhint: " + strings.ReplaceAll(c.hint, "{}", name)
		}
		return errors.New(text)
	}
	return nil
}

func lastLine(s string) string {
	l := strings.Split(strings.TrimSpace(s), "\n")
	return strings.TrimSpace(l[len(l)-1])
}

// explain gives the other end's errors a hint.
func (e told) explain() error {
	kind, rest, _ := strings.Cut(e.what, " ")
	switch {
	case kind == "noexec":
		return fmt.Errorf("%s may not be run: its disk is mounted noexec\nhint: an account with sudo needs no such place", rest)
	case kind == "replaced":
		return fmt.Errorf("%s was replaced by another program while we looked\nhint: who else writes as this user there?", rest)
	case strings.HasSuffix(e.what, "No space left on device"), strings.HasSuffix(e.what, "Disk quota exceeded"):
		return fmt.Errorf("%s\nhint: assay needs some 15 MB there; df -h shows what is full", e.what)
	case strings.HasSuffix(e.what, "(noexec)"):
		return fmt.Errorf("%s\nhint: install assay into /usr/local/bin there, and allow it with the line of assay asks", e.what)
	}
	return errors.New(e.what)
}
