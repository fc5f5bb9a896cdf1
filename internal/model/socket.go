package model

import (
	"net"
	"net/netip"
	"strconv"
	"strings"

	"assay/internal/fact"
	"assay/internal/tape"
)

// Subject names a listener by what it is and where.
func (l *Listener) Subject() string {
	if l.Program != "" {
		return l.Program + " on " + l.Addr
	}
	return l.Addr
}

// Node is the address.
func (l *Listener) Node() Node { return Node("socket:" + l.Addr) }

// Wildcard says that it takes connections on every address.
func (l *Listener) Wildcard() bool { return l.IP == "0.0.0.0" || l.IP == "::" }

// Endpoint is how HTTP is asked of it: tcp:127.0.0.1:8000 or unix:/path.
func (l *Listener) Endpoint() string {
	if l.Path != "" {
		return "unix:" + l.Path
	}
	ip := l.IP
	switch ip {
	case "0.0.0.0":
		ip = "127.0.0.1"
	case "::":
		ip = "::1"
	}
	return "tcp:" + net.JoinHostPort(ip, strconv.Itoa(l.Port))
}

// sockets are all listening sockets as the model has them.
func (b *builder) sockets() fact.Of[[]*Listener] {
	var n fact.Notes
	raw, state := b.f.Sockets().Look(&n)
	if state == fact.IsUnknown {
		return fact.Unknown[[]*Listener](n.Why())
	}
	// That there are so many sockets is evidence of nothing: no source.
	return fact.Bind(fact.Known(raw), func(raw []tape.Socket) fact.Of[[]*Listener] {
		procs := b.processes()
		var out []*Listener
		for _, s := range raw {
			l := &Listener{IP: s.IP, Port: s.Port, Path: s.Path, Proto: s.Proto, Queue: s.Queue}
			l.Addr = "unix:" + s.Path
			if s.Proto != "unix" {
				l.Addr = net.JoinHostPort(s.IP, strconv.Itoa(s.Port))
			} else if s.Path == "" {
				continue
			}
			l.Holders = holders(s, procs)
			out = append(out, l)
		}
		return fact.Known(out)
	})
}

func socketSource(s tape.Socket, text string) fact.Source {
	where := "socket " + s.Path
	if s.Proto != "unix" {
		where = "socket " + s.Proto + " " + net.JoinHostPort(s.IP, strconv.Itoa(s.Port))
	}
	return fact.Source{Where: where, Text: text, Ask: tape.Ask{Kind: tape.KindSockets}}
}

// holders are the processes that have the socket open; systemd is left out
// where somebody else holds it too (socket activation).
func holders(s tape.Socket, procs fact.Of[map[int]Process]) fact.Of[[]Process] {
	if len(s.PIDs) == 0 && s.Hidden {
		return fact.Unknown[[]Process](fact.Why{Text: "read who holds " + strings.TrimPrefix(socketSource(s, "").Where, "socket ") + ": permission denied",
			Hint: "run with sudo", Ask: tape.Ask{Kind: tape.KindSockets}})
	}
	var n fact.Notes
	all, state := procs.Look(&n)
	if state == fact.IsUnknown {
		return fact.Unknown[[]Process](n.Why())
	}
	var out []Process
	for _, pid := range s.PIDs {
		if p, lives := all[pid]; lives && (pid != 1 || len(s.PIDs) == 1) {
			out = append(out, p)
		}
	}
	return fact.Known(out, socketSource(s, "held by "+pids(s.PIDs)))
}

// processes are all of them by their ids, once a build.
func (b *builder) processes() fact.Of[map[int]Process] {
	if b.byPID == nil {
		f := fact.Then(b.f.Procs(), func(all []Process) map[int]Process {
			m := make(map[int]Process, len(all))
			for _, p := range all {
				m[p.PID] = p
			}
			return m
		})
		b.byPID = &f
	}
	return *b.byPID
}

func pids(list []int) string {
	if len(list) == 0 {
		return "nobody"
	}
	var s []string
	for i, p := range list {
		if i == 6 {
			s = append(s, "…")
			break
		}
		s = append(s, strconv.Itoa(p))
	}
	return "process " + strings.Join(s, ", ")
}

// listenerAt is the socket that a connection to addr reaches: the exact
// address, else a wildcard one of the port.
func (b *builder) listenerAt(addr string) fact.Of[*Listener] {
	return fact.Bind(b.sockets(), func(all []*Listener) fact.Of[*Listener] {
		for _, l := range all {
			if l.Addr == addr && l.stream() {
				return fact.Known(l, fact.Source{Where: "socket " + addr, Text: "listens", Ask: tape.Ask{Kind: tape.KindSockets}})
			}
		}
		if l := wildcardFor(all, addr); l != nil {
			return fact.Known(l, fact.Source{Where: "socket " + l.Addr, Text: "listens", Ask: tape.Ask{Kind: tape.KindSockets}})
		}
		return fact.Absent[*Listener](fact.Source{Where: "listening sockets", Text: "nobody listens on " + addr, Ask: tape.Ask{Kind: tape.KindSockets}})
	})
}

func (l *Listener) stream() bool { return l.Proto == "unix" || strings.HasPrefix(l.Proto, "tcp") }

func wildcardFor(all []*Listener, addr string) *Listener {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return nil
	}
	for _, l := range all {
		if !l.stream() || strconv.Itoa(l.Port) != port || !l.Wildcard() {
			continue
		}
		// A socket on [::] takes IPv4 too unless bindv6only; who asked for
		// 0.0.0.0 as well (nginx) holds both, and the exact one came first.
		if l.IP == "::" || ip.Unmap().Is4() {
			return l
		}
	}
	return nil
}

// storePrograms are datastores by what their process is called.
var storePrograms = map[string]string{
	"postgres": "PostgreSQL", "mysqld": "MySQL", "mariadbd": "MariaDB", "redis-server": "Redis", "valkey-server": "Valkey",
	"memcached": "Memcached", "mongod": "MongoDB", "beam.smp": "RabbitMQ",
}

// storePorts are datastores by their port, where the holder cannot be seen.
var storePorts = map[int]string{5432: "PostgreSQL", 3306: "MySQL", 6379: "Redis", 11211: "Memcached", 27017: "MongoDB", 5672: "RabbitMQ", 15672: "RabbitMQ", 9200: "Elasticsearch"}

// stores are the datastores that listen on TCP or UDP.
func (b *builder) stores() fact.Of[[]*Listener] {
	return fact.Then(b.sockets(), func(all []*Listener) []*Listener {
		var out []*Listener
		for _, l := range all {
			if l.Proto == "unix" {
				continue
			}
			var n fact.Notes
			held, state := l.Holders.Look(&n)
			for _, p := range held {
				l.Program = storePrograms[p.Comm]
			}
			if l.Program == "" && (state == fact.IsUnknown || len(held) == 0 || strings.Contains(held[0].Comm, "docker-proxy")) {
				l.Program = storePorts[l.Port]
			}
			if l.Program == "" {
				continue
			}
			l.Reach = b.reach(l)
			out = append(out, l)
		}
		return out
	})
}

// reach is how far the listener can be reached, as far as this host decides.
func (b *builder) reach(l *Listener) fact.Of[Reach] {
	if l.Path != "" {
		return fact.Known(Reach{Scope: "unix"})
	}
	ip, err := netip.ParseAddr(l.IP)
	if err != nil {
		return fact.Unknown[Reach](fact.Why{Text: "read address " + l.IP})
	}
	src := fact.Source{Where: "socket " + l.Addr, Text: l.Proto + " listens", Ask: tape.Ask{Kind: tape.KindSockets}}
	switch {
	case ip.IsLoopback():
		return fact.Known(Reach{Scope: "loopback"}, src)
	case !l.Wildcard() && !Public(ip):
		return fact.Known(Reach{Scope: "private"}, src)
	}
	return fact.Bind(b.m.Machine.Addresses, func(own []Address) fact.Of[Reach] {
		r := Reach{Scope: "public", Public: !l.Wildcard()}
		target := ip
		if l.Wildcard() {
			r.Scope = "wildcard"
			for _, a := range own {
				if o, err := netip.ParseAddr(a.IP); err == nil && a.Public && (o.Is4() || l.IP == "::") && !r.Public {
					r.Public, target = true, o
				}
			}
		}
		return b.throughFirewall(l, target, r)
	}).From(src)
}
