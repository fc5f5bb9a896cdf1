package model

import (
	"cmp"
	"errors"
	"path"
	"strconv"
	"strings"

	"assay/internal/fact"
	syntax "assay/internal/syntax/gunicorn"
	"assay/internal/tape"
)

// settings are gunicorn's settings without running anything: its command line,
// its environment, and what a literal reading of its file gives.
type settings struct {
	syntax.Settings
	conf   *syntax.Conf
	text   string // of that file
	env    fact.Of[map[string]EnvValue]
	src    fact.Source // of the command line
	hint   string      // what would let the configuration file be read
	loaded fact.Of[*App]
}

// readGunicorn fills in what the settings say: app, binds, workers.
func (b *builder) readGunicorn(s *AppServer) {
	if !s.Gunicorn() || s.Container != "" {
		s.Binds, s.Want = fact.Absent[[]Bind](), fact.Absent[int]()
		s.Preload, s.Shared = fact.Absent[bool](), fact.Absent[[]Shared]()
		return
	}
	g := b.gunicornSettings(s)
	s.settings = &g
	app := g.Resolve("wsgi_app", g.conf)
	if app.State == syntax.Literal && len(app.Values) > 0 {
		s.App = app.Values[0]
	} else if a, state := s.Loaded.Look(&b.notes); state == fact.IsKnown && a.Target != "" {
		s.App = a.Target
	}
	s.Binds = b.binds(s, g)
	s.Want = g.number("workers")
	s.Preload = fact.Then(g.resolve("preload_app"), func(v []string) bool { return len(v) > 0 && v[0] == "True" })
	s.Shared = b.shared(s, g)
	s.Chdir = b.chdir(s, g)
	s.keyFile, s.certFile = g.resolve("keyfile"), g.resolve("certfile")
	s.Cert = fact.Then(s.certFile, func(v []string) bool { return len(v) > 0 && v[0] != "" })
	s.errorFile = g.errorLogFile()
	var n fact.Notes
	if u, state := s.Unit.Look(&n); state == fact.IsKnown {
		s.socketUnits = u.listens
		b.errorLog(u, g)
		b.hindered(u, s)
		u.errorFile = g.resolve("errorlog")
	}
}

// errorLog finds the file to which gunicorn writes what would else stand in the
// journal; it is read only where there is something to explain.
func (b *builder) errorLog(u *Unit, g settings) {
	u.ErrorLog = fact.Absent[Journal]()
	var n fact.Notes
	v, state := g.resolve("errorlog").Look(&n)
	if state == fact.IsKnown && len(v) > 0 && path.IsAbs(v[0]) && (!u.Running() || u.Restarts > 0) {
		u.ErrorLog = b.logTail(v[0])
	}
}

// gunicornSettings takes the words that the process was started with; where a
// process title has replaced them, those of its unit.
func (b *builder) gunicornSettings(s *AppServer) settings {
	env := b.environment(s)
	var n fact.Notes
	vars, _ := env.Look(&n)
	cmdArgs := vars["GUNICORN_CMD_ARGS"].Value
	g := settings{Settings: syntax.ParseArgs(s.Argv, cmdArgs), env: env, loaded: s.Loaded}
	g.src = fact.Source{Where: "command line of " + s.displayName(), Text: strings.Join(s.Argv, " ")}
	if u, state := s.Unit.Look(&n); state == fact.IsKnown {
		if t, ts := u.Files.Look(&n); ts == fact.IsKnown {
			for _, c := range t.Exec {
				words := c.WithEnv(values(t.Env))
				if !syntax.ParseArgs(words, "").Is {
					continue
				}
				if g.Lost != "" || !g.Is {
					g.Settings = syntax.ParseArgs(words, cmdArgs)
				}
				g.src = fact.Source{Where: c.File, Line: c.Line, Text: "ExecStart=" + strings.Join(c.Argv, " ")}
			}
		}
	}
	g.conf = b.confFile(s, &g)
	return g
}

func (s *AppServer) displayName() string {
	if s.unitName != "" {
		return s.unitName
	}
	return s.Kind
}

// confFile reads gunicorn's configuration file as text. nil: there is none.
func (b *builder) confFile(s *AppServer, g *settings) *syntax.Conf {
	if g.Lost != "" || !g.Is {
		return nil
	}
	file, module, _ := g.ConfFile()
	if module != "" { // the folder that gunicorn works in comes first among the places of modules
		file = strings.ReplaceAll(module, ".", "/") + ".py"
	}
	var n fact.Notes
	if !path.IsAbs(file) {
		cwd, state := s.Cwd.Look(&n)
		if state != fact.IsKnown {
			g.hint = n.Why().Hint
			return &syntax.Conf{File: file, Err: errors.New(n.Why().Text)}
		}
		file = path.Join(strings.TrimSuffix(cwd, " (deleted)"), file)
	}
	text, state := b.f.File(file).Look(&n)
	switch state {
	case fact.IsUnknown:
		g.hint = n.Why().Hint
		return &syntax.Conf{File: file, Err: errors.New(n.Why().Text)}
	case fact.IsAbsent:
		if module != "" {
			g.hint = "name a file in its place: --config FILE"
			return &syntax.Conf{File: module, Err: errors.New("the configuration is the Python module " + module + ", and there is no " + file)}
		}
		return nil
	}
	c := syntax.ReadConf(text, file)
	g.text = text
	return &c
}

// source is where an effective value was set.
func (g settings) source(e syntax.Effective, name string) fact.Source {
	if e.Place.Kind == "conf" {
		return fact.Source{Where: e.Place.File, Line: e.Place.Line, Text: name + " = " + strings.Join(e.Values, ", "),
			Ask: tape.Ask{Kind: tape.KindFile, Name: e.Place.File}}
	}
	if e.Place.Kind == "GUNICORN_CMD_ARGS" {
		var n fact.Notes
		env, _ := g.env.Look(&n)
		if v := env["GUNICORN_CMD_ARGS"]; v.File != "" {
			return fact.Source{Where: v.File, Line: v.Line, Text: "GUNICORN_CMD_ARGS=" + v.Value, Ask: tape.Ask{Kind: tape.KindFile, Name: v.File}}
		}
	}
	return g.src
}

// resolve gives a setting's values with their source; gunicorn's default counts.
func (g settings) resolve(name string) fact.Of[[]string] {
	e := g.Resolve(name, g.conf)
	switch e.State {
	case syntax.Literal:
		return fact.Known(e.Values, g.source(e, name))
	case syntax.Absent:
		var n fact.Notes
		env, state := g.env.Look(&n)
		if state == fact.IsUnknown && (name == "bind" || name == "workers" || name == "forwarded_allow_ips") {
			return fact.Unknown[[]string](n.Why())
		}
		v, ok := syntax.Default(name, func(k string) (string, bool) { x, has := env[k]; return x.Value, has })
		if ok {
			return fact.Known([]string{v}, byDefault(name, v, env))
		}
	case syntax.Unknown:
		if v, ok := g.fromEnv(e); ok {
			return fact.Known([]string{v}, g.source(e, name))
		}
		if v, src, ok := g.worked(name); ok {
			return fact.Known(v, src)
		}
	}
	why := "read gunicorn's setting " + name + ": " + e.Why
	if e.Place.Kind == "conf" {
		why += " (" + e.Place.File + ":" + strconv.Itoa(e.Place.Line) + ")"
	}
	return fact.Unknown[[]string](fact.Why{Text: why, Hint: cmp.Or(g.hint, "the file is read, not run: a literal value there would be seen")})
}

// byDefault is where a setting that nothing sets has its value from: gunicorn
// itself, or the variable that it takes its default from.
func byDefault(name, v string, env map[string]EnvValue) fact.Source {
	key := syntax.DefaultVariable(name)
	if x, set := env[key]; set && key != "" {
		return fact.Source{Where: cmp.Or(x.File, "the environment"), Line: x.Line, Text: key + "=" + x.Value}
	}
	return fact.Source{Where: "gunicorn", Text: name + " is not set, so " + v}
}

// ByDefault says that gunicorn's own default is in force: nobody chose it.
func (s *AppServer) ByDefault(name string) bool {
	var n fact.Notes
	_, state := s.Setting(name).Look(&n)
	return state == fact.IsKnown && len(n.Sources) > 0 && n.Sources[0].Where == "gunicorn"
}

// fromEnv resolves os.environ.get("X", "y") where the environment is known.
func (g settings) fromEnv(e syntax.Effective) (string, bool) {
	var n fact.Notes
	env, state := g.env.Look(&n)
	if e.Conf.Env == "" || state != fact.IsKnown {
		return "", false
	}
	if v, ok := env[e.Conf.Env]; ok {
		return v.Value, true
	}
	if !e.Conf.HasFallback {
		return "", false
	}
	t := syntax.Texts(e.Conf.Fallback)
	return strings.Join(t, ","), len(t) > 0
}

// Setting is one of gunicorn's settings in effect; its own default counts.
func (s *AppServer) Setting(name string) fact.Of[[]string] {
	if s.settings == nil {
		return fact.Absent[[]string]()
	}
	return s.settings.resolve(name)
}

// Number is a setting that is a number.
func (s *AppServer) Number(name string) fact.Of[int] {
	if s.settings == nil {
		return fact.Absent[int]()
	}
	return s.settings.number(name)
}

func (g settings) number(name string) fact.Of[int] {
	return fact.Bind(g.resolve(name), func(v []string) fact.Of[int] {
		n, err := strconv.Atoi(v[len(v)-1])
		if err != nil {
			return fact.Unknown[int](fact.Why{Text: "read gunicorn's setting " + name + ": " + v[len(v)-1] + " is no number"})
		}
		return fact.Known(n)
	})
}

// binds are the addresses that gunicorn is told to listen on. A socket unit
// takes precedence over them (gunicorn/sock.py: LISTEN_FDS).
func (b *builder) binds(s *AppServer, g settings) fact.Of[[]Bind] {
	return fact.Then(g.resolve("bind"), func(list []string) []Bind {
		e := g.Resolve("bind", g.conf)
		src := g.source(e, "bind")
		if e.State == syntax.Absent {
			src = fact.Source{Where: "gunicorn", Text: "bind is not set"}
		}
		var out []Bind
		for _, v := range list {
			for one := range strings.SplitSeq(v, ",") {
				p := syntax.ParseBind(strings.TrimSpace(one))
				x := Bind{Addr: p.String(), Source: src, Problem: p.Problem, Default: src.Where == "gunicorn"}
				if p.Doubt != "" {
					x.Problem = p.Doubt
				}
				if p.Unix != "" && !path.IsAbs(p.Unix) {
					var n fact.Notes
					cwd, _ := s.Cwd.Look(&n)
					x.Addr = "unix:" + path.Join(cwd, p.Unix)
				}
				out = append(out, x)
			}
		}
		return out
	})
}

// chdir is where gunicorn goes before it loads the app.
func (b *builder) chdir(s *AppServer, g settings) fact.Of[string] {
	var n fact.Notes
	if v, state := g.resolve("chdir").Look(&n); state == fact.IsKnown && path.IsAbs(v[0]) {
		return fact.Known(v[0], n.Sources...)
	}
	return s.Cwd
}
