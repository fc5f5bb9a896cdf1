package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"assay/internal/host"
	"assay/internal/plan"
)

// part is what a section of a plan was worked out to be, once those before it
// were done.
type part struct {
	Swaps []Swap `json:"swaps"`
	Units []Was  `json:"units"`
	Deeds []Did  `json:"deeds"`
}

func partName(k int) string { return fmt.Sprintf("part-%d.json", k) }

// parts reads those that were worked out. A plan without parts is worked out as
// the entry is made.
func (e *Entry) parts() error {
	if len(e.Plan.Parts) == 0 {
		e.ready = 1
		return nil
	}
	for e.ready < len(e.Plan.Parts) {
		name := filepath.Join(e.dir, partName(e.ready))
		b, err := os.ReadFile(name)
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		var p part
		if err := json.Unmarshal(b, &p); err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		e.take(p)
	}
	return nil
}

func (e *Entry) take(p part) {
	e.Swaps, e.Deeds = append(e.Swaps, p.Swaps...), append(e.Deeds, p.Deeds...)
	for _, w := range p.Units { // as it was before all of them
		if !slices.ContainsFunc(e.Units, func(o Was) bool { return o.Unit == w.Unit }) {
			e.Units = append(e.Units, w)
		}
	}
	e.ready++
}

// extend works the next section out and writes that down before any of it is done.
func (j Job) extend(ctx context.Context, e *Entry) error {
	k := e.ready
	made, err := prepare(ctx, j.Host, e.Plan.Parts[k])
	if err != nil {
		return err
	}
	p := part{Swaps: made.Swaps, Units: made.Units, Deeds: made.Deeds}
	for i := range p.Swaps {
		p.Swaps[i].Part = k
	}
	for i := range p.Deeds {
		p.Deeds[i].Part = k
	}
	e.Plan.Parts[k].Tests = made.Plan.Tests
	n := len(e.Swaps)
	e.take(p)
	if err := e.bodies(n); err != nil {
		return err
	}
	p.Swaps = e.Swaps[n:] // with their marks
	return e.whole(partName(k), p)
}

// swapping says what is done to a path.
func swapping(s Swap) string {
	switch {
	case s.Before.Kind == host.Nothing:
		return "make " + s.Path
	case s.After.Kind == host.Nothing:
		return "take " + s.Path + " away"
	}
	return "change " + s.Path
}

// deed does one that is not done yet.
func (j Job) deed(ctx context.Context, s plan.Step) error {
	done, err := j.Host.Done(ctx, s.Deed, s.Args)
	if done || err != nil {
		return err
	}
	j.tell("%s", s.Say)
	return j.Host.Do(ctx, s.Deed, s.Args)
}

// undeed takes the deeds of a section back, the last one first, and says what
// stays of them.
func (j Job) undeed(ctx context.Context, e *Entry, k int) (stays []string, faults []error) {
	section := e.Plan.Sections()[k]
	for _, d := range slices.Backward(e.Deeds) {
		if d.Part != k || d.Was {
			continue
		}
		s := section.Steps[d.Step]
		if s.Traceless() {
			continue
		}
		left, err := j.Host.Undo(ctx, s.Deed, s.Args)
		switch {
		case err != nil:
			faults = append(faults, err)
		case left != "":
			stays = append(stays, left)
		default:
			j.tell("undone: %s", s.Say)
		}
	}
	return stays, faults
}

// vanish stops units that did not run before, while the files by which they run are
// still there: what these made, a folder in /run, goes with them.
func (j Job) vanish(ctx context.Context, e *Entry) []error {
	var faults []error
	for _, w := range slices.Backward(e.Units) {
		if w.up() {
			continue
		}
		now, err := was(ctx, j.Host, w.Unit)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		for _, v := range []struct {
			verb string
			need bool
		}{{"stop", now.State != "inactive" && now.State != "failed"}, {"disable", w.Missing && now.Enabled == "enabled"}, {"reset-failed", w.Missing && now.State == "failed"}} {
			if !v.need {
				continue
			}
			j.tell("systemctl %s %s", v.verb, w.Unit)
			if err := j.Host.Systemctl(ctx, v.verb, w.Unit); err != nil && v.verb != "reset-failed" {
				faults = append(faults, err)
			}
		}
	}
	return faults
}

// putBack undoes the swaps of a section. A folder that has come to hold what the
// plan did not put there stays, and is said.
func (j Job) putBack(e *Entry, k int) (stays []string, faults []error) {
	for _, s := range slices.Backward(e.Swaps) {
		if s.Part != k {
			continue
		}
		j.tell("put %s back", s.Path)
		err := j.Host.Swap(s.Path, s.Mark, s.After, s.Before, true)
		switch {
		case errors.Is(err, host.ErrHolds) && s.After.Kind == host.FolderHere:
			stays = append(stays, s.Path+", since it holds what was put there meanwhile")
		case err != nil:
			faults = append(faults, err)
		}
	}
	return stays, faults
}
