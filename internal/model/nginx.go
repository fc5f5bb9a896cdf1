package model

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/regex"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// Nginx is the proxy: its master process, its unit, its configuration on disk.
type Nginx struct {
	Unit     fact.Of[*Unit]
	Master   fact.Of[Process] // Absent: none runs
	Workers  []Process
	User     fact.Of[User] // of the workers: as they run, else as configured
	Main     string        // the main configuration file
	Config   fact.Of[facts.NginxConfig]
	Test     fact.Of[facts.NginxTest]
	Accused  fact.Source // the line that nginx complains of; Where is "" where it names none
	Slip     *Slip       // what it complains of, where one thing alone can have been meant
	Sites    []*Site     // every server block of http, in configuration order
	Spare    fact.Of[[]*SpareFile]
	Pairs    []Becomes       // that certbot keeps, in place of what cannot be loaded
	Rival    *Unit           // that holds a port which nginx could not take
	Unloaded string          // a link of certbot's that is gone
	Relink   string          // where it should lead
	Waiting  []*Leaf         // that have ended, and whose successors it has not loaded
	Others   fact.Of[string] // who else than root has a say in its configuration, "" for nobody
	serves   fact.Of[bool]
	newer    fact.Of[[]string]
	deaf     fact.Of[[]syntax.Listen]
	left     fact.Of[[]*Listener]
}

// Serves says that some deployment is served through it.
func (n *Nginx) Serves() fact.Of[bool] { return n.serves }

// Subject names the proxy.
func (n *Nginx) Subject() string { return "nginx" }

// Node is the running service.
func (n *Nginx) Node() Node { return NodeNginx }

// NodeNginx is the proxy's service, NodeNginxConfig what it would load.
const (
	NodeNginx       Node = "nginx"
	NodeNginxConfig Node = "nginx/config"
)

// NginxConfigSubject is the proxy's configuration as a subject of its own.
type NginxConfigSubject struct{ *Nginx }

// Node is what the service stands on.
func (n NginxConfigSubject) Node() Node { return NodeNginxConfig }

// defaultNginxMain is where Debian's and nginx.org's packages keep it.
const defaultNginxMain = "/etc/nginx/nginx.conf"

// buildNginx reads the proxy that runs, or else the one that is configured.
func (b *builder) buildNginx() fact.Of[*Nginx] {
	n := &Nginx{Main: defaultNginxMain}
	procs, state := b.f.Procs().Look(&b.notes)
	n.Unit = b.unit("nginx.service")
	var seen fact.Notes
	u, ustate := n.Unit.Look(&seen)
	master, found := nginxMaster(procs, ustate != fact.IsKnown || u.Load != "not-found")
	switch {
	case found:
		n.Master = fact.Known(master, facts.ProcSource(master))
		n.Main = mainFile(master.Args)
		n.Workers = children(procs, master.PID)
	case slices.ContainsFunc(procs, func(p Process) bool { return isMaster(p) && p.PIDNS != "" }):
		n.Master = fact.Unknown[Process](fact.Why{Text: "nginx runs in a container, which is not looked into", Ask: tape.Ask{Kind: tape.KindProcs}})
	case ustate == fact.IsUnknown && slices.ContainsFunc(procs, isMaster):
		n.Master = fact.Unknown[Process](seen.Why())
	case state == fact.IsKnown:
		n.Master = fact.Absent[Process](fact.Source{Where: "processes", Text: "no nginx master process", Ask: tape.Ask{Kind: tape.KindProcs}})
	default:
		n.Master = fact.Unknown[Process](b.lastWhy())
	}
	n.Config = b.f.Nginx(n.Main)
	cfg, cstate := n.Config.Look(&b.notes)
	if cstate == fact.IsAbsent && !found {
		if ustate != fact.IsKnown || u.Load == "not-found" {
			return fact.Absent[*Nginx](fact.Source{Where: n.Main, Text: "there is no such file, and no nginx runs"})
		}
	}
	if cstate == fact.IsKnown {
		b.f.Leaf(func() { n.Others = b.owners(n.Main, cfg) })
		b.f.Leaf(func() { n.Test = b.nginxTest(n.Main, cfg, n.Others) })
		b.f.Leaf(func() { b.loadedConfig(n, cfg) })
		n.Accused = b.accused(n.Test)
		n.Slip = b.slip(n)
		n.User = b.nginxUser(n, cfg)
		for i, s := range cfg.Servers() {
			n.Sites = append(n.Sites, b.site(n, cfg, s, i))
		}
		n.Spare = b.spareFiles(cfg)
		b.pairs(n)
		n.Rival = b.rival(n)
	} else {
		n.Test = fact.Then(n.Config, func(facts.NginxConfig) (t facts.NginxTest) { return t })
		n.Others = fact.Then(n.Config, func(facts.NginxConfig) string { return "" })
		n.newer = fact.Then(n.Config, func(facts.NginxConfig) []string { return nil })
		n.deaf, n.left = fact.Absent[[]syntax.Listen](), fact.Absent[[]*Listener]()
		n.User = fact.Then(n.Config, func(facts.NginxConfig) (u User) { return u })
		n.Spare = fact.Then(n.Config, func(facts.NginxConfig) (s []*SpareFile) { return s })
	}
	b.m.Needs[NodeNginx] = []Node{NodeNginxConfig}
	return fact.Known(n)
}

var namedLine = regex.New(` in (/\S+):(\d+)$`)

// accused is the line of the first problem that nginx -t names.
func (b *builder) accused(test fact.Of[facts.NginxTest]) fact.Source {
	t, _ := test.Look(&b.notes)
	m := namedLine.FindStringSubmatch(t.Problem())
	if m == nil {
		return fact.Source{}
	}
	src := fact.Source{Where: m[1], Ask: tape.Ask{Kind: tape.KindFile, Name: m[1]}}
	src.Line, _ = strconv.Atoi(m[2])
	text, _ := b.f.File(m[1]).Look(&b.notes)
	if lines := strings.Split(text, "\n"); src.Line > 0 && src.Line <= len(lines) {
		src.Text = clip(strings.TrimSpace(lines[src.Line-1]))
	}
	return src
}

// nginxMaster finds the master process: it renames itself "nginx: master
// process /usr/sbin/nginx -g daemon on; ..." (src/os/unix/ngx_process_cycle.c).
// Anybody may name a process so, and what stands behind -c is read: the unit's
// own comes first, then root's; another user's counts only where there is no
// unit, and when its program is nginx.
func nginxMaster(procs []Process, hasUnit bool) (Process, bool) {
	for _, trusted := range []func(Process) bool{
		func(p Process) bool { return serviceOf(p.Cgroup) == "nginx.service" },
		func(p Process) bool { return p.UID == 0 },
		func(p Process) bool {
			return !hasUnit && p.Comm == "nginx" && (p.Exe == "" || path.Base(p.Exe) == "nginx")
		},
	} {
		for _, p := range procs {
			if p.PIDNS == "" && trusted(p) && isMaster(p) {
				return p, true
			}
		}
		for _, p := range procs { // daemon off; master_process off
			if p.PIDNS == "" && trusted(p) && p.Comm == "nginx" && !strings.HasPrefix(strings.Join(p.Args, " "), "nginx: ") {
				return p, true
			}
		}
	}
	return Process{}, false
}

func isMaster(p Process) bool {
	return len(p.Args) > 0 && strings.HasPrefix(p.Args[0], "nginx: master process")
}

// mainFile reads -c out of the master's title: one string with blanks.
func mainFile(args []string) string {
	words := strings.Fields(strings.Join(args, " "))
	for i, w := range words {
		if w == "-c" && i+1 < len(words) && path.IsAbs(words[i+1]) {
			return path.Clean(words[i+1])
		}
	}
	return defaultNginxMain
}

func children(procs []Process, pid int) []Process {
	var out []Process
	for _, p := range procs {
		if p.PPID == pid {
			out = append(out, p)
		}
	}
	return out
}

// nginxUser is who the workers are: live ids where they run, since groups are
// taken when a worker starts; else the `user` directive, else nginx's build
// default, which on Debian is www-data by its nginx.conf.
func (b *builder) nginxUser(n *Nginx, cfg facts.NginxConfig) fact.Of[User] {
	for _, w := range n.Workers {
		if w.UID != 0 && strings.Contains(strings.Join(w.Args, " "), "worker process") {
			u := User{Name: b.userName(w.UID), UID: w.UID, GID: w.GID, Groups: w.Groups}
			src := facts.ProcSource(w)
			src.Text += ", runs as " + u.Name
			return fact.Known(u, src)
		}
	}
	name := "nobody"
	if d := cfg.Root.Find("user"); len(d) > 0 {
		name = d[len(d)-1].Arg(0)
		return b.user(name).From(facts.DirectiveSource(d[len(d)-1]))
	}
	return b.user(name)
}
