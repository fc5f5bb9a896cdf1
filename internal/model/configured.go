package model

import (
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/tape"
)

// fromUnits adds the services that would run an app server and have no process.
func (b *builder) fromUnits(have []*AppServer) []*AppServer {
	units := map[string][]string{}
	loaded, state := b.f.Services().Look(&b.notes)
	if state == fact.IsUnknown {
		b.blind(b.lastWhy())
	}
	seen := map[string]bool{}
	for _, p := range loaded {
		seen[p["Id"]] = true
		for _, c := range p.Commands() {
			if serverKind(c) != "" {
				units[p["Id"]] = c
			}
		}
	}
	files, state := b.f.UnitFiles().Look(&b.notes)
	if state == fact.IsUnknown {
		b.blind(b.lastWhy())
	}
	for _, file := range files {
		name := path.Base(file)
		if strings.Contains(name, "@.") { // a template is no unit
			continue
		}
		var n fact.Notes
		text, s := b.f.File(file).Look(&n)
		if s == fact.IsKnown && !seen[name] && mentionsServer(text) {
			units[name] = []string{file}
		}
		// A masked unit is a link to /dev/null; nothing but a regular file is one
		// that systemd would load.
		if s == fact.IsUnknown && !seen[name] && !strings.HasSuffix(n.Why().Text, ": not a regular file") {
			b.blind(n.Why())
		}
	}
	for _, name := range sortedKeys(units) {
		if !slices.ContainsFunc(have, func(s *AppServer) bool { return s.unitName == name }) {
			if s := b.configured(name); s != nil {
				have = append(have, s)
			}
		}
	}
	return have
}

// configured is the app server of a unit that has no process.
func (b *builder) configured(name string) *AppServer {
	s := &AppServer{unitName: name, Unit: b.unit(name)}
	procs := b.f.Procs()
	s.Master = fact.Bind(procs, func([]Process) fact.Of[Process] {
		return fact.Absent[Process](fact.Source{Where: "processes", Text: "none belongs to " + name, Ask: tape.Ask{Kind: tape.KindProcs}})
	})
	s.Workers = fact.Then(procs, func([]Process) []Process { return nil })
	s.Listens = fact.Bind(procs, func([]Process) fact.Of[[]*Listener] { return fact.Known[[]*Listener](nil) })
	var n fact.Notes
	u, state := s.Unit.Look(&n)
	if state != fact.IsKnown {
		s.Kind = "gunicorn"
		s.User, s.Cwd = fact.Unknown[User](n.Why()), fact.Unknown[string](n.Why())
		return s
	}
	s.Argv = u.argv()
	s.Kind = serverKind(s.Argv)
	if s.Kind == "" {
		return nil
	}
	s.User = b.user(u.userOrRoot())
	s.Cwd = fact.Known(u.folder(), fact.Source{Where: "systemctl show " + name, Text: "WorkingDirectory=" + u.WorkingDir})
	s.Idle = !u.Running() && u.Active != "failed" && u.Active != "activating" && (u.File == "disabled" || u.File == "masked" || u.File == "static" || u.File == "") && !u.SocketLive && !u.SocketBoot
	return s
}

// argv is what the unit would run: its file's words, or what systemd has loaded.
func (u *Unit) argv() []string {
	var n fact.Notes
	if t, s := u.Files.Look(&n); s == fact.IsKnown {
		for _, c := range t.Exec {
			if serverKind(c.Argv) != "" {
				return c.Argv
			}
		}
	}
	for _, c := range u.Loaded {
		if serverKind(c) != "" {
			return c
		}
	}
	return nil
}

func (u *Unit) userOrRoot() string {
	if u.User == "" {
		return "root"
	}
	return u.User
}

// folder is the working directory; systemd's default for a system service is /.
func (u *Unit) folder() string {
	if u.WorkingDir == "" {
		return "/"
	}
	return u.WorkingDir
}
