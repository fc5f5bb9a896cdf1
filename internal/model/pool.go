package model

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"assay/internal/fact"
)

// Consumer is one app with its engines on one server: how many connections it
// may hold.
type Consumer struct {
	Deployment string
	Workers    int
	Threads    int // of each worker that may want a connection at a time
	PerWorker  int // what the pools allow; -1: without end
	Pools      []string
	Source     fact.Source
}

// Configured is what the pools allow in all, -1 without end.
func (c Consumer) Configured() int {
	if c.PerWorker < 0 {
		return -1
	}
	return c.Workers * c.PerWorker
}

// Reachable is what the threads can really take out at a time.
func (c Consumer) Reachable() int {
	n := c.Threads * len(c.Pools)
	if c.PerWorker >= 0 {
		n = min(n, c.PerWorker)
	}
	return c.Workers * n
}

// Pool is a database server with every app of this host that has a pool on it.
type Pool struct {
	*Store
	Consumers fact.Of[[]Consumer]
	Pooler    fact.Of[string] // PgBouncer between the app and the server
}

// Pools are the servers that the deployment has engines on, each once. What
// engines there are only the loaded app says.
func (d *Deployment) Pools() fact.Of[[]*Pool] {
	if d.Contained() || d.Server == nil || d.Server.Idle {
		return fact.Known[[]*Pool](nil)
	}
	if _, state := d.Server.Code.Look(&fact.Notes{}); state != fact.IsKnown {
		return fact.Then(d.Server.Code, func(*App) []*Pool { return nil })
	}
	return fact.Then(d.Databases(), func(list []*Store) []*Pool {
		var out []*Pool
		for _, st := range list {
			if st.Kind == "SQLite" || st.Engine == nil || slices.ContainsFunc(out, func(p *Pool) bool { return p.sameServer(st) }) {
				continue
			}
			out = append(out, &Pool{Store: st, Consumers: d.model.consumers(st), Pooler: st.pooler()})
		}
		return out
	})
}

// sameServer compares servers: on this host by the port, since a server listens
// on loopback and on its socket alike.
func (s *Store) sameServer(o *Store) bool {
	if s.Local != o.Local || strings.Replace(s.Kind, "MariaDB", "MySQL", 1) != strings.Replace(o.Kind, "MariaDB", "MySQL", 1) {
		return false
	}
	if s.Local {
		return s.Port == o.Port || s.Kind != "PostgreSQL" && (s.Port == 0 || o.Port == 0)
	}
	return s.Host == o.Host && s.Port == o.Port
}

func (s *Store) pooler() fact.Of[string] {
	if s.Port == 6432 && !s.Local {
		return fact.Known("PgBouncer, by its port", s.Told)
	}
	held := fact.Bind(s.Listen, func(l *Listener) fact.Of[[]Process] { return l.Holders })
	var n fact.Notes
	procs, _ := held.Look(&n)
	for _, p := range procs {
		if p.Comm == "pgbouncer" || p.Comm == "pgcat" || p.Comm == "odyssey" {
			return fact.Known(p.Comm, n.Sources...)
		}
	}
	return fact.Absent[string]()
}

// consumers are all apps of this host with engines on a store's server.
func (m *Model) consumers(st *Store) fact.Of[[]Consumer] {
	var out []Consumer
	var n fact.Notes
	for _, d := range m.Deployments {
		if d.Server == nil || d.Contained() || d.Server.Idle {
			continue
		}
		list, state := d.Server.Stores.Look(&n)
		_, code := d.Server.Code.Look(&n)
		if state == fact.IsUnknown || code == fact.IsUnknown {
			return fact.Unknown[[]Consumer](n.Why())
		}
		c, why := d.consumer(st, list)
		if why != "" {
			return fact.Unknown[[]Consumer](fact.Why{Text: why})
		}
		if len(c.Pools) > 0 {
			out = append(out, c)
		}
	}
	return fact.Known(out)
}

func (d *Deployment) consumer(st *Store, list []*Store) (c Consumer, why string) {
	var n fact.Notes
	c = Consumer{Deployment: d.Name, Source: st.Told}
	for _, o := range list {
		if o.Engine == nil || !o.sameServer(st) {
			continue
		}
		each, name := o.Engine.Size+o.Engine.Overflow, o.Engine.Pool
		switch {
		case name == "NullPool" || o.Engine.Overflow < 0:
			each = -1
		case name == "StaticPool" || name == "AssertionPool":
			each = 1
		}
		if c.PerWorker >= 0 && each >= 0 {
			c.PerWorker += each
		} else {
			c.PerWorker = -1
		}
		c.Pools = append(c.Pools, fmt.Sprintf("%s pool_size %d, max_overflow %d", name, o.Engine.Size, o.Engine.Overflow))
	}
	if len(c.Pools) == 0 {
		return c, ""
	}
	a, state := d.Server.Code.Look(&n)
	if state != fact.IsKnown || !d.Server.Gunicorn() {
		return c, "how many processes and threads " + cmp.Or(d.Server.Program(), "its server") + " has is not read"
	}
	workers, ws := d.Server.Want.Look(&n)
	if live, ls := d.Server.Workers.Look(&n); ls == fact.IsKnown && len(live) > workers {
		workers = len(live)
	} else if ws != fact.IsKnown && ls != fact.IsKnown {
		return c, "how many workers " + d.Name + " has is not known"
	}
	c.Workers, c.Threads = max(workers, 1), a.Threadpool()+len(a.Threads)
	c.Source = fact.Source{Where: d.Name, Text: fmt.Sprintf("%d workers of %d threads, each worker with %s", c.Workers, c.Threads, strings.Join(c.Pools, " and ")), Ask: a.Source.Ask}
	return c, ""
}

// Threadpool is how many requests one worker of gunicorn serves at a time
// (20.1 to 23).
func (a *App) Threadpool() int {
	number := func(key string, or int) int {
		switch v := a.Gunicorn[key].(type) {
		case float64:
			return int(v)
		case string:
			if n, err := strconv.Atoi(v); err == nil {
				return n
			}
		}
		return or
	}
	class := fmt.Sprint(a.Gunicorn["worker_class_name"], a.Gunicorn["worker_class"])
	for _, green := range []string{"gevent", "eventlet", "tornado"} {
		if strings.Contains(class, green) {
			return number("worker_connections", 1000)
		}
	}
	return max(number("threads", 1), 1)
}
