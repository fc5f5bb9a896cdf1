package model

import (
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/tape"
)

// Writable is a file or folder that the app's user should not be able to change.
type Writable struct {
	Path   string
	What   string // "the unit", "a script that root runs", "the code" ...
	Root   bool   // root takes orders from it
	Access fact.Of[tape.AccessReport]
}

// Guarded is what an app's user should not be able to change.
type Guarded struct {
	Server *AppServer
	Paths  []*Writable
	Unseen []fact.Why // there may be more of them
}

// Subject is the app's server.
func (x *Guarded) Subject() string { return x.Server.Name }

// Node is a place of its own.
func (x *Guarded) Node() Node { return Node("guarded:" + x.Server.Name) }

// Guardeds is what the app's user should not be able to change.
func (d *Deployment) Guardeds() fact.Of[[]*Guarded] {
	return of(d, func() fact.Of[[]*Guarded] {
		if d.Server == nil || d.Server.Idle {
			return fact.Known[[]*Guarded](nil)
		}
		return fact.Known([]*Guarded{{d.Server, d.writables, d.unguarded.Whys}})
	})
}

const maxGuarded = 24

// guard asks what the service's user may write, in the service's own view of
// the disk where it runs: a sandbox that makes the disk read-only counts.
func (b *builder) guard(d *Deployment) {
	s := d.Server
	if s == nil || s.Idle || d.Contained() {
		return
	}
	if u, state := s.User.Look(&b.notes); state == fact.IsKnown && u.UID == 0 {
		return // which is a fault of its own
	}
	id := b.identity(s)
	add := func(file, what string, root bool) {
		if !path.IsAbs(file) || len(d.writables) >= maxGuarded || slices.ContainsFunc(d.writables, func(w *Writable) bool { return w.Path == file }) {
			return
		}
		w := &Writable{Path: file, What: what, Root: root}
		w.Access = fact.Bind(s.User, func(User) fact.Of[tape.AccessReport] { return b.f.Access(file, "w", id) })
		d.writables = append(d.writables, w)
	}
	if u, state := s.Unit.Look(&d.unguarded); state == fact.IsKnown {
		for _, f := range append([]string{u.Fragment}, u.DropIns...) {
			add(f, "its unit's file", true)
			if f != "" {
				add(path.Dir(f), "the folder of its unit's file", true)
			}
		}
		b.guardCommands(u, &d.unguarded, add)
	}
	if x, state := b.m.Nginx.Look(&d.unguarded); state == fact.IsKnown {
		add(x.Main, "nginx's configuration", true)
		sites, _ := d.Sites.Look(&d.unguarded)
		for _, site := range sites {
			add(site.Server.File, "nginx's configuration", true)
		}
	}
	if dir, state := s.Chdir.Look(&d.unguarded); state == fact.IsKnown && dir != "/" && !strings.HasSuffix(dir, " (deleted)") {
		add(dir, "the code", false)
		if pkg := packageOf(s.App); pkg != "" && !strings.Contains(pkg, "..") {
			add(path.Join(dir, pkg), "the code", false)
			add(path.Join(dir, pkg+".py"), "the code", false)
		}
	}
	if u, state := s.Unit.Look(&d.unguarded); state == fact.IsKnown {
		if bin := path.Dir(u.Context.Program); path.Base(bin) == "bin" && !strings.HasPrefix(bin, "/usr/") && bin != "/bin" {
			add(bin, "the virtual environment", false)
		}
	}
}

// guardCommands are the commands that systemd runs as root around the service:
// those with "+" or "!" in front (systemd.service(5)).
func (b *builder) guardCommands(u *Unit, n fact.Witness, add func(file, what string, root bool)) {
	t, state := u.Files.Look(n)
	if state != fact.IsKnown {
		return
	}
	for _, key := range []string{"ExecStartPre", "ExecStartPost", "ExecStart", "ExecReload", "ExecStop", "ExecStopPost"} {
		for _, c := range t.All("Service", key) {
			prefix := c.Value[:len(c.Value)-len(strings.TrimLeft(c.Value, "@-:+!|"))]
			if !strings.ContainsAny(prefix, "+!") {
				continue
			}
			for _, w := range strings.Fields(c.Value[len(prefix):]) {
				if path.IsAbs(w) && !strings.HasPrefix(w, "/run/") && !strings.HasPrefix(w, "/dev/") {
					add(w, "a file that "+key+"= runs as root", true)
				}
				break
			}
		}
	}
}
