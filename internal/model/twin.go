package model

import "assay/internal/fact"

// twin says that another server runs the same app from the same folder: a spare
// one, or one for each colour of a release. What they share, they share by design.
func (s *AppServer) twin(o *AppServer, w fact.Witness) bool {
	a, as := s.Chdir.Look(w)
	b, bs := o.Chdir.Look(w)
	return as == fact.IsKnown && bs == fact.IsKnown && a == b && s.App == o.App
}
