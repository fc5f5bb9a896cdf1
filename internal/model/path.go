package model

import "assay/internal/fact"

// HopState is what the model itself can say of a hop; checks may say worse.
type HopState string

// The states of a hop.
const (
	HopOK      HopState = "ok"
	HopUnknown HopState = "unknown"
	HopBroken  HopState = "broken"
	HopNone    HopState = "none"
)

// Hop is one step of the way of a request, in words.
type Hop struct {
	Stage Stage
	Label string
	State HopState
	Text  string
}

// Process is one process.
type Process = struct{ PID int }

// Names are the names that the deployment is served under.
func (d *Deployment) Names() []string { return nil }

// Hops is the way of a request through the deployment.
func (d *Deployment) Hops() []Hop { return nil }

// Uses says whether the deployment's way stands on a node of the host.
func (d *Deployment) Uses(n Node) bool { return false }

// UnitName is the unit that runs the app, "" when none is known.
func (s *AppServer) UnitName() string {
	var n fact.Notes
	if u, ok := s.Unit.Look(&n); ok == fact.IsKnown {
		return u.Name
	}
	return ""
}

// Nginx is the proxy.
type Nginx struct{}

// Site is a server block.
type Site struct{}

// Store is a database.
type Store struct{}

// Surface is one address at which HTTP was asked.
type Surface struct{}
