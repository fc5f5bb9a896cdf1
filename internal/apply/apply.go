// Package apply changes a host, and is the only one that does. What it will
// touch is written into a journal first, as it is; then the files change, the
// formats' own validators are asked, units take it in, and every check is heard
// again. It is kept only if it cured what it should and made nothing worse; else
// all of it is taken back, in reverse. Whatever cuts it off, the journal says how
// to go on, and how to go back.
package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"assay/internal/host"
	"assay/internal/plan"
	"assay/internal/report"
)

// Job is one change of a host.
type Job struct {
	Host host.Writer
	Dir  string                                       // of the journal; Dir where ""
	By   string                                       // who asks for it
	Look func(context.Context) (report.Report, error) // judges every check anew
	Tell func(string)                                 // hears what is done, a sentence each; may be nil
}

// Outcome is how a change ended.
type Outcome struct {
	Entry  *Entry
	State  State
	Why    error            // why it was taken back
	Undo   error            // why it could not be taken back; of what is kept, why it stays
	Before report.Report    // what the plan stood on
	After  report.Report    // the last look
	Worse  []report.Finding // that made us take it back
	Uncure []report.Finding // that it should have cured
	Stays  []string         // what an undo leaves: installed packages, say

	refused string // the unit that did not take it in
}

func (j Job) tell(format string, args ...any) {
	if j.Tell != nil {
		j.Tell(fmt.Sprintf(format, args...))
	}
}

func (j Job) dir() string {
	if j.Dir != "" {
		return j.Dir
	}
	return Dir
}

// Run carries out a plan that was made from the report before. An error means
// that nothing was changed.
func (j Job) Run(ctx context.Context, p plan.Plan, before report.Report) (Outcome, error) {
	release, err := lock(j.dir())
	if err != nil {
		return Outcome{}, err
	}
	defer release()
	if e, err := Unfinished(j.dir()); err != nil {
		return Outcome{}, err
	} else if e != nil {
		return Outcome{}, fmt.Errorf("change %d %s", e.ID, e.unended())
	}
	prune(j.dir(), time.Now())
	before = renamed(before, p.Renames)
	e, staged := &Entry{Plan: p}, false
	if len(p.Parts) == 0 {
		if e, err = prepare(ctx, j.Host, p); err != nil {
			return Outcome{}, err
		}
		e.ready = 1
		if staged, err = j.stage(ctx, e); err != nil {
			return Outcome{}, fmt.Errorf("%w; nothing was changed", err)
		}
	}
	for _, t := range e.Plan.Tests {
		if j.Host.Test(ctx, t.Name, t.Arg) != nil {
			e.Refused = append(e.Refused, t)
		}
	}
	e.Began, e.By = time.Now().UTC(), j.By
	for _, f := range before.Findings {
		e.Before = append(e.Before, f.Key)
	}
	if err := create(j.dir(), e); err != nil {
		return Outcome{}, fmt.Errorf("write the journal in %s: %w; nothing was changed", j.dir(), err)
	}
	return j.end(ctx, e, before, true, staged), nil
}

// stage lets the validators see the files as they will be, before they are. Where
// there is no staging, they are asked between the files and the units.
func (j Job) stage(ctx context.Context, e *Entry) (bool, error) {
	if len(e.Plan.Tests) == 0 {
		return true, nil
	}
	var s host.Staged
	for i, c := range e.Swaps {
		s.Swaps = append(s.Swaps, host.StagedSwap{Path: c.Path, Mark: fmt.Sprintf(".assay-%d", i), From: c.Before, To: c.After})
	}
	for _, t := range e.Plan.Tests {
		j.tell("%s", t.Words())
		s.Tests = append(s.Tests, host.Validator(t))
	}
	err := j.Host.Stage(ctx, s)
	if errors.Is(err, host.ErrNoStage) {
		return false, nil
	}
	return err == nil, err
}

// Resume ends a change that was cut off.
func (j Job) Resume(ctx context.Context, id int) (Outcome, error) {
	return j.again(ctx, id, func(e *Entry) error {
		if e.State != Open {
			return fmt.Errorf("change %d is %s, and not to be resumed\nhint: sudo assay undo %d", e.ID, e.State, e.ID)
		}
		return nil
	}, func(ctx context.Context, e *Entry) Outcome { return j.end(ctx, e, report.Report{}, false, false) })
}

// Undo takes a change back: one that was kept, or one that was cut off.
func (j Job) Undo(ctx context.Context, id int) (Outcome, error) {
	return j.again(ctx, id, func(e *Entry) error {
		switch e.State {
		case Undone:
			return fmt.Errorf("change %d is undone already", e.ID)
		case Kept:
			return j.untouched(e)
		}
		return nil
	}, func(ctx context.Context, e *Entry) Outcome { return j.back(ctx, e, Outcome{Entry: e}) })
}

func (j Job) again(ctx context.Context, id int, may func(*Entry) error, do func(context.Context, *Entry) Outcome) (Outcome, error) {
	release, err := lock(j.dir())
	if err != nil {
		return Outcome{}, err
	}
	defer release()
	all, err := History(j.dir())
	if err != nil {
		return Outcome{}, err
	}
	i := slices.IndexFunc(all, func(e *Entry) bool { return e.ID == id })
	if i < 0 {
		return Outcome{}, fmt.Errorf("there is no change %d\nhint: assay history lists them", id)
	}
	e := all[i]
	if err := e.load(); err != nil {
		return Outcome{}, err
	}
	if err := may(e); err != nil {
		return Outcome{}, err
	}
	return do(ctx, e), nil
}

// end goes on to the end of a plan, judges it, and keeps it or takes it back. A
// signal that stops us is no reason to stop in the middle.
func (j Job) end(ctx context.Context, e *Entry, before report.Report, knew, staged bool) Outcome {
	ctx = context.WithoutCancel(ctx)
	o := Outcome{Entry: e, Before: before}
	if o.Why = j.forward(ctx, e, staged, &o.refused); o.Why != nil {
		return j.back(ctx, e, o)
	}
	j.tell("look again")
	for wait := time.Second; ; wait *= 2 {
		var err error
		if o.After, err = j.Look(ctx); err != nil {
			o.Why = fmt.Errorf("look again: %w", err)
			return j.back(ctx, e, o)
		}
		if knew {
			o.Worse, o.Uncure = Compared(before, o.After, e.Plan.Cures)
		} else {
			o.Worse, o.Uncure = compared(e, o.After)
		}
		o.Worse = harms(e.Plan, o.Worse)
		if len(o.Worse)+len(o.Uncure) == 0 {
			break
		}
		if wait > 4*time.Second { // what has just started may need a moment
			o.Why = blame(o)
			return j.back(ctx, e, o)
		}
		time.Sleep(wait)
	}
	if err := e.say(line{State: Kept}); err != nil {
		o.Why = err
		return j.back(ctx, e, o)
	}
	o.State = Kept
	return o
}

func blame(o Outcome) error {
	var words []string
	for _, f := range o.Worse {
		words = append(words, "it made this worse: "+f.ID+": "+f.Summary)
	}
	for _, f := range o.Uncure {
		words = append(words, "it did not cure "+f.ID+": "+f.Summary)
	}
	return errors.New(strings.Join(words, "; "))
}

// forward does each step that is not done yet.
func (j Job) forward(ctx context.Context, e *Entry, staged bool, refused *string) error {
	for k := range e.Plan.Sections() {
		if k == e.ready {
			if err := j.extend(ctx, e); err != nil {
				return err
			}
		}
		if err := j.section(ctx, e, k, staged, refused); err != nil {
			return err
		}
	}
	return nil
}

func (j Job) section(ctx context.Context, e *Entry, k int, staged bool, refused *string) error {
	p := e.Plan.Sections()[k]
	if p.Say != "" {
		j.tell("%s", p.Say)
	}
	for i, s := range e.Swaps {
		if s.Part != k {
			continue
		}
		if err := e.say(line{Begin: &i}); err != nil {
			return err
		}
		j.tell("%s", swapping(s))
		if err := j.Host.Swap(s.Path, s.Mark, s.Before, s.After, i < e.Begun); err != nil {
			return err
		}
	}
	for _, t := range p.Tests {
		if staged {
			break
		}
		j.tell("%s", t.Words())
		if err := j.Host.Test(ctx, t.Name, t.Arg); err != nil {
			return err
		}
	}
	for i, s := range p.Steps {
		if s.Kind != plan.Unit && s.Kind != plan.Deed {
			continue
		}
		if err := e.say(line{Step: &i}); err != nil {
			return err
		}
		if s.Kind == plan.Deed {
			if err := j.deed(ctx, s); err != nil {
				return err
			}
			continue
		}
		j.tell("%s", strings.TrimSpace("systemctl "+s.Verb+" "+s.Unit))
		if err := j.Host.Systemctl(ctx, s.Verb, s.Unit); err != nil {
			*refused = s.Unit
			return err
		}
	}
	return nil
}
