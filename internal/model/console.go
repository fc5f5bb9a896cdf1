package model

import (
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/tape"
)

// Power is what a program gives to who connects to it.
type Power string

// The powers, the greatest first.
const (
	RunsCode     Power = "code"    // any code, as the program's user
	Controls     Power = "control" // start, stop, read, send
	TellsNumbers Power = "numbers" // versions, paths, load
)

// Console is a port for developers and operators: a debugger, a program's
// control, an exporter of numbers.
type Console struct {
	*Exposure
	Power  Power
	Locked fact.Of[bool] // it asks who it is that comes
}

// Consoles are the ports for developers and operators, but those of app
// servers, which are judged as what they are.
func (m *Model) Consoles() fact.Of[[]*Console] { return m.consoles }

// consoleAt are consoles by their port, where the holder cannot be seen, or is
// docker's proxy.
var consoleAt = map[int]console{
	5678: {"debugpy", RunsCode}, 5555: {"Flower", Controls}, 2375: {"Docker", RunsCode},
	9100: {"prometheus-node-exporter", TellsNumbers}, 9187: {"prometheus-postgres-exporter", TellsNumbers}, 9121: {"prometheus-redis-exporter", TellsNumbers},
}

type console struct {
	program string
	power   Power
}

// consolePrograms are consoles by a word of their command line.
var consolePrograms = map[string]console{
	"dockerd": {"Docker", RunsCode}, "jupyter": {"Jupyter", RunsCode}, "jupyter-lab": {"Jupyter", RunsCode}, "jupyter-notebook": {"Jupyter", RunsCode}, "jupyter-server": {"Jupyter", RunsCode},
	"supervisord": {"supervisord", Controls}, "flower": {"Flower", Controls}, "rq-dashboard": {"RQ Dashboard", Controls}, "pgadmin4": {"pgAdmin", Controls}, "pgweb": {"pgweb", Controls},
	"redis-commander": {"Redis Commander", Controls}, "adminer.php": {"Adminer", Controls},
	"prometheus": {"Prometheus", TellsNumbers}, "alertmanager": {"Alertmanager", TellsNumbers}, "prometheus-alertmanager": {"Alertmanager", TellsNumbers},
	"pushgateway": {"Pushgateway", TellsNumbers}, "prometheus-pushgateway": {"Pushgateway", TellsNumbers}, "cadvisor": {"cAdvisor", TellsNumbers}, "netdata": {"Netdata", TellsNumbers},
}

// consoleOf knows a console by its program: the file itself, or what an
// interpreter was told to run.
func consoleOf(p Process) (console, bool) {
	for i, a := range p.Args {
		base := path.Base(a)
		switch {
		case strings.Contains(a, "/debugpy/adapter"), base == "debugpy" && i > 0 && p.Args[i-1] == "-m":
			return console{"debugpy", RunsCode}, true
		case !commandAt(p.Args, i) && (base != "flower" || !slices.ContainsFunc(p.Args[:i], isCelery)):
			continue
		case strings.HasSuffix(base, "-exporter") || strings.HasSuffix(base, "_exporter"):
			return console{base, TellsNumbers}, true
		}
		if c, ok := consolePrograms[base]; ok {
			return c, true
		}
	}
	return console{}, false
}

func isCelery(word string) bool { return path.Base(word) == "celery" }

func (b *builder) consoles() fact.Of[[]*Console] {
	return fact.Bind(b.sockets(), func(all []*Listener) fact.Of[[]*Console] {
		var found []*Listener
		power := map[string]Power{}
		for _, l := range all {
			if l.Proto == "unix" || l.Program != "" || b.ofAppServer(l) {
				continue
			}
			c, ok := b.consoleBehind(l)
			if !ok {
				continue
			}
			l.Program, power[c.program] = c.program, c.power
			l.Reach = b.reach(l)
			found = append(found, l)
		}
		var out []*Console
		for _, x := range exposures(found) {
			c := &Console{Exposure: x, Power: power[x.Program], Locked: fact.Known(false)}
			if c.Power != RunsCode || x.Program != "debugpy" {
				c.Locked = b.locked(x)
			}
			out = append(out, c)
		}
		return fact.Known(out)
	})
}

func (b *builder) consoleBehind(l *Listener) (console, bool) {
	held, state := l.Holders.Look(&b.notes)
	for _, p := range held {
		if c, ok := consoleOf(p); ok {
			return c, true
		}
	}
	if state == fact.IsUnknown || len(held) == 0 || strings.Contains(held[0].Comm, "docker-proxy") {
		c, ok := consoleAt[l.Port]
		return c, ok && strings.HasPrefix(l.Proto, "tcp")
	}
	return console{}, false
}

// ofAppServer says that the socket is one of an app server's.
func (b *builder) ofAppServer(l *Listener) bool {
	held, _ := l.Holders.Look(&b.notes)
	return slices.ContainsFunc(b.m.Deployments, func(d *Deployment) bool {
		return d.Server != nil && slices.ContainsFunc(held, d.Server.Has)
	})
}

// locked asks for the first page where somebody from outside might, and says
// whether a password, a token or a certificate is wanted first.
func (b *builder) locked(x *Exposure) fact.Of[bool] {
	for _, l := range x.Listeners {
		var n fact.Notes
		r, state := l.Reach.Look(&n)
		if state != fact.IsKnown || !r.Open || !strings.HasPrefix(l.Proto, "tcp") {
			continue
		}
		return fact.Bind(b.f.HTTP(l.Endpoint(), "localhost", "/"), func(r tape.HTTPReply) fact.Of[bool] {
			if strings.Contains(r.Body, "HTTP request to an HTTPS server") { // Go's own words: dockerd --tlsverify
				return fact.Then(b.f.HTTP("tls:"+strings.TrimPrefix(l.Endpoint(), "tcp:"), "localhost", "/"), func(r tape.HTTPReply) bool {
					return r.Class == "tls" || refuses(r)
				})
			}
			return fact.Known(refuses(r))
		})
	}
	return fact.Known(false)
}

func refuses(r tape.HTTPReply) bool {
	return r.Status == 401 || r.Status == 403 || r.Status >= 300 && r.Status < 400 && strings.Contains(r.Get("location"), "login")
}
