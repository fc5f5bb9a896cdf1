package model

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"time"

	"assay/internal/fact"
	"assay/internal/tape"
)

// CodeAge is what was written on the disk after the processes had loaded it.
type CodeAge struct {
	Loaders   []Process // the processes that loaded the app
	Old       []Process // those of them that began before the newest module was written
	Arbiter   bool      // the app was loaded once, before the workers were forked
	Written   []tape.Module
	Touched   []tape.Module // owner, mode or, with its time set back, content
	Templates []tape.Module // none where templates are looked at again for each page
	Conf      *tape.Module  // gunicorn's configuration
	ConfRead  time.Time     // when that was read, at the latest
}

// blur is how exactly the start of a process is known: the kernel tells the
// boot in whole seconds.
const blur = 2 * time.Second

// Age compares the app's files with the processes that run it. The workers'
// start is that of their code, since gunicorn's HUP makes new ones; with
// preload_app the arbiter has loaded it, and HUP does not load it again
// (gunicorn 20 to 23).
func (s *AppServer) Age(w fact.Witness, a *App, master Process) CodeAge {
	var g CodeAge
	workers, _ := s.Workers.Look(w)
	g.Loaders = workers
	if g.Arbiter = a.Preload(); g.Arbiter || len(workers) == 0 {
		g.Loaders = []Process{master}
	}
	first := slices.MinFunc(g.Loaders, byStart).Start
	last := slices.MaxFunc(g.Loaders, byStart).Start
	for _, m := range a.Modules {
		switch how := changed(m, first); {
		case a.ServerConf != nil && m.Path == a.ServerConf.Path:
			continue // gunicorn reads it in its own time
		case how == written:
			g.Written = append(g.Written, m)
		case how == touched:
			g.Touched = append(g.Touched, m)
		}
	}
	if len(a.Templates) > 0 && a.App.App != nil && !a.App.App.TemplatesReload {
		for _, m := range a.Templates {
			if changed(m, first) == written {
				g.Templates = append(g.Templates, m)
			}
		}
	}
	for _, list := range [][]tape.Module{g.Written, g.Touched, g.Templates} {
		slices.SortStableFunc(list, func(x, y tape.Module) int { return cmp.Compare(y.When(), x.When()) })
	}
	g.Old = g.Loaders
	if len(g.Written) > 0 {
		g.Old = slices.DeleteFunc(slices.Clone(g.Loaders), func(p Process) bool { return changed(g.Written[0], p.Start) != written })
	}
	s.confAge(w, a, &g, master, last)
	return g
}

func byStart(x, y Process) int { return x.Start.Compare(y.Start) }

// confAge: gunicorn reads its configuration when it starts and at HUP. A HUP
// shows in the unit's state or, sent by hand, in workers that are all new.
func (s *AppServer) confAge(w fact.Witness, a *App, g *CodeAge, master Process, last time.Time) {
	u, state := s.Unit.Look(w)
	if a.ServerConf == nil || state == fact.IsUnknown {
		return
	}
	g.ConfRead = master.Start
	if state == fact.IsKnown && u.Since.After(g.ConfRead) {
		g.ConfRead = u.Since
	}
	if !g.Arbiter && last.After(g.ConfRead) {
		g.ConfRead = last
	}
	if changed(*a.ServerConf, g.ConfRead) == written {
		g.Conf = a.ServerConf
	}
}

const (
	asBefore = iota
	touched
	written
)

// changed says what became of a file since a moment. A file that was put there
// later with an older time (rsync -a, tar) was made later; one whose owner or
// mode changed was not, and where Python had compiled just this source before,
// its content is the same.
func changed(m tape.Module, since time.Time) int {
	after := func(t float64) bool {
		return t > 0 && time.Unix(0, int64(t*1e9)).After(since.Add(blur))
	}
	switch {
	case after(m.MTime):
		return written
	case m.Compiled > 0 && m.Compiled < m.CTime:
		return asBefore
	case after(m.Born):
		return written
	case after(m.CTime):
		return touched
	}
	return asBefore
}

// Names are files as a person says them, the newest first, at most three.
func (a *App) Names(list []tape.Module) []string {
	var out []string
	for _, m := range list {
		if len(out) == 3 {
			break
		}
		name := strings.TrimPrefix(m.Path, strings.TrimSuffix(a.Cwd, "/")+"/")
		if a.Cwd == "/" || a.Cwd == "" {
			name = path.Base(m.Path)
		}
		out = append(out, name)
	}
	return out
}
