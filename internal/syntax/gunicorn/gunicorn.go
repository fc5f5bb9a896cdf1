// Package gunicorn reads how gunicorn is started, without starting it: command
// lines as argparse reads them, GUNICORN_CMD_ARGS, addresses, and what a
// gunicorn.conf.py says in literals (gunicorn 20.1 to 23: gunicorn/config.py,
// app/base.py, util.py).
package gunicorn

import (
	"strings"

	"assay/internal/regex"
)

// Place is where a value came from.
type Place struct {
	Kind  string // "argv", "GUNICORN_CMD_ARGS", "conf"
	Index int    // of the word in argv (for a `sh -c` line: of that one word), or in GUNICORN_CMD_ARGS
	File  string // of the configuration file
	Line  int
}

// Value is a setting as text: a flag is "True", --no-sendfile "False".
type Value struct {
	Text string
	// Variables: the text stood in a shell line or unit and still holds $X.
	Variables bool
	Place     Place
}

// Settings is what one command line sets. Names are those of the settings, as in
// gunicorn.conf.py: bind, workers, worker_class, preload_app, accesslog, raw_env.
type Settings struct {
	Is     bool   // the command is gunicorn
	Lost   string // not "": why the arguments cannot be known; then Options says nothing
	Role   string // "master" or "worker", if the process title tells
	App    Target // of the command line; zero if it names none (then wsgi_app of the conf file counts)
	Chdir  string // folder of a `cd X &&` in front, in a shell line
	Python string // the interpreter, if the command names one
	// Options are the values in force; a command line's bind replaces all of
	// GUNICORN_CMD_ARGS, it does not add to them.
	Options  map[string][]Value
	Problems []string // what argparse would refuse
}

// Get is the last value of a setting.
func (s Settings) Get(name string) (Value, bool) {
	v := s.Options[name]
	if len(v) == 0 {
		return Value{}, false
	}
	return v[len(v)-1], true
}

// ConfFile is the configuration file that gunicorn reads: path is as written
// (relative ones start from the working folder of the process, before --chdir),
// module is set instead for `python:MODULE`. Nothing given: ./gunicorn.conf.py,
// which may be missing.
func (s Settings) ConfFile() (file, module string, given bool) {
	v, ok := s.Get("config")
	if !ok {
		return "./gunicorn.conf.py", "", false
	}
	if m, isMod := strings.CutPrefix(v.Text, "python:"); isMod {
		return "", m, true
	}
	return strings.TrimPrefix(v.Text, "file:"), "", true
}

var title = regex.New(`^gunicorn: (master|worker) \[(.*)\]`)

// ParseArgs reads the command line of a process or of a unit, and the value of
// GUNICORN_CMD_ARGS ("" if not set). It sees through python, python -m, env, sh
// -c, poetry, uv, newrelic-admin and the like. With setproctitle installed a
// process says only "gunicorn: master [wsgi:app]": then Lost is set; the name in
// the brackets may also be that of --name.
func ParseArgs(argv []string, env string) Settings {
	s := Settings{Options: map[string][]Value{}}
	if len(argv) > 0 {
		if m := title.FindStringSubmatch(argv[0]); m != nil {
			s.Is, s.Role = true, m[1]
			s.Lost = "the process title (setproctitle) has replaced the arguments"
			return s
		}
	}
	words := make([]word, len(argv))
	for i, a := range argv {
		words[i] = word{a, i, false}
	}
	rest, ok := s.unwrap(words, 0)
	if !ok {
		return s
	}
	s.Is = true
	p := parser{s: &s, kind: "argv"}
	s.App = p.parse(rest)
	own := s.Options
	s.Options = map[string][]Value{}
	p = parser{s: &s, kind: "GUNICORN_CMD_ARGS"}
	p.parse(plain(shellWords(env)))
	for name, v := range own {
		s.Options[name] = v
	}
	return s
}
