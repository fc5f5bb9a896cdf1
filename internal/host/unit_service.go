package host

import (
	"context"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/model"
	"assay/internal/tape"
)

// serviceOfUnit reads how a unit starts its program, by the same asks and rules
// as an audit does. The second result says why it could not.
func serviceOfUnit(ctx context.Context, l *local, name string) (model.Service, string) {
	t := &tape.Tape{}
	for range 12 {
		f := facts.Grow(t)
		got := model.ServiceOf(f, name)
		asks := f.Wants()
		if len(asks) == 0 {
			var n fact.Notes
			s, state := got.Look(&n)
			switch state {
			case fact.IsUnknown:
				return s, n.Why().Text
			case fact.IsAbsent:
				return s, "the unit " + name + " has no file"
			}
			return s, ""
		}
		for _, a := range asks {
			t.Put(a, l.alone(ctx, a))
		}
	}
	return model.Service{}, "the unit " + name + " leads ever further"
}
