package model

import (
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	syntax "assay/internal/syntax/gunicorn"
)

// StaleUnit is a unit as three know it: its files, systemd, the process.
type StaleUnit struct {
	*Unit
	Server *AppServer
	// Differs are the settings that read otherwise in the files than in what
	// systemd has loaded.
	Differs []Difference
	Moves   bool // nginx is sent to an address that only the files name
}

// Difference is a setting with both its values.
type Difference struct {
	Key, Loaded, Disk string
	Source            fact.Source
}

// Node is below the unit's own.
func (x *StaleUnit) Node() Node { return x.StaleNode() }

// StaleNode is whether systemd knows the unit's files.
func (u *Unit) StaleNode() Node { return u.Node() + "/stale" }

// StaleUnits is the unit that runs the app.
func (d *Deployment) StaleUnits() fact.Of[[]*StaleUnit] {
	return fact.Then(d.Units(), func(l []*Unit) []*StaleUnit {
		var out []*StaleUnit
		for _, u := range l {
			x := &StaleUnit{Unit: u, Server: d.Server}
			if u.Load == "loaded" && u.Reload {
				x.Differs = u.differences()
				x.Moves = len(d.moved(u)) > 0
			}
			out = append(out, x)
		}
		return out
	})
}

// differences compares what of a unit both its files and systemd tell.
func (u *Unit) differences() []Difference {
	var n fact.Notes
	t, state := u.Files.Look(&n)
	if state != fact.IsKnown {
		return nil
	}
	var out []Difference
	add := func(key, loaded, disk string, src fact.Source) {
		if loaded != disk {
			out = append(out, Difference{key, loaded, disk, src})
		}
	}
	if len(t.Exec) > 0 && len(u.Loaded) > 0 {
		c := t.Exec[0]
		add("ExecStart", plainWords(u.Loaded[0]), plainWords(c.Argv),
			fact.Source{Where: c.File, Line: c.Line, Text: "ExecStart=" + strings.Join(c.Argv, " ")})
	}
	for _, s := range []struct{ key, loaded string }{{"User", u.User}, {"Group", u.Group}, {"WorkingDirectory", u.WorkingDir}} {
		disk, src := "", fact.Source{Where: u.Fragment, Text: s.key + "= is not set"}
		if v, set := t.Last("Service", s.key); set {
			disk, src = strings.TrimPrefix(v.Value, "-"), fact.Source{Where: v.File, Line: v.Line, Text: v.Key + "=" + v.Value}
		}
		if strings.ContainsAny(disk, "%~") { // as systemd resolves it
			continue
		}
		add(s.key, strings.TrimSuffix(s.loaded, "/"), strings.TrimSuffix(disk, "/"), src)
	}
	return out
}

// moved are the addresses to which nginx hands requests, where nobody listens,
// and that the unit's files name: its process still has those of before.
func (d *Deployment) moved(u *Unit) []*Upstream {
	var n fact.Notes
	t, state := u.Files.Look(&n)
	if state != fact.IsKnown || len(t.Exec) == 0 {
		return nil
	}
	v, told := syntax.ParseArgs(t.Exec[0].WithEnv(values(t.Env)), "").Get("bind")
	if !told {
		return nil
	}
	p := syntax.ParseBind(v.Text)
	bind := p.String()
	if p.Unix != "" && !path.IsAbs(p.Unix) {
		bind = "unix:" + path.Join(u.WorkingDir, p.Unix)
	}
	var out []*Upstream
	sites, _ := d.Sites.Look(&n)
	for _, s := range sites {
		for _, r := range s.Routes {
			for _, up := range r.Upstreams {
				if _, ls := up.Listener.Look(&n); ls == fact.IsAbsent && !up.Remote && SameAddr(bind, up.Addr) {
					out = append(out, up)
				}
			}
		}
	}
	return out
}

func (b *builder) staleEdges(d *Deployment, u *Unit) {
	b.m.Needs[u.Node()] = append(b.m.Needs[u.Node()], u.StaleNode())
	if !u.Reload {
		return
	}
	for _, up := range d.moved(u) {
		if !slices.Contains(b.m.Needs[up.Node()], u.StaleNode()) {
			b.m.Needs[up.Node()] = append(b.m.Needs[up.Node()], u.StaleNode())
		}
	}
}

// Outdated says that the process was started by another command line than the
// one that systemd has now, and gives both.
func (x *StaleUnit) Outdated(w fact.Witness) (runs, loaded string, differs bool) {
	master, state := x.Server.Master.Look(w)
	if state != fact.IsKnown || len(x.Loaded) == 0 || len(x.Loaded[0]) == 0 || !x.Running() || master.PID != x.MainPID {
		return "", "", false
	}
	words := x.Loaded[0]
	if slices.ContainsFunc(words, func(s string) bool { return strings.Contains(s, "$") }) {
		return "", "", false
	}
	i := slices.IndexFunc(master.Args, func(a string) bool { return a == words[0] })
	if i < 0 || i > 1 { // behind a shell, or with a title of its own
		return "", "", false
	}
	runs, loaded = plainWords(master.Args[i+1:]), plainWords(words[1:])
	return runs, loaded, runs != loaded
}

// plainWords are a command line without its quotes: systemctl prints it with
// some of them, or with none (252, 257).
func plainWords(argv []string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("'", "", `"`, "", `\`, "").Replace(strings.Join(argv, " "))), " ")
}
