package model

import (
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/regex"
	"assay/internal/syntax/gunicorn"
	"assay/internal/tape"
)

// kinds are the WSGI and ASGI servers that discovery knows by their program.
// Only gunicorn and Flask's own server are audited; the others are shown.
var kinds = map[string]string{
	"flask": "flask-dev", "uwsgi": "uwsgi", "uwsgi-core": "uwsgi", "waitress-serve": "waitress",
	"hypercorn": "hypercorn", "uvicorn": "uvicorn", "granian": "granian",
}

var pythonName = regex.New(`^(python|pypy)[0-9.]*$`)

// serverKind says which app server a command line runs, "" for none.
func serverKind(args []string) string {
	if len(args) == 0 {
		return ""
	}
	if slices.ContainsFunc(args, func(a string) bool { return strings.Contains(a, "gunicorn") }) && gunicorn.ParseArgs(args, "").Is {
		return "gunicorn"
	}
	if parts := shellParts(args); len(parts) > 1 { // written as for a shell; what was meant is one of its commands
		for _, part := range parts {
			if k := serverKind(part); k != "" {
				return k
			}
		}
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

// shellWords are what stands between commands for a shell.
var shellWords = []string{"&&", "||", "|", "&", ";"}

// shellParts cuts a command line where a shell would.
func shellParts(args []string) [][]string {
	out := [][]string{nil}
	for _, a := range args {
		if slices.Contains(shellWords, a) {
			out = append(out, nil)
			continue
		}
		out[len(out)-1] = append(out[len(out)-1], a)
	}
	return out
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
		var r tape.HTTPReply
		var state fact.State
		b.f.Shaping(func() { r, state = b.f.HTTP(l.Endpoint(), "localhost", "/").Look(&b.notes) })
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

// sameKindParent: Werkzeug's reloader starts itself again, with a full path.
func (b *builder) sameKindParent(procs []Process, p Process, kind string) bool {
	i := slices.IndexFunc(procs, func(o Process) bool { return o.PID == p.PPID })
	return i >= 0 && (serverKind(procs[i].Args) == kind || kind == "flask-dev" && b.kindOf(procs[i]) == kind)
}

func runsServer(commands [][]string) bool {
	return slices.ContainsFunc(commands, func(c []string) bool { return serverKind(c) != "" })
}

// containers are the marks that container engines leave in a cgroup path.
var containers = []struct {
	mark *regex.Regex
	name string
}{
	{regex.New(`docker[-/]([0-9a-f]{12})`), "docker"},
	{regex.New(`libpod-([0-9a-f]{12})`), "podman"},
	{regex.New(`cri-containerd-([0-9a-f]{12})`), "containerd"},
	{regex.New(`kubepods.*/([0-9a-f]{12})`), "kubernetes"},
	{regex.New(`lxc[./]([^/]+)`), "lxc"},
	{regex.New(`machine\.slice/(?:systemd-nspawn@|machine-)([^/]+)\.(?:service|scope)`), "nspawn"},
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
