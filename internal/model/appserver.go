package model

import (
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/tape"
)

// Subject is the app server's deployment.
func (s *AppServer) Subject() string { return s.Name }

// Node is the running app server.
func (s *AppServer) Node() Node { return Node("app:" + s.Name) }

// Gunicorn says that gunicorn's own rules apply.
func (s *AppServer) Gunicorn() bool { return s.Kind == "gunicorn" }

// appServers finds every app server: running, or only configured as a unit.
func (b *builder) appServers() []*AppServer {
	var out []*AppServer
	procs, state := b.f.Procs().Look(&b.notes)
	if state == fact.IsUnknown {
		b.blind(b.lastWhy())
	}
	for _, p := range procs {
		if k := b.kindOf(p); k != "" && !b.sameKindParent(procs, p, k) {
			out = append(out, b.running(p, k, procs))
		}
	}
	out = b.fromUnits(out)
	for _, s := range out {
		s.Now = b.m.Machine.Now
		b.loadApp(s)
		b.readGunicorn(s)
		s.EnvGaps = b.envLoaded(s)
		if u, state := s.Unit.Look(&b.notes); state == fact.IsKnown {
			u.Gaps = s.EnvGaps
		}
		b.f.Leaf(func() { s.Stores = b.storesOf(s) })
		b.f.Leaf(func() { s.Uploads = b.uploads(s) })
		b.f.Leaf(func() { b.keeps(s) })
		b.f.Leaf(func() { s.pickles = b.pickleFolders(s) })
		b.f.Leaf(func() { s.appLogs = b.logsOf(s) })
	}
	return out
}

// heldBy are the listeners that a process holds.
func (b *builder) heldBy(pids ...Process) []*Listener {
	all, _ := b.sockets().Look(&b.notes)
	var out []*Listener
	for _, l := range all {
		held, _ := l.Holders.Look(&b.notes)
		if slices.ContainsFunc(held, func(h Process) bool {
			return slices.ContainsFunc(pids, func(p Process) bool { return p.PID == h.PID })
		}) {
			out = append(out, l)
		}
	}
	return out
}

// running is the app server of a live master process.
func (b *builder) running(p Process, kind string, procs []Process) *AppServer {
	src := facts.ProcSource(p)
	s := &AppServer{Kind: kind, Master: fact.Known(p, src), Argv: p.Args}
	workers := children(procs, p.PID)
	s.Workers = fact.Known(workers, src)
	s.User = fact.Known(User{Name: b.userName(p.UID), UID: p.UID, GID: p.GID, Groups: p.Groups}, src)
	for _, w := range workers { // a master that is root drops to its user in the workers
		if p.UID == 0 && w.UID != 0 {
			s.User = fact.Known(User{Name: b.userName(w.UID), UID: w.UID, GID: w.GID, Groups: w.Groups}, facts.ProcSource(w))
		}
	}
	s.Cwd = fact.Known(p.Cwd, fact.Source{Where: src.Where, Text: "working directory " + p.Cwd, Ask: src.Ask})
	if p.Cwd == "" {
		s.Cwd = fact.Unknown[string](fact.Why{Text: "read the working directory of " + src.Where + ": permission denied", Hint: "run with sudo", Ask: src.Ask})
	}
	s.Listens = fact.Bind(b.sockets(), func(all []*Listener) fact.Of[[]*Listener] { return b.listens(all, append(workers, p)) })
	s.Container = container(p)
	name := serviceOf(p.Cgroup)
	if name == "" || s.Container != "" {
		s.Unit = fact.Absent[*Unit](fact.Source{Where: src.Where, Text: "control group " + p.Cgroup, Ask: src.Ask})
		return s
	}
	s.unitName = name
	s.Unit = fact.Bind(b.unit(name), func(u *Unit) fact.Of[*Unit] {
		if u.MainPID != p.PID && !runsServer(u.Loaded) { // supervisor.service and the like
			return fact.Absent[*Unit](fact.Source{Where: src.Where, Text: "started by " + name + ", which does not name it"})
		}
		u.CwdGone = strings.HasSuffix(p.Cwd, " (deleted)")
		return fact.Known(u)
	})
	return s
}

// listens are the sockets of an app server; unknown when some socket's holders
// could not be read and none of the known ones is its own.
func (b *builder) listens(all []*Listener, procs []Process) fact.Of[[]*Listener] {
	out := b.heldBy(procs...)
	if len(out) > 0 {
		return fact.Known(out)
	}
	for _, l := range all {
		var n fact.Notes
		if _, state := l.Holders.Look(&n); state == fact.IsUnknown && l.stream() {
			return fact.Unknown[[]*Listener](n.Why())
		}
	}
	return fact.Known(out, fact.Source{Where: "listening sockets", Text: "the app server holds none", Ask: tape.Ask{Kind: tape.KindSockets}})
}

// blind notes a place of discovery that could not be read, once.
func (b *builder) blind(why fact.Why) {
	if !slices.Contains(b.m.Blind, why) {
		b.m.Blind = append(b.m.Blind, why)
	}
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
