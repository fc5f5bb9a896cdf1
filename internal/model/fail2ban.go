package model

import (
	"net/netip"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// Bans is who is kept away after failures: fail2ban, and what SSH lets strangers
// try where it is not there.
type Bans struct {
	Unit  fact.Of[*Unit] // Absent: fail2ban is not installed, or switched off
	Jails fact.Of[[]*Jail]
	// Passwords are the sockets by which sshd takes passwords; Absent: it takes
	// none, or there is none. Counts is what counts failures in fail2ban's place.
	Passwords fact.Of[*Exposure]
	Counts    fact.Of[string]
}

// Subject is the program.
func (x *Bans) Subject() string { return "fail2ban" }

// Node is its service.
func (x *Bans) Node() Node { return Node("unit:" + fail2ban) }

const fail2ban = "fail2ban.service"

// Complaint is the first error that fail2ban gave for not running: what it says
// after that is a consequence.
func (x *Bans) Complaint() (fact.Source, bool) {
	var n fact.Notes
	u, _ := x.Unit.Look(&n)
	if u == nil {
		return fact.Source{}, false
	}
	j, _ := u.Journal.Look(&n)
	src := fact.Source{Where: "journalctl -u fail2ban", Ask: tape.Ask{Kind: tape.KindCommand, Name: "journal", Arg: fail2ban}}
	for _, l := range j.Lines {
		_, said, is := strings.Cut(l.Text, " ERROR ")
		if said = strings.TrimSpace(said); is && !strings.HasPrefix(said, "Async") {
			src.Text = clip(said)
		}
	}
	return src, src.Text != ""
}

// Jail is one of fail2ban's jails.
type Jail struct {
	Name  string
	State fact.Of[facts.Jail]
	Logs  []*WatchedLog
	Away  []string // addresses of served names that are none of this host's
	// Unseen says why there may be more of them.
	Unseen []fact.Why
	own    []Address
}

// Subject is the jail's name.
func (j *Jail) Subject() string { return "jail " + j.Name }

// Node is the jail, below fail2ban's service.
func (j *Jail) Node() Node { return Node("jail:" + j.Name) }

// WatchedLog is a file that a jail reads.
type WatchedLog struct {
	Path string
	// Dead says why nobody writes it, and Clients whom its lines name, of those
	// that nginx writes.
	Dead    fact.Of[string]
	Clients fact.Of[[]string]
}

// Bans is the question of the whole host, where an app is served.
func (m *Model) Bans() fact.Of[[]*Bans] { return m.bans }

// Jails are fail2ban's, as its server has them now.
func (m *Model) Jails() fact.Of[[]*Jail] {
	return fact.Bind(m.bans, func(list []*Bans) fact.Of[[]*Jail] {
		if len(list) == 0 {
			return fact.Known[[]*Jail](nil)
		}
		var n fact.Notes
		jails, state := list[0].Jails.Look(&n)
		if state == fact.IsUnknown {
			return fact.Unknown[[]*Jail](n.Why())
		}
		return fact.Known(jails)
	})
}

func (b *builder) bans() fact.Of[[]*Bans] {
	if len(b.m.Blind) > 0 && len(b.m.Deployments) == 0 {
		return fact.Unknown[[]*Bans](b.m.Blind[0])
	}
	if !slices.ContainsFunc(b.m.Deployments, func(d *Deployment) bool { return d.Server != nil && !d.Server.Idle }) {
		return fact.Known[[]*Bans](nil)
	}
	x := &Bans{Passwords: fact.Absent[*Exposure](), Counts: fact.Absent[string]()}
	x.Unit = fact.Bind(b.f.Unit(fail2ban), func(p facts.Props) fact.Of[*Unit] {
		off := p["ActiveState"] == "inactive" && p["UnitFileState"] != "enabled"
		if p["LoadState"] != "loaded" || off {
			return fact.Absent[*Unit](facts.UnitSource(fail2ban, p))
		}
		return b.unit(fail2ban)
	})
	x.Jails = fact.Bind(x.Unit, func(u *Unit) fact.Of[[]*Jail] {
		if !u.Running() {
			return fact.Absent[[]*Jail]()
		}
		return fact.Then(b.f.Jails(), b.jails)
	})
	var n fact.Notes
	if _, state := x.Unit.Look(&n); state == fact.IsAbsent {
		x.Passwords, x.Counts = b.sshPasswords(), b.otherCounters()
	}
	return fact.Known([]*Bans{x})
}

const maxJails = 12

func (b *builder) jails(names []string) []*Jail {
	var unseen fact.Notes
	own, _ := b.m.Machine.Addresses.Look(&unseen)
	proxy, _ := b.m.Proxy().Look(&unseen)
	for _, n := range proxy {
		cfg, _ := n.Config.Look(&unseen)
		unseen.Whys = append(unseen.Whys, cfg.Unseen...)
	}
	var away []string
	for _, d := range b.m.Deployments {
		_, _ = d.Sites.Look(&unseen)
		for _, n := range d.names {
			_, _ = n.Addresses().Look(&unseen)
		}
		for _, p := range d.points {
			for _, e := range p.Others {
				away = append(away, e.Addr)
			}
		}
	}
	var out []*Jail
	for _, name := range names[:min(len(names), maxJails)] {
		j := &Jail{Name: name, State: b.f.Jail(name), Away: away, Unseen: unseen.Whys, own: own}
		state, _ := j.State.Look(&b.notes)
		for _, file := range state.Files[:min(len(state.Files), maxJails)] {
			j.Logs = append(j.Logs, b.watchedLog(file))
		}
		b.m.Needs[j.Node()] = []Node{Node("unit:" + fail2ban)}
		out = append(out, j)
	}
	return out
}

// syslogFiles are written by a syslog daemon alone; Debian 12 and later come
// without one.
var syslogFiles = []string{"/var/log/auth.log", "/var/log/syslog", "/var/log/mail.log", "/var/log/daemon.log", "/var/log/messages", "/var/log/secure"}

func (b *builder) watchedLog(file string) *WatchedLog {
	w := &WatchedLog{Path: file, Dead: fact.Absent[string](), Clients: fact.Absent[[]string]()}
	switch {
	case slices.Contains(syslogFiles, file):
		w.Dead = fact.Bind(b.f.Procs(), func(list []tape.Proc) fact.Of[string] {
			if slices.ContainsFunc(list, func(p tape.Proc) bool {
				return slices.Contains([]string{"rsyslogd", "syslog-ng", "syslogd", "syslog", "busybox"}, p.Comm) || strings.HasPrefix(p.Comm, "rs:") || strings.HasPrefix(p.Comm, "in:im")
			}) {
				return fact.Absent[string]()
			}
			return fact.Known("no syslog daemon runs", fact.Source{Where: "processes", Text: "none is rsyslogd or syslog-ng", Ask: tape.Ask{Kind: tape.KindProcs}})
		})
	case strings.HasPrefix(file, "/var/log/nginx/"):
		w.Dead = fact.Bind(b.m.Proxy(), func(l []*Nginx) fact.Of[string] { return b.nginxLeft(l, file) })
		w.Clients = fact.Then(b.f.Tail(file), namedClients)
	}
	return w
}

// nginxLeft says that the running nginx has not opened a log. One whose name has
// a variable is opened for each line.
func (b *builder) nginxLeft(l []*Nginx, file string) fact.Of[string] {
	return fact.Bind(b.m.logs, func(all []*LogFile) fact.Of[string] {
		if len(l) == 0 || slices.ContainsFunc(all, func(x *LogFile) bool { return x.Path == file }) {
			return fact.Absent[string]()
		}
		var n fact.Notes
		cfg, state := l[0].Config.Look(&n)
		if _, runs := l[0].Master.Look(&n); runs == fact.IsAbsent {
			return fact.Absent[string]()
		}
		for _, why := range cfg.Unseen {
			n.Missed(why, false)
		}
		if n.Blind() || state != fact.IsKnown {
			return fact.Unknown[string](n.Why())
		}
		if slices.ContainsFunc(cfg.Root.All("access_log"), func(d *syntax.Directive) bool { return strings.Contains(d.Arg(0), "$") }) {
			return fact.Absent[string]()
		}
		return fact.Known("nginx has not opened it", fact.Source{Where: "nginx", Text: "has this log not open"})
	})
}

// namedClients are the addresses that the lines of nginx's logs name, one a line.
func namedClients(text string) []string {
	var out []string
	for l := range strings.Lines(text) {
		word, _, _ := strings.Cut(l, " ")
		if _, rest, ok := strings.Cut(l, ", client: "); ok {
			word, _, _ = strings.Cut(rest, ",")
		}
		if ip, err := netip.ParseAddr(word); err == nil {
			out = append(out, ip.Unmap().String())
		}
	}
	return out
}

// Proxy says what an address is that no visitor of a public site has.
func (j *Jail) Proxy(addr string) (what string, is bool) {
	ip, err := netip.ParseAddr(addr)
	switch {
	case err != nil:
		return "", false
	case ip.IsLoopback() || slices.ContainsFunc(j.own, func(a Address) bool { return a.IP == ip.Unmap().String() }):
		return "this host itself", true
	case slices.Contains(j.Away, addr):
		return "what the site's name leads to", true
	}
	return "", false
}

// few is how many machines a proxy may be, and enough how many lines tell that
// nobody else comes.
const few, enough = 4, 20

// InFront are the addresses that nginx takes for visitors' where all of many are
// one of few private machines, or what the site's name leads to.
func (w *WatchedLog) InFront(j *Jail, of []string) []string {
	var seen []string
	lines := 0
	for _, addr := range of {
		ip, _ := netip.ParseAddr(addr)
		what, proxy := j.Proxy(addr)
		switch {
		case proxy && what == "this host itself":
			continue // a monitor, or we
		case !proxy && !ip.IsPrivate():
			return nil
		}
		lines++
		if !slices.Contains(seen, addr) {
			seen = append(seen, addr)
		}
	}
	if lines < enough || len(seen) > few {
		return nil
	}
	return seen
}

// Syslog says that a syslog daemon would write the file.
func (w *WatchedLog) Syslog() bool { return slices.Contains(syslogFiles, w.Path) }
