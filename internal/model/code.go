package model

import "assay/internal/fact"

// Code is the app's code on disk, as it would load now: what runs was loaded
// earlier.
type Code struct{ *AppServer }

// Node is the code's place, below the unit that starts it.
func (c Code) Node() Node { return c.CodeNode() }

// Codes are the apps that gunicorn would load.
func (d *Deployment) Codes() fact.Of[[]Code] {
	return fact.Then(d.Gunicorns(), func(list []*AppServer) []Code {
		var out []Code
		for _, s := range list {
			if !s.Idle {
				out = append(out, Code{s})
			}
		}
		return out
	})
}
