// Package remote looks at another host over SSH. It brings this program there
// once, by its hash, runs `assay collect`, and reads the recording that comes
// back; it is judged here. There is no second way to look at a host.
//
// The system's own ssh makes the connection, so the operator's configuration,
// agent, jump hosts and known hosts count as they do by hand. One connection
// and one command, /bin/sh, carry everything: visit.sh is the other end.
package remote

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"assay/internal/regex"
	"assay/internal/tape"
)

// Host is a host to be visited, and how.
type Host struct {
	Name    string        // as ssh takes it: an alias, user@host, ssh://user@host:port
	Exe     string        // this program
	Binary  string        // a program to bring in its place; may be empty
	Collect []string      // flags for assay collect
	Timeout time.Duration // for the connection, and for the visit itself
	NoSudo  bool          // look as the user who logs in
	Clean   bool          // leave nothing there

	// Password asks the operator; nil when there is no terminal to ask on.
	Password func(ctx context.Context, prompt string) (string, error)
	Doing    func(string) // hears what is under way
	Note     func(string) // hears what the operator should know beside the report
}

const (
	// bringTime bounds a slow line: 4 MB at some 10 kB/s.
	bringTime = 7 * time.Minute
	// grace is what a visit may take beyond its own limit: copying, sudo, packing.
	grace = 20 * time.Second
)

// Tape visits the host. An error is one line, and a hint after "\nhint: ".
func (h Host) Tape(ctx context.Context) (*tape.Tape, error) {
	t, err := h.visit(ctx)
	if err == nil {
		return t, nil
	}
	if ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	return nil, fmt.Errorf("visit %s: %w", h.Name, err)
}

func (h Host) visit(ctx context.Context) (*tape.Tape, error) {
	if len(h.Name) > 300 || !nameShape.MatchString(h.Name) {
		return nil, ErrName
	}
	w, err := h.dial(ctx)
	if err != nil {
		return nil, err
	}
	defer w.hangUp()
	t, err := h.look(w)
	if h.Clean && w.open {
		if e := w.clean(); err == nil {
			err = e
		}
	}
	if err != nil {
		return nil, w.explain(err)
	}
	return t, nil
}

// ErrName is a name that names no host.
var ErrName = errors.New("want what ssh takes: web-1, ann@web-1 or ssh://ann@web-1:2222")

// nameShape keeps what is no host away from ssh; "-o…" would be an option.
var nameShape = regex.New(`^[A-Za-z0-9_\[][A-Za-z0-9_.:@%/\[\]-]*$`)

// look is the visit once the line stands.
func (h Host) look(w *wire) (*tape.Tape, error) {
	who, err := h.greet(w)
	if err != nil {
		return nil, err
	}
	p, err := program(h.Exe, h.Binary, who)
	if err != nil {
		return nil, err
	}
	if err := h.bring(w, p); err != nil {
		return nil, err
	}
	h.Doing("looking at " + h.Name)
	return h.collect(w, who)
}

// guest is what the other end says of itself.
type guest struct{ os, machine, uid, user string }

func (h Host) greet(w *wire) (guest, error) {
	h.Doing("connecting to " + h.Name)
	// ssh says so itself on a terminal only (OpenSSH 9)
	touch := time.AfterFunc(3*time.Second, func() { h.Doing("connecting to " + h.Name + "; a security key would want its touch now") })
	w.within(h.Timeout)
	_, rest, err := w.expect("hello")
	touch.Stop()
	if err != nil {
		return guest{}, err
	}
	f := strings.Fields(rest)
	if len(f) != 4 {
		return guest{}, fmt.Errorf("its greeting is %q", rest)
	}
	if len(f[3]) > 64 || !userShape.MatchString(f[3]) {
		f[3] = "the user"
	}
	return guest{f[0], f[1], f[2], f[3]}, nil
}

var userShape = regex.New(`^[A-Za-z0-9._@\\-]+$`)

// bring puts the program there unless it is there already.
func (h Host) bring(w *wire, p binary) error {
	w.within(h.Timeout)
	w.send("%s %d\n", p.sum, len(p.bytes))
	verb, _, err := w.expect("have", "need")
	if err != nil || verb == "have" {
		return err
	}
	h.Doing("bringing assay to " + h.Name)
	packed, err := p.pack()
	if err != nil {
		return err
	}
	w.within(bringTime)
	w.send("%d\n%s", len(packed), packed)
	_, _, err = w.expect("have")
	return err
}
