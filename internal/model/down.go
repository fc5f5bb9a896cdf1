package model

import (
	"time"

	"assay/internal/fact"
)

// begun is how long ago a process may have started that is gone again before
// the sockets are looked at.
const begun = 10 * time.Second

// Down says that nobody serves: there is no process, it dies over and over, or
// the one that was seen a moment ago holds no socket any more.
func (s *AppServer) Down(w fact.Witness) bool {
	master, up := s.Master.Look(w)
	if up == fact.IsAbsent {
		return true
	}
	if u, state := s.Unit.Look(w); state == fact.IsKnown && u.Looping() {
		return true
	}
	own, state := s.Listens.Look(w)
	return up == fact.IsKnown && state == fact.IsKnown && len(own) == 0 && s.Now.Sub(master.Start) < begun
}
