// Package lab boots throw-away Debian hosts on this machine: real systemd as
// PID 1, real nginx, gunicorn, PostgreSQL and Redis, each host in a network
// namespace of its own with a second namespace as its visitor's side. The demo
// and the tests break them and look at them.
//
// mmdebstrap makes one root per suite, overlayfs stacks the layers of a
// blueprint on it, systemd-nspawn boots the stack. Everything a host is made of
// stands in its folder in the cache, so any later process, also after this one
// was killed, can open it or take it down.
package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"time"
)

// Options says how a host is brought up.
type Options struct {
	Name string    // the host's name; empty: the blueprint's name and a number
	Log  io.Writer // what the lab does, in plain lines; nil: nothing is said
	Keep bool      // keep a host that did not settle, to look at it

	Program string // the assay of this machine that sets a blueprint's site up, where it has one set up
}

// Host is a booted host of the lab.
type Host struct {
	state
}

// Info is what List tells of a host.
type Info struct {
	Name      string
	Blueprint string
	PID       int // of the host's PID 1 on this machine; 0: it is off
	Created   time.Time
	Root      string
}

// nameShape keeps names fit for a file, a network namespace and a host name.
var nameShape = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,40}$`)

// Up boots a new host of the blueprint and returns when it has settled: systemd
// has started all it wants to start and the site, where the blueprint has one,
// answers the visitor. Roots and layers that are missing are built first.
func Up(ctx context.Context, blueprint string, opt Options) (*Host, error) {
	b, err := find(blueprint)
	if err != nil {
		return nil, err
	}
	if opt.Log == nil {
		opt.Log = io.Discard
	}
	lower, err := b.build(ctx, opt.Log)
	if err == nil && b.setup {
		lower, err = b.setUp(ctx, opt.Program, lower, opt.Log)
	}
	if err != nil {
		return nil, err
	}
	h, err := create(opt.Name, b, lower)
	if err != nil {
		return nil, err
	}
	if err := h.raise(ctx, b); err != nil {
		if !opt.Keep {
			err = errors.Join(err, h.Down(context.WithoutCancel(ctx)))
		}
		return nil, fmt.Errorf("boot %s: %w", h.Name, err)
	}
	return h, nil
}

// raise gives a created host its network, its certificates and its first boot.
func (h *Host) raise(ctx context.Context, b blueprint) error {
	if err := h.mount(); err != nil {
		return err
	}
	if err := h.identify(b); err != nil {
		return err
	}
	if err := h.connect(ctx); err != nil {
		return err
	}
	if err := h.surround(ctx, b); err != nil {
		return err
	}
	for _, c := range b.certs {
		if err := h.IssueCert(ctx, c); err != nil {
			return err
		}
	}
	return h.boot(ctx)
}

// surround gives a host its names, and what it has in reach.
func (h *Host) surround(ctx context.Context, b blueprint) error {
	if err := h.DNS(ctx, b.records()); err != nil || !b.fresh {
		return err
	}
	return h.serve(ctx)
}

// Open finds a host that was brought up before, by this process or another.
func Open(name string) (*Host, error) {
	if !nameShape.MatchString(name) {
		return nil, fmt.Errorf("open host %q: not a host's name", name)
	}
	h := &Host{}
	if err := h.read(name); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("open host %s: no such host", name)
		}
		return nil, fmt.Errorf("open host %s: %w", name, err)
	}
	return h, nil
}

// List tells of all hosts there are, also of those that were left behind.
func List() ([]Info, error) {
	dirs, err := filepath.Glob(filepath.Join(cacheDir(), "host", "*", "host.json"))
	if err != nil {
		return nil, err
	}
	var all []Info
	for _, d := range dirs {
		h, err := Open(filepath.Base(filepath.Dir(d)))
		if err != nil {
			continue // it was taken down while we looked
		}
		all = append(all, Info{h.Name, h.Blueprint, h.PID(), h.Created, h.Root()})
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Created.Before(all[j].Created) })
	return all, nil
}
