package model

import (
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/tape"
)

// Disk is one file system that the stack writes to.
type Disk struct {
	Path   string   // the first path by which it was met
	Writes []string // what lies there, in words
	Data   []string // of those, what a request waits for: a database, uploads
	Space  tape.Room
	Source fact.Source
}

// Subject is the path.
func (x *Disk) Subject() string { return x.Path }

// Node is the file system.
func (x *Disk) Node() Node { return Node("disk:" + x.Path) }

// Disks are the file systems that the stack writes to.
func (m *Model) Disks() fact.Of[[]*Disk] { return m.disks }

// diskUse is a place that is written to.
type diskUse struct {
	path, what string
	data       bool
	node       Node // what needs it
}

// fileSystems asks how much is left where something is written. Nothing else
// waits for it.
func (b *builder) fileSystems() {
	if len(b.m.Deployments) == 0 {
		b.m.disks = fact.Known[[]*Disk](nil)
		if len(b.m.Blind) > 0 {
			b.m.disks = fact.Unknown[[]*Disk](b.m.Blind[0])
		}
		return
	}
	var n fact.Notes
	var out []*Disk
	meet := func(u diskUse, s tape.Room, src fact.Source) {
		if s.Total == 0 || s.ReadOnly {
			return
		}
		i := slices.IndexFunc(out, func(x *Disk) bool { return x.Space.Dev == s.Dev })
		if i < 0 {
			i = len(out)
			out = append(out, &Disk{Path: u.path, Space: s, Source: src})
		}
		if u.what != "" && !slices.Contains(out[i].Writes, u.what) {
			out[i].Writes = append(out[i].Writes, u.what)
		}
		if u.data && !slices.Contains(out[i].Data, u.what) {
			out[i].Data = append(out[i].Data, u.what)
		}
		if u.node != "" {
			b.m.Needs[u.node] = append(b.m.Needs[u.node], out[i].Node())
		}
	}
	for _, u := range b.diskUses(&n) {
		var own fact.Notes
		s, state := b.f.Disk(u.path).Look(&own)
		if state == fact.IsKnown {
			meet(u, s, own.Sources[0])
		}
		n.Whys = append(n.Whys, own.Whys...)
	}
	logs, _ := b.m.logs.Look(&n)
	for _, l := range logs {
		meet(diskUse{path: path.Dir(l.Path), what: "logs"}, l.Held.Space, l.Source)
	}
	b.m.disks = fact.Known(out)
	if n.Blind() {
		b.m.disks = fact.Unknown[[]*Disk](n.Why())
	}
}

// diskUses are the places that are known before any log was looked at.
func (b *builder) diskUses(n *fact.Notes) []diskUse {
	out := []diskUse{{path: "/", what: "the system"}, {path: "/var", what: "the system"}, {path: "/var/log", what: "logs"}, {path: "/tmp", what: "temporary files"}}
	if _, state := b.m.Nginx.Look(n); state == fact.IsKnown {
		out = append(out, diskUse{path: "/var/lib/nginx", what: "what visitors send in"})
	}
	for _, d := range b.m.Deployments {
		if d.Server == nil || d.Contained() || d.Server.Idle {
			continue
		}
		var own fact.Notes // an app that was not loaded has no folders that we know of
		stores, _ := d.Server.Stores.Look(&own)
		for _, s := range stores {
			dir := map[string]string{"PostgreSQL": "/var/lib/postgresql", "MySQL": "/var/lib/mysql", "MariaDB": "/var/lib/mysql"}[s.Kind]
			if s.Kind == "SQLite" && strings.HasPrefix(s.Addr, "/") {
				dir = path.Dir(s.Addr)
			}
			if dir != "" && (s.Kind == "SQLite" || s.Local) {
				out = append(out, diskUse{path: dir, what: "the database", data: true, node: s.Node()})
			}
		}
		uploads, _ := d.Server.Uploads.Look(&own)
		for _, u := range uploads {
			out = append(out, diskUse{path: u.Folder, what: "uploads", data: true, node: u.Node()})
		}
	}
	return out
}
