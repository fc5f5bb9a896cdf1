package remote

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"assay/internal/tape"
)

const (
	maxLine  = 8 << 10
	maxNoise = 1 << 20
	maxTape  = 64 << 20 // unpacked; the largest seen is below 2 MiB
)

// wire is one visit's connection: lines there, lines and recordings back.
type wire struct {
	name    string
	word    string // with which the other end's lines begin
	dir     string // of ssh's configuration
	cmd     *exec.Cmd
	ctx     context.Context
	cancel  context.CancelCauseFunc
	in      io.WriteCloser
	out     *bufio.Reader
	said    *tail
	noise   string // the last line that was not for us
	open    bool   // the other end listens
	greeted bool
	once    sync.Once
	timer   *time.Timer
}

// slow ends a visit whose other end keeps silent.
type slow struct{ limit time.Duration }

func (e slow) Error() string { return "no answer within " + e.limit.String() }

// within gives the next answer its time.
func (w *wire) within(d time.Duration) {
	w.stop()
	w.timer = time.AfterFunc(d, func() { w.cancel(slow{d}) })
}

func (w *wire) stop() {
	if w.timer != nil {
		w.timer.Stop()
	}
}

// send never fails: where nobody reads, the next answer says why.
func (w *wire) send(format string, args ...any) { _, _ = fmt.Fprintf(w.in, format, args...) }

// told is what the other end says went wrong there.
type told struct{ what string }

func (e told) Error() string { return e.what }

// unread is a recording that is none of ours.
type unread struct{ error }

var errLost = errors.New("the connection was lost in the middle of the visit")

// next is the other end's next line, the noise of its shell left out.
func (w *wire) next() (verb, rest string, err error) {
	for noise := 0; noise < maxNoise; {
		line, err := w.out.ReadSlice('\n')
		noise += len(line)
		if rest, ours := strings.CutPrefix(string(line), w.word+" "); ours && err == nil {
			verb, rest, _ := strings.Cut(strings.TrimSuffix(rest, "\n"), " ")
			if verb == "error" {
				w.open = false
				return "", "", told{rest}
			}
			w.greeted = true
			return verb, rest, nil
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			w.open = false
			return "", "", errLost
		}
		if s := strings.TrimSpace(string(line)); s != "" {
			w.noise = s
		}
	}
	return "", "", errors.New("its login shell writes without end")
}

// expect is the next line, which must be one of these.
func (w *wire) expect(verbs ...string) (verb, rest string, err error) {
	verb, rest, err = w.next()
	if err == nil && !slices.Contains(verbs, verb) {
		err = fmt.Errorf("it answers %q", verb)
	}
	return verb, rest, err
}

// recording reads the recording that follows the line "tape".
func (w *wire) recording() (*tape.Tape, error) {
	z, err := gzip.NewReader(w.out)
	if err != nil {
		w.open = false
		return nil, errLost
	}
	z.Multistream(false)
	all, err := io.ReadAll(io.LimitReader(z, maxTape+1))
	if err != nil {
		w.open = false
		return nil, errLost
	}
	if len(all) > maxTape {
		w.open = false
		return nil, fmt.Errorf("its recording is longer than %d MiB", maxTape>>20)
	}
	if what, ill := bytes.CutPrefix(all, []byte(w.word+" error ")); ill {
		return nil, told{strings.TrimSpace(string(what))}
	}
	at := bytes.LastIndex(all, []byte(w.word+" end "))
	if at < 0 {
		return nil, errLost // a recording without its end
	}
	code, said, _ := strings.Cut(strings.TrimSpace(string(all[at+len(w.word+" end "):])), " ")
	if code != "0" {
		return nil, fmt.Errorf("assay collect ended there with %s: %s", code, strings.TrimPrefix(said, "assay: "))
	}
	t, err := tape.Read(bytes.NewReader(all[:at]))
	if err != nil {
		return nil, unread{err}
	}
	return t, nil
}

func (w *wire) clean() error {
	w.within(grace)
	w.send("clean\n")
	_, _, err := w.expect("cleaned")
	return err
}
