package model

import (
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/syntax/envfile"
	syntax "assay/internal/syntax/unit"
)

// Subject is the unit's name.
func (u *Unit) Subject() string { return u.Name }

// Node is the unit's state.
func (u *Unit) Node() Node { return Node("unit:" + u.Name) }

// ExecNode is what the unit needs to start: program, folder, user, environment.
func (u *Unit) ExecNode() Node { return u.Node() + "/exec" }

// RunsGunicorn says that its program is gunicorn.
func (u *Unit) RunsGunicorn() bool { return serverKind(u.argv()) == "gunicorn" }

// Running says that systemd holds it for running or started by need.
func (u *Unit) Running() bool {
	return u.Active == "active" || u.Active == "reloading"
}

// Starters is to be called before a unit is blamed for not being started: what
// starts it (a socket, a target) may be what could not be seen.
func (u *Unit) Starters(w fact.Witness) {
	for _, why := range u.unseen {
		w.Missed(why, true)
	}
}

// AtBoot says that it, or a socket that starts it, comes up with the machine.
func (u *Unit) AtBoot() bool { return u.Boot || u.SocketBoot }

// reached are targets that every boot of a server passes.
var reached = []string{"multi-user.target", "graphical.target", "default.target", "basic.target", "sysinit.target",
	"network-online.target", "network.target", "sockets.target", "timers.target"}

// atBoot says that systemd starts a unit with the machine: its own word for
// it, or a unit that pulls it in and comes up itself. "enabled-runtime" is gone
// after a reboot, and "linked" pulls nothing in.
func (b *builder) atBoot(u *Unit, p facts.Props, depth int) bool {
	switch p["UnitFileState"] {
	case "enabled", "generated", "alias", "indirect":
		return true
	}
	for _, w := range strings.Fields(p["WantedBy"] + " " + p["RequiredBy"]) {
		if slices.Contains(reached, w) && p["UnitFileState"] != "enabled-runtime" {
			return true
		}
		var n fact.Notes
		if depth == 0 || slices.Contains(reached, w) {
			continue
		}
		up, state := b.f.Unit(w).Look(&n)
		if state == fact.IsKnown && b.atBoot(u, up, depth-1) {
			return true
		}
		u.unseen = append(u.unseen, n.Whys...)
	}
	return false
}

// unit reads one service: as loaded, and its files on disk.
func (b *builder) unit(name string) fact.Of[*Unit] {
	if u, ok := b.units[name]; ok {
		return u
	}
	u := fact.Bind(b.f.Unit(name), func(p facts.Props) fact.Of[*Unit] { return fact.Known(b.readUnit(name, p)) })
	b.units[name] = u
	return u
}

func (b *builder) readUnit(name string, p facts.Props) *Unit {
	u := &Unit{Now: b.m.Machine.Now, Name: name, Load: p["LoadState"], LoadError: p["LoadError"], Active: p["ActiveState"], Sub: p["SubState"], Result: p["Result"],
		ExitStatus: p.Int("ExecMainStatus"), Signalled: p["ExecMainCode"] == "2" || p["ExecMainCode"] == "3", File: p["UnitFileState"], Restarts: p.Int("NRestarts"), Fragment: p["FragmentPath"],
		DropIns: strings.Fields(p["DropInPaths"]), MainPID: p.Int("MainPID"), Since: p.Time("StateChangeTimestamp"), Up: p.Time("ActiveEnterTimestamp"),
		Triggers: strings.Fields(p["TriggeredBy"]), Reload: p["NeedDaemonReload"] == "yes", WorkingDir: p["WorkingDirectory"],
		Source: facts.UnitSource(name, p), User: p["User"], Group: p["Group"], Supplementary: strings.Fields(p["SupplementaryGroups"]), Oneshot: p["Type"] == "oneshot", Again: p["Restart"], Dynamic: p["DynamicUser"] == "yes", Root: p["RootDirectory"], Loaded: p.Commands(), props: p}
	u.WorkingDir = strings.TrimPrefix(strings.TrimPrefix(u.WorkingDir, "!"), "-")
	for _, t := range u.Triggers {
		if !strings.HasSuffix(t, ".socket") {
			continue
		}
		var n fact.Notes
		if s, state := b.f.Unit(t).Look(&n); state == fact.IsKnown {
			u.SocketLive = u.SocketLive || s["ActiveState"] == "active"
			u.SocketBoot = u.SocketBoot || b.atBoot(u, s, 2)
			u.listens = append(u.listens, socketAddresses(s["Listen"])...)
		}
		u.unseen = append(u.unseen, n.Whys...)
	}
	u.Boot = b.atBoot(u, p, 2)
	u.Files = b.unitFiles(u)
	if !u.Running() || serverKind(u.argv()) != "" {
		u.Journal = b.journal(name)
	}
	u.Warnings = fact.Absent[[]facts.Entry]()
	if u.Fallen() && u.Load == "loaded" && serverKind(u.argv()) != "" {
		b.f.Leaf(func() { u.Warnings = b.f.Warnings(name) })
	}
	b.f.Leaf(func() { u.Context = b.execContext(u) })
	b.m.Needs[u.Node()] = []Node{u.ExecNode()}
	return u
}

// unitFiles merges the fragment with its drop-ins as they are on disk.
func (b *builder) unitFiles(u *Unit) fact.Of[UnitText] {
	if u.Fragment == "" {
		return fact.Absent[UnitText](fact.Source{Where: "systemctl show " + u.Name, Text: "FragmentPath is empty"})
	}
	return fact.Bind(b.f.File(u.Fragment), func(text string) fact.Of[UnitText] {
		main := syntax.Parse(u.Fragment, text)
		var drops []syntax.File
		for _, d := range syntax.DropinOrder(u.DropIns) {
			var n fact.Notes
			t, state := b.f.File(d).Look(&n)
			if state == fact.IsUnknown {
				return fact.Unknown[UnitText](n.Why())
			}
			drops = append(drops, syntax.Parse(d, t))
		}
		return fact.Known(b.unitText(u.Name, syntax.Merge(main, drops...)))
	})
}

// UnitText is what a unit's files say, effective values with their lines.
type UnitText struct {
	syntax.Unit
	Exec    []syntax.Command
	ExecErr string
	Env     map[string]EnvValue
	// EnvHidden: an environment file could not be read, so a variable that is
	// not in Env may still be set.
	EnvHidden []fact.Why
}

func (b *builder) unitText(name string, m syntax.Unit) UnitText {
	t := UnitText{Unit: m, Env: map[string]EnvValue{}}
	names := syntax.Names{Unit: name, Host: b.m.Machine.Hostname}
	for _, s := range m.All("Service", "ExecStart") {
		c, err := syntax.Commands(s, names)
		if err != nil {
			t.ExecErr = err.Error()
		}
		t.Exec = append(t.Exec, c...)
	}
	for _, s := range m.All("Service", "Environment") {
		pairs, _, _ := syntax.Environment(s, names)
		for _, p := range pairs {
			t.Env[p.Name] = EnvValue{Value: p.Value, File: s.File, Line: s.Line, Written: b.line(s.File, s.Line)}
		}
	}
	for _, s := range m.All("Service", "EnvironmentFile") {
		path, _ := syntax.EnvironmentFile(s, names)
		files := []string{path}
		var n fact.Notes
		if strings.ContainsAny(path, "*?[") {
			files, _ = b.f.Glob(path).Look(&n)
		}
		for _, file := range files {
			text, _ := b.f.File(file).Look(&n)
			for _, e := range envfile.Parse(file, text).Entries {
				t.Env[e.Name] = EnvValue{Value: e.Value, File: file, Line: e.Line, Written: b.line(file, e.Line)}
			}
		}
		t.EnvHidden = append(t.EnvHidden, n.Whys...)
	}
	return t
}

// line is a line of a file that was read.
func (b *builder) line(file string, n int) string {
	text, _ := b.f.File(file).Look(&b.notes)
	if lines := strings.Split(text, "\n"); n > 0 && n <= len(lines) {
		return lines[n-1]
	}
	return ""
}

// RuntimeDirs are the folders under /run that systemd makes for the unit at
// each start, with its user, its group and RuntimeDirectoryMode.
func (t UnitText) RuntimeDirs() []string {
	var out []string
	for _, s := range t.All("Service", "RuntimeDirectory") {
		for _, name := range strings.Fields(s.Value) {
			out = append(out, "/run/"+name)
		}
	}
	return out
}

// SettingSource is where a unit's files set a key, for evidence.
func (t UnitText) SettingSource(key string) (fact.Source, bool) {
	s, ok := t.Last("Service", key)
	if !ok {
		return fact.Source{}, false
	}
	return fact.Source{Where: s.File, Line: s.Line, Text: s.Key + "=" + s.Value}, true
}

// serviceOf is the unit in a cgroup path: the last element that is a service.
// One below user@1000.service is that user's own, whatever it is called: the
// system's manager does not know it.
func serviceOf(cgroup string) string {
	parts := strings.Split(cgroup, "/")
	if slices.ContainsFunc(parts, func(p string) bool { return strings.HasPrefix(p, "user@") }) {
		return ""
	}
	slices.Reverse(parts)
	for _, p := range parts {
		if strings.HasSuffix(p, ".service") {
			return unescapeCgroup(p)
		}
	}
	return ""
}

// unescapeCgroup drops the "_" that systemd puts before names the kernel would
// take for its own files (cg_escape).
func unescapeCgroup(p string) string {
	return strings.TrimPrefix(p, "_")
}
