package model

import (
	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/tape"
)

// keeps asks what is only judged: nothing else of the model waits for it.
func (b *builder) keeps(s *AppServer) {
	s.folder, s.lost = fact.Absent[*SocketFolder](), fact.Absent[[]facts.Entry]()
	s.memory, s.output = fact.Absent[tape.Memory](), fact.Absent[OutputFile]()
	if s.Container != "" || s.Idle {
		return
	}
	s.sockets = b.unixSockets(s)
	if s.Gunicorn() {
		s.folder = b.socketFolder(s)
		s.memory, s.output = b.memoryOf(s), b.outputOf(s)
	}
	b.interpreters(s)
	u, state := s.Unit.Look(&b.notes)
	if state != fact.IsKnown || u.Load != "loaded" {
		return
	}
	if s.Gunicorn() {
		s.lost = b.workersLost(s, u)
	}
	u.exposure = b.f.Exposure(u.Name)
	u.deaths = b.f.Deaths(u.Name)
}

// interpreters are the programs that the service's processes run, with the
// capabilities that their files give to everybody who runs them.
func (b *builder) interpreters(s *AppServer) {
	seen := map[string]bool{}
	add := func(exe string) {
		if exe != "" && !seen[exe] && len(seen) < 4 {
			seen[exe] = true
			s.caps = append(s.caps, b.f.Caps(exe))
		}
	}
	if m, up := s.Master.Look(&b.notes); up == fact.IsKnown {
		add(m.Exe)
	}
	workers, _ := s.Workers.Look(&b.notes)
	for _, w := range workers {
		add(w.Exe)
	}
	if u, state := s.Unit.Look(&b.notes); state == fact.IsKnown && u.Context.Interpreter != "" {
		st, known := b.f.Stat(u.Context.Interpreter, false).Look(&b.notes)
		if known == fact.IsKnown && st.Real != "" {
			add(st.Real)
		}
	}
}

// Interpreters are the programs that the service's processes run, each with
// what its file permits.
func (s *AppServer) Interpreters() []fact.Of[tape.Stat] { return s.caps }
