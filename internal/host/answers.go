package host

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"assay/internal/tape"

	"golang.org/x/sys/unix"
)

const sudo = "run with sudo"

// unseen is the answer when something stood in the way: "read PATH", cause.
func unseen(deed, cause string) tape.Answer {
	return tape.Answer{Status: tape.Unseen, Why: deed + ": " + cause}
}

func hinted(a tape.Answer, hint string) tape.Answer {
	a.Hint = hint
	return a
}

// sudoHint is for answers that more rights may change.
func (l *local) sudoHint() string {
	if l.root {
		return ""
	}
	return sudo
}

func absent() tape.Answer { return tape.Answer{Status: tape.Absent} }

// stopped is the answer when the ask's time, or the visit's, was over.
func stopped(ctx context.Context, a tape.Ask) tape.Answer {
	if errors.Is(ctx.Err(), context.Canceled) {
		return unseen("see "+short(a.String()), "the visit was stopped")
	}
	return unseen("see "+short(a.String()), "no answer in time")
}

// failed turns what the kernel said about a path into an answer: nothing
// there is an answer of its own, all else means that we could not look.
func (l *local) failed(deed string, err error) tape.Answer {
	switch {
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENOTDIR), errors.Is(err, unix.ESRCH):
		return absent()
	case !l.root && (errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM)):
		return hinted(unseen(deed, cause(err)), sudo)
	}
	return unseen(deed, cause(err))
}

// cause is the kernel's own word without the path and the call around it,
// which the deed has named already.
func cause(err error) string {
	var no unix.Errno
	if errors.As(err, &no) {
		return no.Error()
	}
	return err.Error()
}

// badPath says why a path is none that we would look at; "" when it is fine.
func badPath(p string) string {
	switch {
	case p == "":
		return "the path is empty"
	case strings.ContainsRune(p, 0):
		return "the path has a NUL byte"
	case p[0] != '/':
		return "not an absolute path"
	case len(p) > unix.PathMax:
		return fmt.Sprintf("the path has %d bytes; the kernel takes %d", len(p), unix.PathMax)
	}
	return ""
}

// short quotes what may be huge or hold control bytes.
func short(s string) string {
	if len(s) > 200 {
		s = s[:200] + "..."
	}
	for _, r := range s {
		if r < ' ' || r == utf8.RuneError || r == 0x7f {
			return fmt.Sprintf("%q", s)
		}
	}
	return s
}

// valid gives invalid UTF-8 the spelling that JSON gives it (one U+FFFD a
// byte), so that an audit of the host and one of its tape read the same text.
func valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}
