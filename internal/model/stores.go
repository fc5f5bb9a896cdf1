package model

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"assay/internal/fact"
	"assay/internal/regex"
	"assay/internal/tape"
)

// storesOf are the stores that an app is told to use: those of its environment
// are asked at once, while the app is being loaded; when it is, it says which
// it really uses, and what its code adds.
func (b *builder) storesOf(s *AppServer) fact.Of[[]*Store] {
	if s.Idle || s.Container != "" {
		return fact.Known[[]*Store](nil)
	}
	told := fact.Then(b.environment(s), func(env map[string]EnvValue) []*Store { return b.fromEnvironment(s, env) })
	var n fact.Notes
	list, ts := told.Look(&n)
	a, as := s.Code.Look(&n)
	if as == fact.IsUnknown {
		if ts == fact.IsUnknown {
			return told
		}
		for _, st := range list {
			st.Used = fact.Unknown[bool](n.Why())
		}
		return b.asked(list)
	}
	if a == nil { // no Flask app: what it uses is not known
		return b.asked(list)
	}
	return b.asked(b.used(s, a, list))
}

func (b *builder) asked(list []*Store) fact.Of[[]*Store] {
	var src []fact.Source
	for _, st := range list {
		src = append(src, st.Told)
		b.login(st)
		st.Shell = b.shell(st)
	}
	return fact.Known(list, src...)
}

func (b *builder) fromEnvironment(s *AppServer, env map[string]EnvValue) []*Store {
	var out []*Store
	place := b.environmentPlace(s)
	for _, name := range storeVariables {
		v, ok := env[name]
		if !ok {
			continue
		}
		st := b.newStore(s, v.Value, name, place+"/env/"+name)
		if st == nil || slices.ContainsFunc(out, func(o *Store) bool { return same(o, st) }) {
			continue
		}
		st.Written = v.Written
		st.Told = fact.Source{Where: v.File, Line: v.Line, Text: name + " is " + st.Kind + ", " + st.At()}
		out = append(out, st)
	}
	return out
}

// environmentPlace is where environment() read: the process, else the unit.
func (b *builder) environmentPlace(s *AppServer) string {
	var n fact.Notes
	if m, up := b.steady(s); up || s.unitName == "" {
		if _, live := b.f.Environ(m.PID).Look(&n); live == fact.IsKnown {
			return "pid " + strconv.Itoa(m.PID)
		}
	}
	return "unit " + s.unitName
}

func same(a, b *Store) bool {
	return a.Kind == b.Kind && a.Addr == b.Addr && a.User == b.User && a.Database == b.Database
}

// used are the stores that the loaded app has: its engines, and the Redis URLs
// of its settings. One that is a variable's value keeps that reference, so that
// it is asked once. An app without engines may use its variables by itself.
func (b *builder) used(s *AppServer, a *App, told []*Store) []*Store {
	var out []*Store
	add := func(st *Store) {
		if st == nil || slices.ContainsFunc(out, func(o *Store) bool { return same(o, st) }) {
			return
		}
		i := slices.IndexFunc(told, func(o *Store) bool { return same(o, st) })
		if i >= 0 {
			told[i].Engine = st.Engine
			st = told[i]
		}
		out = append(out, st)
	}
	for i := range a.Engines {
		e := &a.Engines[i]
		st := b.newStore(s, e.URL, "engine "+e.Bind, a.Ref+"/engine/"+e.Bind)
		if st == nil {
			continue
		}
		st.Engine, st.Told = e, fact.Source{Where: a.Source.Where, Text: "engine " + e.Bind + ": " + e.URL, Ask: a.Source.Ask}
		st.User, _, _ = strings.Cut(st.User, "@") // what a password with an @ of its own leaves behind
		b.likeTold(st, told)
		add(st)
	}
	redis := func(c tape.AppSetting, path string) {
		if st := b.newStore(s, c.URL, path, a.Ref+"/config/"+path); st != nil && !st.SQLKind() {
			st.Told = a.From(c)
			add(st)
		}
	}
	for _, c := range a.Config {
		redis(c, c.Key)
		for _, k := range sortedKeys(c.Items) {
			redis(c.Items[k], c.Key+"/"+k)
		}
	}
	for _, st := range told {
		if len(a.Engines) == 0 && st.SQLKind() || !st.SQLKind() {
			add(st)
		}
	}
	return out
}

// likeTold gives an engine the address of the variable with its database and
// user: SQLAlchemy shows a URL without the options that name a socket.
func (b *builder) likeTold(st *Store, told []*Store) {
	for _, o := range told {
		if o.Kind == st.Kind && o.Database == st.Database && o.User == st.User && o.Host == "" && (st.Host == "" || st.Host == "localhost") {
			st.Addr, st.Port = o.Addr, o.Port
		}
	}
}

// edges of stores: a request stands on what the app asks for it, and a server on
// this host on its unit. A service that does not come up may have failed at one.
func (b *builder) storeEdges(d *Deployment) {
	list, _ := d.Server.Stores.Look(&b.notes)
	unit, _ := d.Server.Unit.Look(&b.notes)
	if unit != nil {
		b.resolvedEdges(d, unit)
	}
	for _, st := range list {
		for _, sf := range d.surfaces {
			b.m.Needs[sf.Node()] = append(b.m.Needs[sf.Node()], st.Node(), st.OpenNode())
		}
		if _, up := b.steady(d.Server); unit != nil && (!up || unit.Looping()) && unit.Active != "inactive" {
			b.m.Needs[unit.Node()] = append(b.m.Needs[unit.Node()], st.Node())
		}
		if _, up := b.steady(d.Server); up && st.Waits() {
			b.m.Needs[d.Server.Node()] = append(b.m.Needs[d.Server.Node()], st.OpenNode()) // its workers wait too
		}
		if u, state := st.Unit.Look(&b.notes); state == fact.IsKnown {
			b.m.Needs[st.Node()] = append(b.m.Needs[st.Node()], u.Node())
		}
	}
}

// OpenNode is what was left open in the store.
func (s *Store) OpenNode() Node { return s.Node() + "/open" }

// storeUnit is the unit of a server on this host: who listens there, else the
// one that Debian's packages made for that port. It is looked at when the login
// fails: nobody needs it otherwise.
func (b *builder) storeUnit(st *Store) fact.Of[*Unit] {
	if !st.ailing() || !st.Local || st.Kind == "SQLite" {
		return fact.Absent[*Unit]()
	}
	held := fact.Bind(st.Listen, func(l *Listener) fact.Of[[]Process] { return l.Holders })
	var n fact.Notes
	procs, _ := held.Look(&n)
	for _, p := range procs {
		if u := serviceOf(p.Cgroup); u != "" {
			return b.unit(u)
		}
	}
	for _, name := range b.storeUnitNames(st) {
		u := b.unit(name)
		if x, state := u.Look(&n); state == fact.IsUnknown || state == fact.IsKnown && x.Load == "loaded" {
			return u
		}
	}
	return fact.Absent[*Unit]()
}

var pgUnit = regex.New(`^postgresql@([\w.]+)-([\w.-]+)\.service$`)

// pgLast is how PostgreSQL begins the line that says why it ends.
var pgLast = regex.New(`(FATAL|PANIC|ERROR): +(.*)`)

// beyond is what the system refuses a server, whatever it was about to do.
var beyond = regex.New(`No space left on device|Disk quota exceeded|Read-only file system|Input/output error|Cannot allocate memory|Too many open files`)

// storeSaid is the last reason that a server which does not run gave, or what
// the system refuses one that runs and cannot work: Debian's clusters of
// PostgreSQL write to a file of their own, others to the journal.
func (b *builder) storeSaid(st *Store) fact.Of[fact.Source] {
	var n fact.Notes
	u, state := st.Unit.Look(&n)
	sql, _ := st.SQL.Look(&n)
	runs := state == fact.IsKnown && u.Running()
	if state != fact.IsKnown || runs && sql.Class != tape.StoreOther {
		return fact.Absent[fact.Source]()
	}
	m := pgUnit.FindStringSubmatch(u.Name)
	if m == nil && runs {
		return fact.Absent[fact.Source]()
	}
	if m == nil {
		if c, ok := u.Complaint(); ok && c.Telling() {
			return fact.Known(fact.Source{Where: c.Source.Where, Text: c.Text, Ask: c.Source.Ask})
		}
		return fact.Absent[fact.Source]()
	}
	file := "/var/log/postgresql/postgresql-" + m[1] + "-" + m[2] + ".log"
	return fact.Bind(b.f.Tail(file), func(text string) fact.Of[fact.Source] {
		last := ""
		for l := range strings.Lines(text) {
			switch said := pgLast.FindStringSubmatch(l); {
			case runs && said != nil && beyond.MatchString(l):
				last = said[2]
			case runs && said != nil:
			case said != nil && said[1] != "ERROR":
				last = said[0]
			case strings.Contains(l, "ready to accept connections"):
				last = ""
			}
		}
		if last == "" {
			return fact.Absent[fact.Source]()
		}
		return fact.Known(fact.Source{Where: file, Text: clip(strings.TrimSpace(last)), Ask: tape.Ask{Kind: tape.KindFile, Name: file, Arg: "tail"}})
	})
}

// little is so little space that a database can do nothing with it.
const little = 1 << 20

// full is the folder of the data of a server on this host that runs and does not
// work, where its disk is full.
func (b *builder) full(st *Store) fact.Of[string] {
	var n fact.Notes
	r, _ := st.SQL.Look(&n)
	if !st.Local || r.Class != tape.StoreOther && r.Class != tape.StoreTimeout && r.Class != tape.StoreStarting {
		return fact.Absent[string]()
	}
	held := fact.Bind(st.Listen, func(l *Listener) fact.Of[[]Process] { return l.Holders })
	return fact.Bind(held, func(procs []Process) fact.Of[string] {
		for _, p := range procs {
			i := slices.Index(p.Args, "-D") + 1
			if i == 0 || i == len(p.Args) || !path.IsAbs(p.Args[i]) {
				continue
			}
			dir := path.Clean(p.Args[i])
			return fact.Bind(b.f.Space(dir), func(s tape.Space) fact.Of[string] {
				if s.Free < little || s.Inodes == 0 {
					return fact.Known(dir)
				}
				return fact.Absent[string]()
			})
		}
		return fact.Absent[string]()
	})
}

const resolvConf = "/etc/resolv.conf"

// resolver is what says which name server is asked, where none answered.
func (b *builder) resolver(st *Store) fact.Of[fact.Source] {
	var n fact.Notes
	sql, _ := st.SQL.Look(&n)
	redis, _ := st.Redis.Look(&n)
	if sql.Class != tape.StoreResolver && redis.Class != tape.StoreResolver {
		return fact.Absent[fact.Source]()
	}
	return fact.Then(b.f.File(resolvConf), func(text string) fact.Source {
		src := fact.Source{Where: resolvConf, Text: "no nameserver: 127.0.0.1 is asked", Ask: tape.Ask{Kind: tape.KindFile, Name: resolvConf}}
		i := 0
		for l := range strings.Lines(text) {
			i++
			if w := strings.Fields(l); len(w) > 1 && w[0] == "nameserver" {
				src.Line, src.Text = i, strings.Join(w[:2], " ")
				break
			}
		}
		return src
	})
}

// others are where servers of the same kind do listen on this host.
func (b *builder) others(st *Store) []string {
	if !st.Failed() || !st.Local {
		return nil
	}
	all, _ := b.m.Stores.Look(&b.notes)
	var out []string
	for _, l := range all {
		if (l.Program == st.Kind || l.Program == "MySQL" && st.Kind == "MariaDB" || l.Program == "MariaDB" && st.Kind == "MySQL") && l.Port != st.Port {
			out = append(out, l.Addr)
		}
	}
	return out
}

var pgPort = regex.New(`(?m)^\s*port\s*=?\s*'?(\d+)`)

func (b *builder) storeUnitNames(st *Store) []string {
	switch st.Kind {
	case "MySQL", "MariaDB":
		return []string{"mariadb.service", "mysql.service"}
	case "Redis":
		return []string{"redis-server.service", "valkey-server.service", "redis.service"}
	}
	var out []string
	found, _ := b.f.Glob("/etc/postgresql/*/*/postgresql.conf").Look(&b.notes)
	st.Only = len(found) == 1
	for _, file := range found {
		text, _ := b.f.File(file).Look(&b.notes)
		port := "5432"
		for _, m := range pgPort.FindAllStringSubmatch(text, -1) {
			port = m[1]
		}
		part := strings.Split(file, "/")
		if port == strconv.Itoa(st.Port) && len(part) == 6 {
			out = append(out, "postgresql@"+part[3]+"-"+part[4]+".service")
		}
	}
	return out
}

// Databases are the stores that are asked in SQL.
func (d *Deployment) Databases() fact.Of[[]*Store] { return d.storesThat((*Store).SQLKind) }

// RedisStores are the app's Redis servers.
func (d *Deployment) RedisStores() fact.Of[[]*Store] {
	return d.storesThat(func(s *Store) bool { return !s.SQLKind() })
}

func (d *Deployment) storesThat(fits func(*Store) bool) fact.Of[[]*Store] {
	return of(d, func() fact.Of[[]*Store] {
		if d.Server == nil {
			return fact.Known[[]*Store](nil)
		}
		return fact.Then(d.Server.Stores, func(l []*Store) []*Store {
			return slices.DeleteFunc(slices.Clone(l), func(s *Store) bool { return !fits(s) })
		})
	})
}

// MoreDatabases says why there may be databases that are not known: the app's
// code was not loaded, and only its environment was read.
func (d *Deployment) MoreDatabases() (fact.Why, bool) {
	if d.Contained() || d.Server == nil || d.Server.Idle {
		return fact.Why{}, false
	}
	var n fact.Notes
	if _, state := d.Server.Code.Look(&n); state == fact.IsUnknown {
		return n.Why(), true
	}
	return fact.Why{}, false
}

// mainDatabase is the first database, for the way of a request.
func (s *AppServer) mainDatabase() fact.Of[*Store] {
	return fact.Bind(s.Stores, func(l []*Store) fact.Of[*Store] {
		for _, st := range l {
			if st.SQLKind() {
				return fact.Known(st, st.Told)
			}
		}
		return fact.Absent[*Store]()
	})
}
