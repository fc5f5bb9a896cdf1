package model

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/syntax/gunicorn"
	"assay/internal/tape"
)

// Subject is the app server's deployment.
func (s *AppServer) Subject() string { return s.Name }

// Node is the running app server.
func (s *AppServer) Node() Node { return Node("app:" + s.Name) }

// Gunicorn says that gunicorn's own rules apply.
func (s *AppServer) Gunicorn() bool { return s.Kind == "gunicorn" }

// kinds are the WSGI and ASGI servers that discovery knows by their program.
// Only gunicorn and Flask's own server are audited; the others are shown.
var kinds = map[string]string{
	"flask": "flask-dev", "uwsgi": "uwsgi", "uwsgi-core": "uwsgi", "waitress-serve": "waitress",
	"hypercorn": "hypercorn", "uvicorn": "uvicorn", "granian": "granian",
}

var pythonName = regexp.MustCompile(`^(python|pypy)[0-9.]*$`)

// serverKind says which app server a command line runs, "" for none.
func serverKind(args []string) string {
	if len(args) == 0 {
		return ""
	}
	if g := gunicorn.ParseArgs(args, ""); g.Is {
		return "gunicorn"
	}
	words := args
	if len(words) == 3 && (path.Base(words[0]) == "sh" || path.Base(words[0]) == "bash") && words[1] == "-c" {
		words = strings.Fields(words[2])
	}
	for i, w := range words {
		base := path.Base(w)
		if k := kinds[base]; k != "" && commandAt(words, i) {
			if k == "flask-dev" && !slices.Contains(words[i:], "run") {
				return ""
			}
			return k
		}
		if i > 8 {
			break
		}
	}
	return ""
}

// commandAt says that word i is the program that runs, not an argument: it is
// first, or what stands before it are interpreters, wrappers and their options.
func commandAt(words []string, i int) bool {
	for k, w := range words[:i] {
		base := path.Base(w)
		switch {
		case pythonName.MatchString(base), strings.HasPrefix(w, "-"), strings.Contains(w, "="):
		case slices.Contains([]string{"exec", "env", "run", "poetry", "pipenv", "uv", "newrelic-admin", "run-program", "ddtrace-run", "nice", "opentelemetry-instrument", "sudo"}, base):
		case k > 0 && strings.HasPrefix(words[k-1], "-"): // an option's value
		default:
			return false
		}
	}
	return true
}

// appServers finds every app server: running, or only configured as a unit.
func (b *builder) appServers() []*AppServer {
	var out []*AppServer
	procs, state := b.f.Procs().Look(&b.notes)
	if state == fact.IsUnknown {
		b.blind(b.lastWhy())
	}
	for _, p := range procs {
		if k := b.kindOf(p); k != "" && !b.sameKindParent(procs, p, k) {
			out = append(out, b.running(p, k, procs))
		}
	}
	out = b.fromUnits(out)
	for _, s := range out {
		s.Now = b.m.Machine.Now
		b.readGunicorn(s)
	}
	return out
}

// kindOf knows a server by its command line; a plain `python app.py` only by
// what it answers on the port that it listens on.
func (b *builder) kindOf(p Process) string {
	if lies(p) {
		return ""
	}
	if k := serverKind(p.Args); k != "" {
		return k
	}
	if !runsModule(p.Args) {
		return ""
	}
	own := b.heldBy(p)
	if len(own) == 0 {
		b.blindHolders()
	}
	for _, l := range own {
		if l.Path != "" || !strings.HasPrefix(l.Proto, "tcp") {
			continue
		}
		r, state := b.f.HTTP(l.Endpoint(), "localhost", "/").Look(&b.notes)
		if state == fact.IsKnown && strings.HasPrefix(r.Get("server"), "Werkzeug/") {
			return "flask-dev"
		}
		if state == fact.IsUnknown {
			b.blind(b.lastWhy())
		}
	}
	return ""
}

// blindHolders notes that a process may hold a socket whose holders were hidden.
func (b *builder) blindHolders() {
	all, state := b.sockets().Look(&b.notes)
	if state == fact.IsUnknown {
		b.blind(b.lastWhy())
		return
	}
	for _, l := range all {
		var n fact.Notes
		if _, hs := l.Holders.Look(&n); hs == fact.IsUnknown && strings.HasPrefix(l.Proto, "tcp") {
			b.blind(n.Why())
			return
		}
	}
}

// lies says that a process bears gunicorn's title and is no Python program:
// anybody may call a process what they like (exec -a). What a unit started is
// believed, also a frozen program of another name. setproctitle sets comm too,
// which is all there is to go by where the program's file is hidden.
func lies(p Process) bool {
	if len(p.Args) == 0 || !strings.HasPrefix(p.Args[0], "gunicorn: ") || serviceOf(p.Cgroup) != "" {
		return false
	}
	program := path.Base(p.Exe)
	if p.Exe == "" {
		program = p.Comm
	}
	return !strings.Contains(program, "python") && !strings.Contains(program, "pypy") && !strings.Contains(program, "gunicorn")
}

// heldBy are the listeners that a process holds.
func (b *builder) heldBy(pids ...Process) []*Listener {
	all, _ := b.sockets().Look(&b.notes)
	var out []*Listener
	for _, l := range all {
		held, _ := l.Holders.Look(&b.notes)
		if slices.ContainsFunc(held, func(h Process) bool {
			return slices.ContainsFunc(pids, func(p Process) bool { return p.PID == h.PID })
		}) {
			out = append(out, l)
		}
	}
	return out
}

// sameKindParent: Werkzeug's reloader starts itself again, with a full path.
func (b *builder) sameKindParent(procs []Process, p Process, kind string) bool {
	i := slices.IndexFunc(procs, func(o Process) bool { return o.PID == p.PPID })
	return i >= 0 && (serverKind(procs[i].Args) == kind || kind == "flask-dev" && b.kindOf(procs[i]) == kind)
}

// running is the app server of a live master process.
func (b *builder) running(p Process, kind string, procs []Process) *AppServer {
	src := facts.ProcSource(p)
	s := &AppServer{Kind: kind, Master: fact.Known(p, src), Argv: p.Args}
	workers := children(procs, p.PID)
	s.Workers = fact.Known(workers, src)
	s.User = fact.Known(User{Name: b.userName(p.UID), UID: p.UID, GID: p.GID, Groups: p.Groups}, src)
	for _, w := range workers { // a master that is root drops to its user in the workers
		if p.UID == 0 && w.UID != 0 {
			s.User = fact.Known(User{Name: b.userName(w.UID), UID: w.UID, GID: w.GID, Groups: w.Groups}, facts.ProcSource(w))
		}
	}
	s.Cwd = fact.Known(p.Cwd, fact.Source{Where: src.Where, Text: "working directory " + p.Cwd, Ask: src.Ask})
	if p.Cwd == "" {
		s.Cwd = fact.Unknown[string](fact.Why{Text: "read the working directory of " + src.Where + ": permission denied", Hint: "run with sudo", Ask: src.Ask})
	}
	s.Listens = fact.Bind(b.sockets(), func(all []*Listener) fact.Of[[]*Listener] { return b.listens(all, append(workers, p)) })
	s.Container = container(p)
	name := serviceOf(p.Cgroup)
	if name == "" || s.Container != "" {
		s.Unit = fact.Absent[*Unit](fact.Source{Where: src.Where, Text: "control group " + p.Cgroup, Ask: src.Ask})
		return s
	}
	s.unitName = name
	s.Unit = fact.Bind(b.unit(name), func(u *Unit) fact.Of[*Unit] {
		if u.MainPID != p.PID && !runsServer(u.Loaded) { // supervisor.service and the like
			return fact.Absent[*Unit](fact.Source{Where: src.Where, Text: "started by " + name + ", which does not name it"})
		}
		u.CwdGone = strings.HasSuffix(p.Cwd, " (deleted)")
		return fact.Known(u)
	})
	return s
}

func runsServer(commands [][]string) bool {
	return slices.ContainsFunc(commands, func(c []string) bool { return serverKind(c) != "" })
}

// listens are the sockets of an app server; unknown when some socket's holders
// could not be read and none of the known ones is its own.
func (b *builder) listens(all []*Listener, procs []Process) fact.Of[[]*Listener] {
	out := b.heldBy(procs...)
	if len(out) > 0 {
		return fact.Known(out)
	}
	for _, l := range all {
		var n fact.Notes
		if _, state := l.Holders.Look(&n); state == fact.IsUnknown && l.stream() {
			return fact.Unknown[[]*Listener](n.Why())
		}
	}
	return fact.Known(out, fact.Source{Where: "listening sockets", Text: "the app server holds none", Ask: tape.Ask{Kind: tape.KindSockets}})
}

// containers are the marks that container engines leave in a cgroup path.
var containers = []struct {
	mark *regexp.Regexp
	name string
}{
	{regexp.MustCompile(`docker[-/]([0-9a-f]{12})`), "docker"},
	{regexp.MustCompile(`libpod-([0-9a-f]{12})`), "podman"},
	{regexp.MustCompile(`cri-containerd-([0-9a-f]{12})`), "containerd"},
	{regexp.MustCompile(`kubepods.*/([0-9a-f]{12})`), "kubernetes"},
	{regexp.MustCompile(`lxc[./]([^/]+)`), "lxc"},
	{regexp.MustCompile(`machine\.slice/(?:systemd-nspawn@|machine-)([^/]+)\.(?:service|scope)`), "nspawn"},
}

// container says in which container a process runs, "" for none.
func container(p Process) string {
	for _, c := range containers {
		if m := c.mark.FindStringSubmatch(p.Cgroup); m != nil {
			return c.name + " " + m[1]
		}
	}
	if p.PIDNS != "" {
		return "pid namespace " + p.PIDNS
	}
	return ""
}

// fromUnits adds the services that would run an app server and have no process.
func (b *builder) fromUnits(have []*AppServer) []*AppServer {
	units := map[string][]string{}
	loaded, state := b.f.Services().Look(&b.notes)
	if state == fact.IsUnknown {
		b.blind(b.lastWhy())
	}
	seen := map[string]bool{}
	for _, p := range loaded {
		seen[p["Id"]] = true
		for _, c := range p.Commands() {
			if serverKind(c) != "" {
				units[p["Id"]] = c
			}
		}
	}
	files, state := b.f.UnitFiles().Look(&b.notes)
	if state == fact.IsUnknown {
		b.blind(b.lastWhy())
	}
	for _, file := range files {
		name := path.Base(file)
		if strings.Contains(name, "@.") { // a template is no unit
			continue
		}
		var n fact.Notes
		text, s := b.f.File(file).Look(&n)
		if s == fact.IsKnown && !seen[name] && mentionsServer(text) {
			units[name] = []string{file}
		}
		// A masked unit is a link to /dev/null; nothing but a regular file is one
		// that systemd would load.
		if s == fact.IsUnknown && !seen[name] && !strings.HasSuffix(n.Why().Text, ": not a regular file") {
			b.blind(n.Why())
		}
	}
	for _, name := range sortedKeys(units) {
		if !slices.ContainsFunc(have, func(s *AppServer) bool { return s.unitName == name }) {
			if s := b.configured(name); s != nil {
				have = append(have, s)
			}
		}
	}
	return have
}

func mentionsServer(text string) bool {
	if strings.Contains(text, "gunicorn") {
		return true
	}
	for k := range kinds {
		if strings.Contains(text, k) {
			return true
		}
	}
	return false
}

// configured is the app server of a unit that has no process.
func (b *builder) configured(name string) *AppServer {
	s := &AppServer{unitName: name, Unit: b.unit(name)}
	procs := b.f.Procs()
	s.Master = fact.Bind(procs, func([]Process) fact.Of[Process] {
		return fact.Absent[Process](fact.Source{Where: "processes", Text: "none belongs to " + name, Ask: tape.Ask{Kind: tape.KindProcs}})
	})
	s.Workers = fact.Then(procs, func([]Process) []Process { return nil })
	s.Listens = fact.Bind(procs, func([]Process) fact.Of[[]*Listener] { return fact.Known[[]*Listener](nil) })
	var n fact.Notes
	u, state := s.Unit.Look(&n)
	if state != fact.IsKnown {
		s.Kind = "gunicorn"
		s.User, s.Cwd = fact.Unknown[User](n.Why()), fact.Unknown[string](n.Why())
		return s
	}
	s.Argv = u.argv()
	s.Kind = serverKind(s.Argv)
	if s.Kind == "" {
		return nil
	}
	s.User = b.user(u.userOrRoot())
	s.Cwd = fact.Known(u.folder(), fact.Source{Where: "systemctl show " + name, Text: "WorkingDirectory=" + u.WorkingDir})
	s.Idle = !u.Running() && u.Active != "failed" && u.Active != "activating" && (u.File == "disabled" || u.File == "masked" || u.File == "static" || u.File == "") && !u.SocketLive && !u.SocketBoot
	return s
}

// argv is what the unit would run: its file's words, or what systemd has loaded.
func (u *Unit) argv() []string {
	var n fact.Notes
	if t, s := u.Files.Look(&n); s == fact.IsKnown {
		for _, c := range t.Exec {
			if serverKind(c.Argv) != "" {
				return c.Argv
			}
		}
	}
	for _, c := range u.Loaded {
		if serverKind(c) != "" {
			return c
		}
	}
	return nil
}

func (u *Unit) userOrRoot() string {
	if u.User == "" {
		return "root"
	}
	return u.User
}

// folder is the working directory; systemd's default for a system service is /.
func (u *Unit) folder() string {
	if u.WorkingDir == "" {
		return "/"
	}
	return u.WorkingDir
}

// blind notes a place of discovery that could not be read, once.
func (b *builder) blind(why fact.Why) {
	if !slices.Contains(b.m.Blind, why) {
		b.m.Blind = append(b.m.Blind, why)
	}
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
