package model

import (
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/tape"
)

// Conf is a server's own file of settings.
type Conf struct{ Path, Text string }

// Value is the last one that the file gives a key: PostgreSQL's way of writing
// one, or Redis's.
func (c Conf) Value(key string) (value string, set bool) {
	for l := range strings.Lines(c.Text) {
		l, _, _ = strings.Cut(strings.Replace(l, "=", " ", 1), " #")
		if w := strings.Fields(l); len(w) > 0 && strings.EqualFold(strings.Replace(w[0], "slaveof", "replicaof", 1), key) { // its old name
			value, set = strings.Trim(strings.Join(w[1:], " "), `'"`), true
		}
	}
	return value, set
}

// ailing says that the app's login fails, that its writes do, or that what was
// left open keeps others waiting.
func (s *Store) ailing() bool {
	var n fact.Notes
	r, state := s.Redis.Look(&n)
	return s.Failed() || s.Waits() || state == fact.IsKnown && (r.Info["role"] == "slave" || r.Info["maxmemory_policy"] == "noeviction" && r.Info["maxmemory"] != "0")
}

// conf is the file of settings of a server on this host that lets the app in
// only as far as these allow.
func (b *builder) conf(st *Store) fact.Of[Conf] {
	var n fact.Notes
	sql, _ := st.SQL.Look(&n)
	u, state := st.Unit.Look(&n)
	if state != fact.IsKnown || !u.Running() {
		return fact.Absent[Conf]()
	}
	file := ""
	m := pgUnit.FindStringSubmatch(u.Name)
	switch {
	case m != nil && (sql.Class == tape.StoreFull || sql.Class == tape.StoreTLS):
		file = "/etc/postgresql/" + m[1] + "/" + m[2] + "/postgresql.conf"
	case st.Kind == "Redis":
		t, _ := u.Files.Look(&n)
		for _, c := range t.Exec {
			i := slices.IndexFunc(c.Argv, func(a string) bool { return path.Ext(a) == ".conf" && path.IsAbs(a) })
			if i > 0 {
				file = c.Argv[i]
			}
		}
	}
	if file == "" {
		return fact.Absent[Conf]()
	}
	return fact.Then(b.f.File(file), func(text string) Conf { return Conf{Path: file, Text: text} })
}

// sqliteFile looks at a SQLite file that the service may not write, and at its
// folder.
func (b *builder) sqliteFile(st *Store) (file, folder fact.Of[tape.Stat]) {
	r, state := st.SQL.Look(&fact.Notes{})
	if state != fact.IsKnown || st.Kind != "SQLite" || r.Class != "" || r.Cell("file", "writable") == "yes" && r.Cell("file", "folder_writable") == "yes" || !path.IsAbs(st.Database) {
		return fact.Absent[tape.Stat](), fact.Absent[tape.Stat]()
	}
	return b.f.Stat(st.Database, false), b.f.Stat(path.Dir(st.Database), false)
}
