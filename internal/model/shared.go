package model

import (
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/syntax/dsn"
	"assay/internal/tape"
)

// Shared is what gunicorn's processes have in common of their connections to
// one datastore: opened in one process, and inherited by those it forked.
type Shared struct {
	Store   string
	Addr    string
	Arbiter bool
	Workers int  // that hold it
	Own     int  // workers that have a connection of their own to the same place
	Used    bool // the kernel sent data over it after a worker was forked
	Timed   bool // the kernel knows when data was sent: not of unix sockets
	// Renews is the hook of gunicorn's configuration that renews connections in
	// each worker; Absent: none does.
	Renews  fact.Of[string]
	Threads bool // a worker serves several requests at once, or may
	Source  fact.Source
}

// forkAware are datastores whose Python clients notice by the process id that
// they were forked and leave the inherited connection alone: redis-py 2.10 to 5
// (connection.py, _checkpid), pymongo from 3.0. The connection stays open until
// then, and with the arbiter for ever; both do no harm.
var forkAware = []string{"Redis", "Valkey", "MongoDB"}

// ForkAware says that the store's client takes care of itself.
func (s Shared) ForkAware() bool { return slices.Contains(forkAware, s.Store) }

// Holders is how many processes hold it.
func (s Shared) Holders() int {
	if s.Arbiter {
		return s.Workers + 1
	}
	return s.Workers
}

// PreloadAt is where preload_app is set: a file, or gunicorn's command line.
func (s *AppServer) PreloadAt() string {
	var n fact.Notes
	s.Preload.Look(&n)
	for _, src := range n.Sources {
		return src.Where
	}
	return ""
}

// brokerPorts are further ports at which long connections are kept.
var brokerPorts = map[int]string{6432: "PgBouncer", 5671: "RabbitMQ", 33060: "MySQL", 1433: "SQL Server", 1521: "Oracle"}

// shared reads who of gunicorn's processes holds which connection.
func (b *builder) shared(s *AppServer, g settings) fact.Of[[]Shared] {
	return fact.Bind(s.Master, func(m Process) fact.Of[[]Shared] {
		workers, _ := s.Workers.Look(&b.notes)
		list := []int{m.PID}
		for _, w := range workers {
			if w.State != "Z" && len(list) < maxHolders {
				list = append(list, w.PID)
			}
		}
		var n fact.Notes
		env, es := b.environment(s).Look(&n)
		return fact.Bind(b.f.Conns(list), func(c tape.Conns) fact.Of[[]Shared] {
			k := b.known(env)
			var out []Shared
			for _, x := range c.List {
				if !slices.Contains(x.PIDs, m.PID) && len(x.PIDs) < 2 {
					continue
				}
				store := k.store(x)
				if store == "" && es == fact.IsUnknown && x.Proto != "unix" {
					return fact.Unknown[[]Shared](n.Why()) // it may be the database, at a port of its own
				}
				if store != "" {
					out = merge(out, sharedConn(x, c, m.PID, store))
				}
			}
			for i := range out {
				out[i].Renews, out[i].Threads = g.renews(), g.threads()
			}
			return fact.Known(out)
		})
	})
}

// maxHolders is how many processes one ask takes.
const maxHolders = 256

// clockError is how far the kernel's two clocks may be apart: starts are counted
// in hundredths of a second, what was sent in ticks of at most 10 ms.
const clockError = 50

func sharedConn(x tape.Conn, c tape.Conns, arbiter int, store string) Shared {
	s := Shared{Store: store, Addr: far(x), Arbiter: slices.Contains(x.PIDs, arbiter), Timed: x.Idle >= 0}
	for _, h := range c.Holders {
		if h.PID == arbiter || !slices.Contains(x.PIDs, h.PID) {
			continue
		}
		s.Workers++
		s.Used = s.Used || x.Idle >= 0 && x.Idle+clockError < h.Millis
	}
	own := map[int]bool{}
	for _, o := range c.List {
		if len(o.PIDs) == 1 && o.PIDs[0] != arbiter && far(o) == s.Addr {
			own[o.PIDs[0]] = true
		}
	}
	s.Own = len(own)
	s.Source = fact.Source{Where: "connection to " + s.Addr, Text: fmt.Sprintf("socket %d, held by %s", x.Inode, pids(x.PIDs))}
	if s.Timed {
		s.Source.Text += fmt.Sprintf("; sent last %d ms ago", x.Idle)
	}
	return s
}

// far is where a connection leads.
func far(x tape.Conn) string {
	if x.Proto == "unix" {
		return "unix:" + x.Peer
	}
	return x.Remote
}

// merge takes several connections to one place for one.
func merge(list []Shared, s Shared) []Shared {
	i := slices.IndexFunc(list, func(o Shared) bool { return o.Addr == s.Addr })
	if i < 0 {
		return append(list, s)
	}
	o := &list[i]
	if s.Used && !o.Used || s.Workers > o.Workers {
		o.Source = s.Source
	}
	o.Arbiter, o.Used, o.Workers = o.Arbiter || s.Arbiter, o.Used || s.Used, max(o.Workers, s.Workers)
	return list
}

// stores is where datastores are, by address.
type knownStores map[string]string

// known are the datastores that listen here, and those that the environment names.
func (b *builder) known(env map[string]EnvValue) knownStores {
	k := knownStores{}
	here, _ := b.m.Stores.Look(&b.notes)
	for _, l := range here {
		k[l.Addr] = l.Program
	}
	for _, name := range sortedKeys(env) {
		u, err := dsn.Parse(env[name].Value)
		kind := storeKinds[u.Scheme]
		if kind == "" {
			kind = map[string]string{"redis": "Redis", "rediss": "Redis", "valkey": "Valkey", "amqp": "RabbitMQ", "amqps": "RabbitMQ", "mongodb": "MongoDB", "memcached": "Memcached", "mssql": "SQL Server", "oracle": "Oracle"}[u.Scheme]
		}
		switch {
		case err != nil || kind == "":
		case u.Socket != "":
			k["unix:"+u.Socket] = kind
		case u.Port != 0:
			k[fmt.Sprintf(":%d", u.Port)] = kind
		}
	}
	return k
}

// store is which datastore is at the other end of a connection, "" for none.
func (k knownStores) store(x tape.Conn) string {
	if s := k[far(x)]; s != "" {
		return s
	}
	if x.Proto == "unix" {
		return socketStore(x.Peer)
	}
	at, err := netip.ParseAddrPort(x.Remote)
	if err != nil {
		return ""
	}
	for _, m := range []string{storePorts[int(at.Port())], brokerPorts[int(at.Port())], k[fmt.Sprintf(":%d", at.Port())]} {
		if m != "" {
			return m
		}
	}
	return ""
}

// socketStore knows a datastore by what its packages call its socket.
func socketStore(file string) string {
	switch base := path.Base(file); {
	case strings.HasPrefix(base, ".s.PGSQL."):
		return "PostgreSQL"
	case strings.HasPrefix(base, "mysql") && strings.HasSuffix(base, ".sock"):
		return "MySQL"
	case strings.HasPrefix(base, "redis") && strings.HasSuffix(base, ".sock"):
		return "Redis"
	case strings.HasPrefix(base, "memcached"):
		return "Memcached"
	}
	return ""
}

// renews reads whether a hook gives each worker connections of its own. The
// file is not run: a hook that names dispose or the like is believed.
func (g settings) renews() fact.Of[string] {
	switch {
	case g.conf == nil:
		return fact.Absent[string](fact.Source{Where: "gunicorn", Text: "there is no configuration file, and so no post_fork hook"})
	case g.conf.Err != nil:
		return fact.Unknown[string](fact.Why{Text: g.conf.Err.Error()})
	}
	ask := tape.Ask{Kind: tape.KindFile, Name: g.conf.File}
	for _, hook := range []string{"post_fork", "post_worker_init"} {
		line, word := g.conf.Function(hook, "dispose", "close", "connect", "reconnect", "reset")
		if word != "" {
			return fact.Known(hook, fact.Source{Where: g.conf.File, Line: line, Text: "def " + hook + " … " + word, Ask: ask})
		}
		if v := g.conf.Get(hook); line == 0 && v.Line > 0 {
			return fact.Unknown[string](fact.Why{Text: fmt.Sprintf("read gunicorn's hook %s: %s (%s:%d)", hook, v.Why, g.conf.File, v.Line), Ask: ask})
		}
	}
	return fact.Absent[string](fact.Source{Where: g.conf.File, Text: "no post_fork hook renews a connection", Ask: ask})
}

// threads says whether a worker may have several connections at once.
func (g settings) threads() bool {
	for name, one := range map[string]string{"worker_class": "sync", "threads": "1"} {
		var n fact.Notes
		v, state := g.resolve(name).Look(&n)
		if state != fact.IsKnown || len(v) == 0 || v[0] != one {
			return true
		}
	}
	return false
}
