package host

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"assay/internal/tape"
)

// probeScript is run by the service's own interpreter.
//
//go:embed probe/probe.py
var probeScript string

// probeCode stands before it.
//
//go:embed probe/code.py
var probeCode string

// service is how an app is started.
type service struct {
	argv []string
	env  []string
	dir  string
	pid  int // whose view of the disk it has; 0: ours
}

// app loads an app once, in the sandbox, and says what it became.
func (l *local) app(ctx context.Context, a tape.Ask) tape.Answer {
	deed := "load the app of " + short(a.Name)
	if l.opt.NoImport {
		return hinted(unseen(deed, "turned off with --no-import"), "run without --no-import")
	}
	if !l.root {
		return hinted(unseen(deed, "the sandbox needs root"), sudo)
	}
	id, err := tape.ParseIdentity(a.As)
	if err != nil || id.UID < 0 || id.GID < 0 || len(id.Groups) > 64 {
		return unseen(deed, "no identity is given")
	}
	s, v := l.service(ctx, a, deed)
	if v.Status == tape.Unseen {
		return v
	}
	cellOf, v := l.cell(ctx, s, id, a.Arg, deed)
	if v.Status == tape.Unseen {
		return v
	}
	p, err := imprison(ctx, cellOf)
	if err != nil {
		return unsealed(deed, err)
	}
	r := result(p)
	r.Nobody = id.UID == 0
	key := rawOf(r, "SECRET_KEY")
	if r.Error == nil && r.Ended == "" && key != "" && !placed(r, "SECRET_KEY") {
		r.Again = l.again(ctx, cellOf, key)
	}
	l.keep(a.Name, r)
	return tape.Encode(r)
}

// again imports once more: a key that stands nowhere may be made at import.
func (l *local) again(ctx context.Context, c cell, key string) string {
	p, err := imprison(ctx, c)
	if err != nil {
		return ""
	}
	switch second := rawOf(result(p), "SECRET_KEY"); second {
	case "":
		return ""
	case key:
		return "same"
	}
	return "different"
}

// service finds out how the app is started, from the process or from its unit.
func (l *local) service(ctx context.Context, a tape.Ask, deed string) (service, tape.Answer) {
	var s service
	f := strings.Fields(a.Name)
	if len(f) != 2 && len(f) != 4 {
		return s, unseen(deed, "no such service")
	}
	for i := 0; i < len(f); i += 2 {
		switch f[i] {
		case "pid":
			pid, err := strconv.Atoi(f[i+1])
			if err != nil || pid <= 1 {
				return s, unseen(deed, "not a process id")
			}
			if v := l.serviceOfProcess(&s, pid, deed); v.Status == tape.Unseen {
				return s, v
			}
		case "unit":
			if !unitName.MatchString(f[i+1]) {
				return s, unseen(deed, "not a unit's name")
			}
			u, why := serviceOfUnit(ctx, l, f[i+1])
			if why != "" {
				return s, unseen(deed, why)
			}
			s.argv = u.Argv
			if s.pid == 0 {
				s.env, s.dir = u.Env, u.Dir
			}
		default:
			return s, unseen(deed, "no such service")
		}
	}
	return s, tape.Answer{Status: tape.Seen}
}

func (l *local) serviceOfProcess(s *service, pid int, deed string) tape.Answer {
	dir := fmt.Sprintf("/proc/%d", pid)
	b, err := readProc(dir+"/cmdline", 128<<10)
	if err != nil {
		return l.gone(deed, err)
	}
	env, err := readProc(dir+"/environ", tape.MaxFile)
	if err != nil {
		return l.gone(deed, err)
	}
	vars, ok := splitEnviron(string(env))
	if !ok {
		return unseen(deed, "the process has written its title over its environment")
	}
	cwd, err := os.Readlink(dir + "/cwd")
	if err != nil {
		return l.gone(deed, err)
	}
	s.argv, s.env, s.dir, s.pid = splitArgs(b), vars, cwd, pid
	return tape.Answer{Status: tape.Seen}
}

// gone: a process that has ended meanwhile leaves us without an answer, not
// with the answer that there is none.
func (l *local) gone(deed string, err error) tape.Answer {
	return hinted(unseen(deed, cause(err)), l.sudoHint())
}

// cell says who runs what: the service's interpreter, and for a service that
// is root nobody, since nothing of an app runs as root.
func (l *local) cell(ctx context.Context, s service, id tape.Identity, target, deed string) (cell, tape.Answer) {
	c := cell{Enter: s.pid, UID: id.UID, GID: id.GID, Groups: id.Groups, Dir: strings.TrimSuffix(s.dir, " (deleted)"),
		Env: s.env, Memory: memoryFor(), Seconds: l.opt.AppSeconds}
	if strings.HasSuffix(s.dir, " (deleted)") {
		return c, unseen(deed, "its working folder "+c.Dir+" was deleted")
	}
	if c.UID == 0 {
		n := nobody()
		c.UID, c.GID, c.Groups = n.uid, n.gid, nil
	}
	w, why := l.words(ctx, s, target)
	if why != "" {
		return c, unseen(deed, why)
	}
	c.Program, c.Argv = w.python, []string{w.python, "-c", probeCode + probeScript}
	secret, plain := tape.SecretNames()
	job, err := json.Marshal(map[string]any{"out": toldFD, "server": w.server, "argv": w.argv, "first": w.first, "target": target,
		"secret_name": secret, "plain_name": plain, "nobody": id.UID == 0})
	if err != nil {
		return c, unseen(deed, err.Error())
	}
	c.Job = job
	return c, tape.Answer{Status: tape.Seen}
}

// words is a command line as the probe needs it.
type words struct {
	python string   // the interpreter, absolute
	server string   // gunicorn, flask, or "" for a bare target
	argv   []string // the server's own words, its program first
	first  string   // what Python puts first on its path: the script's folder, or the working one
}

var (
	pythonName = regexp.MustCompile(`^(python|pypy)[0-9.]*$`)
	serverName = regexp.MustCompile(`^(gunicorn|flask)([0-9.-]*)$`)
	// longShebang is how pip writes an interpreter that is too long for #!.
	longShebang = regexp.MustCompile(`(?s)^#!/bin/sh\n'''exec' "?([^"\s]+)"? "\$0"`)
)

// words understands [python [options]] program words..., python -m gunicorn,
// and a program with its interpreter in its first line.
func (l *local) words(ctx context.Context, s service, target string) (words, string) {
	argv := s.argv
	for len(argv) > 0 && !pythonName.MatchString(path.Base(argv[0])) && !serverName.MatchString(path.Base(argv[0])) {
		argv = argv[1:] // env, poetry run, newrelic-admin run-program ...
	}
	if len(argv) == 0 {
		return words{}, "its command line names neither Python nor a server of Python's: " + short(strings.Join(s.argv, " "))
	}
	w := words{first: s.dir}
	if pythonName.MatchString(path.Base(argv[0])) {
		w.python = argv[0]
		argv = argv[1:]
		for len(argv) > 0 && strings.HasPrefix(argv[0], "-") && argv[0] != "-m" {
			if argv[0] == "-c" {
				return w, "its interpreter was given its program as text"
			}
			skip := 1
			if argv[0] == "-W" || argv[0] == "-X" {
				skip = 2
			}
			argv = argv[min(skip, len(argv)):]
		}
		if len(argv) > 1 && argv[0] == "-m" {
			argv = argv[1:]
		} else if len(argv) > 0 {
			w.first = path.Dir(absolute(argv[0], s.dir))
		}
	}
	if len(argv) > 0 {
		if m := serverName.FindStringSubmatch(path.Base(argv[0])); m != nil {
			w.server, w.argv = m[1], argv
		}
	}
	if w.server == "" && target == "" {
		return w, "how " + short(strings.Join(s.argv, " ")) + " finds its app is not known"
	}
	if w.python == "" {
		program := inPath(argv[0], s)
		w.first = path.Dir(program)
		w.python = l.shebang(ctx, program)
		if w.python == "" {
			return w, "the interpreter of " + short(program) + " could not be read"
		}
		if name, ok := strings.CutPrefix(w.python, "env "); ok {
			w.python = name
		}
	}
	w.python = inPath(w.python, s)
	if !path.IsAbs(w.python) {
		return w, "its interpreter " + short(w.python) + " is not in its PATH"
	}
	return w, ""
}

func absolute(p, dir string) string {
	if path.IsAbs(p) {
		return path.Clean(p)
	}
	return path.Join(dir, p)
}

// inPath finds a program as execvp does, in the service's own PATH.
func inPath(name string, s service) string {
	if strings.Contains(name, "/") {
		return absolute(name, s.dir)
	}
	search := "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	for _, v := range s.env {
		if p, ok := strings.CutPrefix(v, "PATH="); ok {
			search = p
		}
	}
	root := ""
	if s.pid != 0 {
		root = fmt.Sprintf("/proc/%d/root", s.pid)
	}
	for _, dir := range filepath.SplitList(search) {
		p := path.Join(absolute(cmp.Or(dir, "."), s.dir), name)
		if fi, err := os.Stat(root + p); err == nil && fi.Mode().IsRegular() && fi.Mode()&0o111 != 0 {
			return p
		}
	}
	return name
}

// shebang is the interpreter that a script names: "/srv/venv/bin/python3", or
// "env python3".
func (l *local) shebang(ctx context.Context, file string) string {
	v := l.file(ctx, tape.Ask{Kind: tape.KindFile, Name: file, Arg: "head"})
	if v.Status != tape.Seen {
		return ""
	}
	if m := longShebang.FindStringSubmatch(v.Body); m != nil {
		return m[1]
	}
	line, _, _ := strings.Cut(v.Body, "\n")
	f := strings.Fields(strings.TrimPrefix(line, "#!"))
	if !strings.HasPrefix(line, "#!") || len(f) == 0 {
		return ""
	}
	if path.Base(f[0]) == "env" && len(f) > 1 {
		return "env " + f[len(f)-1]
	}
	return f[0]
}

// result reads what the probe told: a line for each stage, then one with all.
func result(p prisoner) tape.App {
	var r tape.App
	stage, target := "start", ""
	for _, line := range p.lines {
		var x struct {
			At      string
			Target  string
			Refused *tape.Refusal
			Result  *tape.App
		}
		if json.Unmarshal(line, &x) != nil {
			continue
		}
		if x.At != "" {
			stage, target = x.At, cmp.Or(x.Target, target)
		}
		if x.Refused != nil && stage != "done" {
			r.Refused = append(r.Refused, *x.Refused)
		}
		if x.Result != nil {
			r = *x.Result
			stage = "done"
		}
	}
	r.Stage = stage
	r.Target = cmp.Or(r.Target, target)
	if stage != "done" {
		r.Ended = cmp.Or(p.ended, fmt.Sprintf("it ended its own process with status %d", p.exit))
		if p.cut {
			r.Ended = "it told more than is read"
		}
	}
	if r.Ended != "" || r.Error != nil {
		r.Stderr = p.stderr[max(0, len(p.stderr)-4096):]
	}
	return r
}

// rawOf is a setting's text before it is hidden.
func rawOf(r tape.App, key string) string {
	for _, c := range r.Config {
		if c.Key == key {
			return c.Raw + c.B64
		}
	}
	return ""
}

func placed(r tape.App, key string) bool {
	return slices.ContainsFunc(r.Config, func(c tape.AppSetting) bool { return c.Key == key && len(c.From) > 0 })
}

// keep hides what must not come out, and keeps for the length of the visit what
// later asks refer to: "pid 812/config/SECRET_KEY", "pid 812/engine/default".
func (l *local) keep(name string, r tape.App) {
	for i := range r.Config {
		l.hide(name, &r.Config[i], r.Config[i].Key)
	}
	for i := range r.Engines {
		e := &r.Engines[i]
		l.vault.put(name+"/engine/"+e.Bind, e.Raw)
		e.Raw = ""
	}
	if r.App != nil {
		l.hide(name, &r.App.Debug, "DEBUG")
		l.hide(name, &r.App.Testing, "TESTING")
	}
}

func (l *local) hide(name string, c *tape.AppSetting, key string) {
	if c.Raw != "" {
		l.vault.put(name+"/config/"+key, held(*c))
		switch {
		case c.URL != "":
			if u, err := url.Parse(c.Raw); err == nil {
				c.Secret, _ = u.User.Password()
			}
		case tape.IsSecret(key):
			c.Secret = c.Raw
		}
		c.Raw, c.B64 = "", ""
	}
	for k, item := range c.Items {
		l.hide(name, &item, key+"/"+k)
		c.Items[k] = item
	}
}

// held is a setting's value as the app has it: bytes need not be text.
func held(c tape.AppSetting) string {
	if b, err := base64.StdEncoding.DecodeString(c.B64); err == nil && c.B64 != "" {
		return string(b)
	}
	return c.Raw
}
