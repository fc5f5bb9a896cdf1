package model

import (
	"cmp"
	"fmt"
	"net"
	"strconv"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/syntax/dsn"
	"assay/internal/tape"
)

// Store is a database or a cache that the app is told to use, as the app sees
// it: by its own URL, with its own user, from its own network.
type Store struct {
	Kind     string // PostgreSQL, MySQL, MariaDB, SQLite, Redis
	Name     string // the variable, the setting or the engine that names it
	Ref      string // where its URL lies, for asks
	Addr     string // 127.0.0.1:5432, unix:/..., a file; as the URL says
	Host     string // as the URL names it, "" for a socket and a file
	Port     int
	User     string
	Database string
	Local    bool
	Told     fact.Source   // the line that names it
	Written  string        // that line, as the unit's files have it; "" where they do not
	Used     fact.Of[bool] // unknown: a variable names it, and the app was not seen
	Engine   *tape.Engine  // of SQLAlchemy, where the app was loaded
	Server   *AppServer    // whose it is
	Identity tape.Identity
	Listen   fact.Of[*Listener]   // who listens there, on this host
	Unit     fact.Of[*Unit]       // that runs it on this host; looked at when it does not answer
	Said     fact.Of[fact.Source] // why the server on this host does not run, by its own log
	Full     fact.Of[string]      // the folder of its data, where the disk under it is full; looked at when the server fails by itself
	Resolver fact.Of[fact.Source] // the line that says who is asked for names; looked at when no resolver answered
	Conf     fact.Of[Conf]        // the settings of the server on this host; looked at when it refuses for their sake
	Room     fact.Of[Room]        // MySQL on this host, which takes no more connections: what it holds and may hold
	File     fact.Of[tape.Stat]   // of SQLite, which the service may not write
	Folder   fact.Of[tape.Stat]   // that it lies in
	Only     bool                 // PostgreSQL: this host has one cluster alone
	Others   []string             // where servers of its kind do listen on this host, when it does not answer
	Far      fact.Of[Distance]
	Shell    fact.Of[[]*Store] // the databases that flask db meets in a shell, without the service's environment
	SQL      fact.Of[tape.SQLReply]
	Redis    fact.Of[tape.RedisReply]
}

// Subject names it without what changes.
func (s *Store) Subject() string {
	if s.Database != "" && s.Kind != "Redis" {
		return s.Kind + " " + s.Database
	}
	return s.Kind + " at " + s.Addr
}

// At is where it is, for people: "shop at 127.0.0.1:5432".
func (s *Store) At() string {
	if s.Database == "" || s.Kind == "SQLite" || s.Kind == "Redis" {
		return s.Addr
	}
	return s.Database + " at " + s.Addr
}

// Node is the store as the app reaches it.
func (s *Store) Node() Node { return Node("store:" + s.Kind + " at " + s.At()) }

// SQLKind says that it is asked in SQL.
func (s *Store) SQLKind() bool { return s.Kind != "Redis" }

var storeKinds = map[string]string{"postgresql": "PostgreSQL", "postgres": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB", "sqlite": "SQLite",
	"redis": "Redis", "rediss": "Redis", "valkey": "Redis"}

// storeVariables are where an app's stores are told by custom; the value
// decides, so a wrong guess costs nothing.
var storeVariables = []string{"DATABASE_URL", "SQLALCHEMY_DATABASE_URI", "FLASK_SQLALCHEMY_DATABASE_URI", "DATABASE_URI", "DB_URL", "POSTGRES_URL",
	"REDIS_URL", "CACHE_REDIS_URL", "FLASK_CACHE_REDIS_URL", "RATELIMIT_STORAGE_URI", "RATELIMIT_STORAGE_URL", "CELERY_BROKER_URL", "CELERY_RESULT_BACKEND", "BROKER_URL"}

func storeAddr(u dsn.DSN) string {
	switch {
	case u.Socket != "":
		return "unix:" + u.Socket
	case u.Host == "":
		return u.Path
	}
	return net.JoinHostPort(u.Host, strconv.Itoa(u.Port))
}

// newStore reads a URL, with its secret or without.
func (b *builder) newStore(s *AppServer, url, name, ref string) *Store {
	u, err := dsn.Parse(url)
	if err != nil || storeKinds[u.Scheme] == "" {
		return nil
	}
	st := &Store{Used: fact.Known(true), Kind: storeKinds[u.Scheme], Name: name, Ref: ref, Addr: storeAddr(u), Host: u.Host, Port: u.Port, User: u.User, Database: u.Path,
		Local: u.Local(), Server: s, Identity: b.identity(s)}
	if u.Memory {
		st.Addr = "in memory"
	}
	return st
}

// identity is the service's own, with a process whose view of disk and network
// it has, where that is not the host's.
func (b *builder) identity(s *AppServer) tape.Identity {
	u, _ := s.User.Look(&b.notes)
	id := tape.Identity{UID: u.UID, GID: u.GID, Groups: u.Groups}
	if m, up := b.steady(s); up && (m.MntNS != "" || m.NetNS != "") {
		id.PID = m.PID
	}
	return id
}

// steady is the service's process, if it is one that will still be there to be
// asked about: in a crash loop it is another one each second.
func (b *builder) steady(s *AppServer) (Process, bool) {
	var n fact.Notes
	m, up := s.Master.Look(&n)
	u, state := s.Unit.Look(&n)
	falling := state == fact.IsKnown && (!u.Running() || u.Restarts > 0 && u.Now.Sub(u.Up) < loopFor)
	return m, up == fact.IsKnown && !falling
}

// login logs in to a store and looks at what it is on this host.
func (b *builder) login(st *Store) *Store {
	if why := b.elsewhere(st.Server); why != "" {
		w := fact.Why{Text: "log in to " + st.At() + ": " + why}
		st.SQL, st.Redis = fact.Unknown[tape.SQLReply](w), fact.Unknown[tape.RedisReply](w)
	} else if st.SQLKind() {
		st.SQL = b.f.SQL(st.Ref, b.versionTable(st), st.Identity)
	} else {
		st.Redis = b.f.Redis(st.Ref, st.Identity)
	}
	st.Listen = fact.Unknown[*Listener](fact.Why{Text: st.Addr + " is another machine's"})
	if file, ok := strings.CutPrefix(st.Addr, "unix:"); ok {
		st.Listen = b.listenerAt("unix:" + strings.Replace(file, "/var/run/", "/run/", 1))
	} else if st.Local && st.Port != 0 {
		p := strconv.Itoa(st.Port)
		st.Listen = b.either("127.0.0.1:"+p, "[::1]:"+p)
	}
	st.Unit, st.Others = b.storeUnit(st), b.others(st)
	st.Said, st.Conf = b.storeSaid(st), b.conf(st)
	st.Room = b.room(st)
	st.File, st.Folder = b.sqliteFile(st)
	st.Resolver, st.Full = b.resolver(st), b.full(st)
	st.Far = b.far(st)
	return st
}

// elsewhere says why a service that does not run cannot be spoken for.
func (b *builder) elsewhere(s *AppServer) string {
	var n fact.Notes
	if _, known := s.User.Look(&n); known != fact.IsKnown {
		return cmp.Or(n.Why().Text, "its user is not known")
	}
	if _, up := b.steady(s); up {
		return ""
	}
	u, state := s.Unit.Look(&n)
	if state != fact.IsKnown {
		return ""
	}
	if u.Root != "" {
		return u.Name + " does not run, and has a disk of its own (RootDirectory=)"
	}
	t, _ := u.Files.Look(&n)
	if v, ok := t.Last("Service", "PrivateNetwork"); ok && strings.TrimSpace(v.Value) != "no" && strings.TrimSpace(v.Value) != "false" {
		return u.Name + " does not run, and has a network of its own (PrivateNetwork=)"
	}
	return ""
}

// versionTable is Alembic's table, where the app's migrations name another one.
func (b *builder) versionTable(st *Store) string {
	a, _ := st.Server.Code.Look(&b.notes)
	if a == nil || a.Migrations.VersionTable == "" {
		return tape.VersionTable
	}
	name := a.Migrations.VersionTable
	if a.Migrations.Schema != "" {
		name = a.Migrations.Schema + "." + name
	}
	if !tape.ValidTable(name) {
		return tape.VersionTable
	}
	return name
}

// Failed says that the app's login to it fails.
func (s *Store) Failed() bool {
	var n fact.Notes
	r, state := s.SQL.Look(&n)
	c, cs := s.Redis.Look(&n)
	return state == fact.IsKnown && r.Class != "" || cs == fact.IsKnown && c.Class != ""
}

// Words are one line for people.
func (s *Store) Words() string {
	var n fact.Notes
	r, state := s.SQL.Look(&n)
	switch {
	case state != fact.IsKnown:
		return s.Addr
	case r.Class != "":
		return s.Addr + ": " + r.Error
	case r.Server != "":
		version, _, _ := strings.Cut(r.Server, " ")
		return fmt.Sprintf("%s, version %s, answers in %s", s.Addr, version, facts.Micros(r.Connect+r.Select))
	}
	return s.Addr
}
