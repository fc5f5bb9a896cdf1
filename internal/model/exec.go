package model

import (
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/syntax/gunicorn"
	"assay/internal/syntax/netfiles"
	syntax "assay/internal/syntax/unit"
	"assay/internal/tape"
)

// ExecContext is what a unit needs in order to start, each part looked at as
// the service's own user.
type ExecContext struct {
	User        fact.Of[User] // Absent: there is no such account
	Program     string
	ProgramAt   fact.Source
	Runs        fact.Of[tape.AccessReport] // may the user execute the program
	Interpreter string                     // of the program's first line, "" when it is no script
	Interprets  fact.Of[tape.AccessReport]
	Folder      string
	Enters      fact.Of[tape.AccessReport] // may the user enter the working directory
	EnvFiles    []EnvFile
	SocketIn    string                     // the folder of the unix socket that gunicorn is told to make, "" without one
	Makes       fact.Of[tape.AccessReport] // may the user make files in SocketIn
	Path        fact.Of[EnvValue]          // the variable PATH; Absent: systemd's own default
	Venvs       fact.Of[[]string]          // virtual environments in the working directory, or beside it
	Made        fact.Of[VenvPython]        // Absent: the program is of no virtual environment, or of a sound one
	Missed      string                     // the module that the app does not find, "" where it finds all
	HasMissed   string                     // the virtual environment that has it
	Evident     Evident
}

// EnvFile is one EnvironmentFile=.
type EnvFile struct {
	Path     string
	Optional bool // "-" in front
	Stat     fact.Of[tape.Stat]
	Others   fact.Of[tape.AccessReport] // may a user read it who has nothing to do with the app
	Source   fact.Source
}

// ExecSubject is a unit's surroundings as a subject.
type ExecSubject struct{ *Unit }

// Node is below the unit's own.
func (e ExecSubject) Node() Node { return e.ExecNode() }

func (b *builder) execContext(u *Unit) ExecContext {
	c := ExecContext{User: b.serviceUser(u), Folder: u.folder()}
	c.Venvs = b.venvs(c.Folder, "")
	var n fact.Notes
	t, state := u.Files.Look(&n)
	if state != fact.IsKnown || len(t.Exec) == 0 {
		c.Path = fact.Unknown[EnvValue](n.Why())
		return c
	}
	first := t.Exec[0]
	c.Program = first.Path
	if strings.HasPrefix(c.Program, "/usr/") {
		c.Venvs = b.venvs(c.Folder, path.Base(c.Program))
	}
	c.ProgramAt = fact.Source{Where: first.File, Line: first.Line, Text: "ExecStart=" + strings.Join(first.Argv, " ")}
	c.EnvFiles = b.envFiles(u, t)
	c.Path = fact.Absent[EnvValue](fact.Source{Where: u.Fragment, Text: "PATH is not set: systemd's default"})
	if v, ok := t.Env["PATH"]; ok {
		c.Path = fact.Known(v, fact.Source{Where: v.File, Line: v.Line, Text: "PATH=" + v.Value})
	}
	c.Enters = b.asService(c, c.Folder, "x")
	if !path.IsAbs(c.Program) {
		b.f.Leaf(func() { c.Evident = b.evident(u, t, c) })
		return c
	}
	c.Runs = b.asService(c, c.Program, "x")
	b.interpreter(&c)
	c.Made = b.madeFor(c)
	b.astray(u, &c)
	b.f.Leaf(func() { c.Evident = b.evident(u, t, c) })
	if bind, ok := gunicorn.ParseArgs(first.WithEnv(values(t.Env)), "").Get("bind"); ok {
		if p := gunicorn.ParseBind(bind.Text); path.IsAbs(p.Unix) {
			c.SocketIn = path.Dir(p.Unix)
			c.Makes = b.asService(c, c.SocketIn, "w")
		}
	}
	return c
}

// serviceUser is the unit's account. With DynamicUser= systemd makes one up at
// each start, which no file names: then it is the running process's.
func (b *builder) serviceUser(u *Unit) fact.Of[User] {
	if !u.Dynamic {
		return b.asUnit(u)
	}
	return fact.Bind(b.f.Procs(), func(procs []Process) fact.Of[User] {
		for _, p := range procs {
			if p.PID == u.MainPID && p.PID != 0 {
				return fact.Known(User{Name: u.userOrRoot(), UID: p.UID, GID: p.GID, Groups: p.Groups}, facts.ProcSource(p))
			}
		}
		return fact.Unknown[User](fact.Why{Text: "look up the user of " + u.Name + ": systemd makes it up at each start (DynamicUser=), and it does not run"})
	})
}

// asUnit is the unit's account with the groups that systemd gives it: Group=
// takes the place of the account's own, which the service is then not in, and
// SupplementaryGroups= come on top (systemd.exec(5)).
func (b *builder) asUnit(u *Unit) fact.Of[User] {
	return fact.Bind(b.user(u.userOrRoot()), func(who User) fact.Of[User] {
		return fact.Bind(b.f.Accounts(), func(db netfiles.Accounts) fact.Of[User] {
			own := who.GID
			var also []int
			for _, name := range append([]string{u.Group}, u.Supplementary...) {
				g, ok := db.Group(name)
				if name == "" || !ok { // a group that is not there keeps the service from its start, which says so
					continue
				}
				if name == u.Group {
					who.GID = g.GID
				}
				also = append(also, g.GID)
			}
			if who.GID != own {
				who.Groups = slices.DeleteFunc(slices.Clone(who.Groups), func(g int) bool { return g == own })
			}
			for _, g := range also {
				if !slices.Contains(who.Groups, g) {
					who.Groups = append(who.Groups, g)
				}
			}
			slices.Sort(who.Groups)
			return fact.Known(who)
		})
	})
}

// asService asks the kernel what the service's user may do with a path.
func (b *builder) asService(c ExecContext, file, want string) fact.Of[tape.AccessReport] {
	return fact.Bind(c.User, func(u User) fact.Of[tape.AccessReport] {
		id := tape.Identity{UID: u.UID, GID: u.GID, Groups: u.Groups}
		return b.f.Access(file, want, id)
	})
}

// interpreter reads the program's first line: a console script of a virtual
// environment names the environment's python there.
func (b *builder) interpreter(c *ExecContext) {
	var n fact.Notes
	text, state := b.f.Head(c.Program).Look(&n)
	if state == fact.IsUnknown {
		c.Interpreter, c.Interprets = c.Program, fact.Unknown[tape.AccessReport](n.Why())
		return
	}
	if state != fact.IsKnown || !strings.HasPrefix(text, "#!") {
		return
	}
	line, _, _ := strings.Cut(text[2:], "\n")
	words := strings.Fields(line)
	if len(words) == 0 || !path.IsAbs(words[0]) {
		return
	}
	c.Interpreter = words[0]
	c.Interprets = b.asService(*c, words[0], "x")
}

// stranger is a user who is in no group and owns nothing.
var stranger = tape.Identity{UID: 65534, GID: 65534, Groups: []int{65534}}

func (b *builder) envFiles(u *Unit, t UnitText) []EnvFile {
	var out []EnvFile
	for _, s := range t.All("Service", "EnvironmentFile") {
		p, optional := syntax.EnvironmentFile(s, syntax.Names{Unit: u.Name, Host: b.m.Machine.Hostname})
		if strings.ContainsAny(p, "*?[") {
			continue
		}
		out = append(out, EnvFile{Path: p, Optional: optional, Stat: b.f.Stat(p, false), Others: b.f.Access(p, "r", stranger),
			Source: fact.Source{Where: s.File, Line: s.Line, Text: "EnvironmentFile=" + s.Value}})
	}
	return out
}

// venvs are the virtual environments in the app's folder, and those beside it
// that have the program.
func (b *builder) venvs(folder, program string) fact.Of[[]string] {
	if folder == "/" {
		return fact.Known[[]string](nil)
	}
	patterns := []string{path.Join(folder, "*/pyvenv.cfg"), path.Join(folder, ".venv/pyvenv.cfg")}
	if up := path.Dir(folder); program != "" && strings.Count(up, "/") > 1 {
		patterns = append(patterns, path.Join(up, "*/bin", program), path.Join(up, ".venv/bin", program))
	}
	out := fact.Known[[]string](nil)
	for _, p := range patterns {
		out = fact.Bind(out, func(have []string) fact.Of[[]string] {
			return fact.Then(b.f.Glob(p), func(found []string) []string {
				for _, file := range found {
					root := path.Dir(file)
					if path.Base(file) != "pyvenv.cfg" {
						root = path.Dir(root)
					}
					if !slices.Contains(have, root) {
						have = append(have, root)
					}
				}
				return have
			})
		})
	}
	return out
}

// socketAddresses reads the Listen property: "/run/x.sock (Stream)".
func socketAddresses(listen string) []string {
	var out []string
	for l := range strings.Lines(listen) {
		addr, kind, _ := strings.Cut(strings.TrimSpace(l), " (")
		switch {
		case !strings.HasPrefix(kind, "Stream"):
		case path.IsAbs(addr):
			out = append(out, "unix:"+addr)
		default:
			out = append(out, strings.Replace(addr, "[::]:", "0.0.0.0:", 1))
		}
	}
	return out
}

// Execs are the units' surroundings.
func (d *Deployment) Execs() fact.Of[[]ExecSubject] {
	return fact.Then(d.Units(), func(l []*Unit) []ExecSubject {
		var out []ExecSubject
		for _, u := range l {
			out = append(out, ExecSubject{u})
		}
		return out
	})
}
