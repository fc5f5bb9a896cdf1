package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"assay/internal/host"
	"assay/internal/plan"
)

// back takes everything back in reverse: the files, then the units, which are
// brought to where they were and take in the files as they were. It goes on where
// one thing cannot be taken back, and says so.
func (j Job) back(ctx context.Context, e *Entry, o Outcome) Outcome {
	ctx = context.WithoutCancel(ctx)
	why := ""
	if o.Why != nil {
		why = o.Why.Error()
	}
	var faults []error
	if err := e.say(line{State: Undoing, Why: why}); err != nil {
		faults = append(faults, err) // a full disk is no reason not to go back
	}
	faults = append(faults, j.vanish(ctx, e)...)
	for k := e.ready - 1; k >= 0; k-- {
		left, wrong := j.undeed(ctx, e, k)
		if err := errors.Join(wrong...); errors.Is(err, host.ErrStands) {
			return j.stand(e, o, err)
		}
		o.Stays, faults = append(o.Stays, left...), append(faults, wrong...)
		left, wrong = j.putBack(e, k)
		o.Stays, faults = append(o.Stays, left...), append(faults, wrong...)
	}
	if len(e.Units) > 0 || slices.ContainsFunc(e.Plan.All(), func(s plan.Step) bool { return s.Verb == "daemon-reload" }) {
		faults = append(faults, j.units(ctx, e, o.refused)...)
	}
	o.Undo = errors.Join(faults...)
	o.State = Undone
	if o.Undo != nil {
		o.State = Stuck
		why = strings.ReplaceAll(o.Undo.Error(), "\n", "; ")
	}
	if err := e.say(line{State: o.State, Why: why}); err != nil {
		o.State, o.Undo = Stuck, errors.Join(o.Undo, err)
	}
	return o
}

// stand keeps a change whose way back is closed at its first step: what it put in
// the place of something else is better than nothing there.
func (j Job) stand(e *Entry, o Outcome, why error) Outcome {
	o.State, o.Undo = Kept, why
	if err := e.say(line{State: Kept, Why: why.Error()}); err != nil {
		o.State, o.Undo = Stuck, errors.Join(why, err)
	}
	return o
}

// untouched says that everything which a kept change touched is as it left it, so
// that all of it can be taken back, or nothing is.
func (j Job) untouched(e *Entry) error {
	last := map[string]Swap{}
	for _, s := range e.Swaps {
		last[s.Path] = s
	}
	for name, s := range last {
		now, _, err := j.Host.Look(name, false)
		if err != nil {
			return err
		}
		if !now.Same(s.After) && !now.Same(s.Before) {
			return fmt.Errorf("take change %d back: %s was changed since\nhint: if by a later change of assay (assay history), take that back first; as it was before, the file lies in %s",
				e.ID, name, e.dir)
		}
	}
	return nil
}

// units brings each unit that the plan touched to where it was. The one that
// refused to take the new files in has the old ones still.
func (j Job) units(ctx context.Context, e *Entry, refused string) []error {
	var faults []error
	do := func(verb, unit string) {
		j.tell("%s", strings.TrimSpace("systemctl "+verb+" "+unit))
		if err := j.Host.Systemctl(ctx, verb, unit); err != nil {
			faults = append(faults, err)
		}
	}
	if slices.ContainsFunc(e.Plan.All(), func(s plan.Step) bool { return s.Verb == "daemon-reload" }) {
		do("daemon-reload", "")
	}
	for _, s := range e.Plan.All() { // what others have to be without while they change
		if s.Verb == "stop" {
			do("stop", s.Unit)
		}
	}
	for _, w := range slices.Backward(e.Units) {
		if w.Missing {
			continue
		}
		now, err := was(ctx, j.Host, w.Unit)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		verb := touched(e.Plan, w.Unit)
		switch {
		case w.up() && !now.up():
			do("start", w.Unit)
		case w.up() && (now.refused || e.refusedBefore(w.Unit)):
			j.tell("%s goes on with what it has: it refuses its files as they were", w.Unit)
		case w.up() && verb == "restart":
			j.tell("systemctl restart %s", w.Unit)
			if err := j.Host.Systemctl(ctx, verb, w.Unit); err != nil && j.revive(ctx, e, w.Unit) != nil {
				faults = append(faults, err)
			}
		case w.up() && verb != "" && w.Unit != refused:
			do(verb, w.Unit)
		case w.State == "activating":
			// It failed and was started again and again, and so it shall: that it
			// fails is nothing that we do.
			j.tell("systemctl restart %s", w.Unit)
			_ = j.Host.Systemctl(ctx, "restart", w.Unit)
		case !w.up() && (now.up() || now.State == "activating"):
			do("stop", w.Unit)
		}
		if now.Enabled != w.Enabled {
			switch w.Enabled {
			case "enabled":
				do("enable", w.Unit)
			case "disabled":
				do("disable", w.Unit)
			case "masked":
				do("mask", w.Unit)
			default:
				faults = append(faults, fmt.Errorf("%s was %q, and is %q", w.Unit, w.Enabled, now.Enabled))
			}
		}
	}
	return faults
}

// revive starts a unit that ran before and does not start with its files as they
// were: nobody had restarted it since they broke. It is started with the plan's
// files once more, which then are put back, and runs on as it did.
func (j Job) revive(ctx context.Context, e *Entry, unit string) error {
	if len(e.Plan.Parts) > 0 {
		return errors.New("it stands on more than files")
	}
	for _, s := range e.Swaps {
		if err := j.Host.Swap(s.Path, s.Mark, s.Before, s.After, true); err != nil {
			return err
		}
	}
	faults := []error{j.Host.Systemctl(ctx, "daemon-reload", ""), j.Host.Systemctl(ctx, "reset-failed", unit), j.Host.Systemctl(ctx, "start", unit)}
	for _, s := range slices.Backward(e.Swaps) {
		faults = append(faults, j.Host.Swap(s.Path, s.Mark, s.After, s.Before, true))
	}
	faults = append(faults, j.Host.Systemctl(ctx, "daemon-reload", ""))
	if err := errors.Join(faults...); err != nil {
		return err
	}
	j.tell("%s does not start with its files as they were: it runs on with those of the change, as it ran on with older ones before", unit)
	return nil
}

// refusedBefore says that a unit would not take in its files as they were.
func (e *Entry) refusedBefore(unit string) bool {
	return slices.ContainsFunc(e.Refused, func(t plan.Test) bool {
		about, _, _ := strings.Cut(t.Arg, " ")
		return about == unit || t.Name == "nginx-test" && unit == "nginx.service"
	})
}

// touched is the verb by which a running unit took the plan's files in, and takes
// in the old ones again.
func touched(p plan.Plan, unit string) string {
	for _, s := range p.All() {
		if s.Unit == unit && slices.Contains([]string{"restart", "reload", "reload-or-restart"}, s.Verb) {
			return s.Verb
		}
	}
	return ""
}
