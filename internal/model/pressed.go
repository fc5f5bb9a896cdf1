package model

import (
	"slices"

	"assay/internal/fact"
	"assay/internal/tape"
)

// Pressed is a gunicorn with what it answered to us.
type Pressed struct {
	*AppServer
	Reply fact.Of[tape.HTTPReply]
	Fails bool          // visitors, or we at its own socket, got no page
	Doubt fact.Of[bool] // unknown: what visitors get was not seen
}

// Pressed is the app server when it is gunicorn, and how it answers.
func (d *Deployment) Pressed() fact.Of[[]Pressed] {
	return fact.Then(d.Gunicorns(), func(l []*AppServer) []Pressed {
		var out []Pressed
		for _, s := range l {
			p := Pressed{AppServer: s, Reply: fact.Absent[tape.HTTPReply](), Doubt: fact.Known(false)}
			var n fact.Notes
			d.Sites.Look(&n)
			for _, f := range d.met {
				f.Reply.Look(&n)
			}
			if n.Blind() {
				p.Doubt = fact.Unknown[bool](n.Why())
			}
			for _, sf := range d.surfaces {
				if sf.Direct {
					p.Reply = sf.Reply
					r, state := sf.Reply.Look(&fact.Notes{})
					p.Fails = p.Fails || state == fact.IsKnown && (r.Error != "" || r.Status >= 500)
				}
			}
			p.Fails = p.Fails || slices.ContainsFunc(d.met, (*Front).Fails)
			out = append(out, p)
		}
		return out
	})
}

// mute says that the app, asked at its own socket, gave no answer in time.
func (d *Deployment) mute() bool {
	return slices.ContainsFunc(d.surfaces, func(sf *Surface) bool {
		r, state := sf.Reply.Look(&fact.Notes{})
		return sf.Direct && state == fact.IsKnown && r.Class == "timeout"
	})
}
