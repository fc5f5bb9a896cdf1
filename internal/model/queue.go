package model

import (
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/tape"
)

// Queued is an app with the processes that do its tasks.
type Queued struct {
	*AppServer
	Takers fact.Of[[]Taker] // Celery's workers on this host that are the app's
}

// Taker is a worker of Celery, the first process of it.
type Taker struct {
	Process
	Unit   string
	Differ fact.Of[[]string] // variables that the app reads and that are other ones there
}

// Node is the app's background work.
func (x *Queued) Node() Node { return Node("queue:" + x.Name) }

// Queueds is the app, if it was loaded.
func (d *Deployment) Queueds() fact.Of[[]*Queued] {
	return fact.Then(d.Apps(), func(list []*AppServer) []*Queued {
		var out []*Queued
		for _, s := range list {
			out = append(out, &Queued{s, d.takers})
		}
		return out
	})
}

// isTaker says that a process is the first one of a worker of Celery (4.4 to 5.5;
// with setproctitle it writes its name over its command line).
func isTaker(p Process) bool {
	line := strings.Join(p.Args, " ")
	if strings.HasPrefix(line, "[celeryd:") {
		return strings.Contains(line, "MainProcess")
	}
	i := slices.IndexFunc(p.Args, func(a string) bool { return path.Base(a) == "celery" })
	return i >= 0 && i < 4 && slices.Contains(p.Args[i:], "worker")
}

func (b *builder) takers(s *AppServer) fact.Of[[]Taker] {
	return fact.Bind(s.Code, func(a *App) fact.Of[[]Taker] {
		if len(a.Queues) == 0 {
			return fact.Known[[]Taker](nil)
		}
		return fact.Then(b.f.Procs(), func(procs []Process) []Taker {
			var out []Taker
			for _, p := range procs {
				// A pool's processes are forked from the first one, with its command line.
				forked := slices.ContainsFunc(procs, func(o Process) bool { return o.PID == p.PPID && isTaker(o) })
				if !isTaker(p) || forked || !b.sameCode(a, p) {
					continue
				}
				out = append(out, Taker{p, serviceOf(p.Cgroup), b.differs(s, a, p)})
			}
			return out
		})
	})
}

// sameCode: it starts where the app does, or runs in its virtual environment.
func (b *builder) sameCode(a *App, p Process) bool {
	root := a.CodeRoot()
	return root != "" && within(strings.TrimSuffix(p.Cwd, " (deleted)"), root) ||
		a.Prefix != "/usr" && a.Prefix != "" && slices.ContainsFunc(p.Args, func(w string) bool { return within(w, a.Prefix) })
}

// differs are the variables that the app's code reads and that both have, with
// other values: none is kept.
func (b *builder) differs(s *AppServer, a *App, p Process) fact.Of[[]string] {
	return fact.Bind(b.environment(s), func(own map[string]EnvValue) fact.Of[[]string] {
		return fact.Then(b.f.Environ(p.PID), func(env map[string]string) []string {
			var out []string
			for _, r := range a.Env {
				mine, has := own[r.Key]
				other, too := env[r.Key]
				if has && too && mine.Value != other && !systemdSets(r.Key) {
					out = append(out, r.Key)
				}
			}
			return out
		})
	})
}

// Newer is the newest module of the app that was written after a process began.
func (a *App) Newer(p Process) (tape.Module, bool) {
	var out tape.Module
	for _, m := range a.Modules {
		if changed(m, p.Start) == written && m.MTime >= out.MTime {
			out = m
		}
	}
	return out, out.Path != ""
}

// TakerSource is what shows a worker of Celery.
func TakerSource(t Taker) fact.Source { return facts.ProcSource(t.Process) }

// Mailing is an app with who takes the mails that it sends to its own host.
type Mailing struct {
	*AppServer
	Listen fact.Of[*Listener] // Absent: nobody, or another host is named
}

// Node is the app's mail.
func (x *Mailing) Node() Node { return Node("mail:" + x.Name) }

// Mailings is the app, if it was loaded.
func (d *Deployment) Mailings() fact.Of[[]*Mailing] {
	return fact.Then(d.Apps(), func(list []*AppServer) []*Mailing {
		var out []*Mailing
		for _, s := range list {
			out = append(out, &Mailing{s, d.relay})
		}
		return out
	})
}

// MailServer is where Flask-Mail hands its mails to.
func (a *App) MailServer() (host, port string) {
	host, port = "localhost", "25"
	if c, ok := a.Setting("MAIL_SERVER"); ok && Text(c) != "" {
		host = Text(c)
	}
	if c, ok := a.Setting("MAIL_PORT"); ok && c.Value != nil {
		port = strings.Trim(string(c.Value), `"`)
	}
	return host, port
}

// OwnHost says that a name is this host by custom.
func OwnHost(name string) bool {
	return name == "localhost" || name == "127.0.0.1" || name == "::1"
}

func (b *builder) relay(s *AppServer) fact.Of[*Listener] {
	return fact.Bind(s.Code, func(a *App) fact.Of[*Listener] {
		host, port := a.MailServer()
		if !a.Extends("mail") || !OwnHost(host) {
			return fact.Absent[*Listener]()
		}
		return b.either("127.0.0.1:"+port, "[::1]:"+port)
	})
}
