// Package gunicorn reads how gunicorn is started, without starting it: command
// lines as argparse reads them, GUNICORN_CMD_ARGS, addresses, and what a
// gunicorn.conf.py says in literals (gunicorn 20.1 to 23: gunicorn/config.py,
// app/base.py, util.py).
package gunicorn

import (
	"path"
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

// Target is the application: "wsgi:app", "shop:create_app('x')", "wsgi".
type Target struct {
	Module string // dotted name
	Attr   string // name in it; "application" if none is given
	Call   bool   // Attr is called
	Args   string // text between the parentheses
	Place  Place
}

// String is the target as gunicorn takes it.
func (t Target) String() string {
	switch {
	case t.Module == "":
		return ""
	case t.Call:
		return t.Module + ":" + t.Attr + "(" + t.Args + ")"
	}
	return t.Module + ":" + t.Attr
}

// ParseTarget reads MODULE[:NAME[(ARGS)]] (gunicorn/util.py, import_app).
func ParseTarget(s string) Target {
	t := Target{Attr: "application"}
	var attr string
	var has bool
	t.Module, attr, has = strings.Cut(s, ":")
	if has {
		t.Attr = strings.TrimSpace(attr)
	}
	if i := strings.IndexByte(t.Attr, '('); i >= 0 && strings.HasSuffix(t.Attr, ")") {
		t.Args, t.Attr, t.Call = t.Attr[i+1:len(t.Attr)-1], strings.TrimSpace(t.Attr[:i]), true
	}
	return t
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

// word is a word of the command line and its place there.
type word struct {
	text  string
	at    int
	shell bool // of a `sh -c` line
}

func plain(texts []string) []word {
	var out []word
	for i, t := range texts {
		out = append(out, word{t, i, false})
	}
	return out
}

var (
	isPython   = regex.New(`^(python|pypy)[0-9.]*$`)
	isGunicorn = regex.New(`^gunicorn(3|-?[0-9.]+|_paster)?(\.exe)?$`)
	isShell    = regex.New(`^(ba|da|z|k)?sh$`)
	assignment = regex.New(`^[A-Za-z_]\w*=`)
	// runners run the command that follows their own words and options.
	runners = regex.New(`^(poetry|uv|uvx|pipenv|pdm|hatch|rye|conda|micromamba|newrelic-admin|ddtrace-run|opentelemetry-instrument|scout-apm|nohup|nice|ionice|setsid|exec|command|time|timeout|stdbuf|dumb-init|tini|catchsegv|sudo|runuser|setpriv|chpst|softlimit|authbind|doppler|dotenv|infisical|chamber|aws-vault|op|taskset|numactl|systemd-run|strace|flock|honcho|supervise|envdir|jemalloc\.sh)$`)
)

// unwrap returns the words behind the one that is gunicorn.
func (s *Settings) unwrap(w []word, depth int) ([]word, bool) {
	for len(w) > 0 && assignment.MatchString(w[0].text) {
		w = w[1:]
	}
	if len(w) == 0 || depth > 8 {
		return nil, false
	}
	name := path.Base(w[0].text)
	switch {
	case isGunicorn.MatchString(name):
		return w[1:], true
	case isPython.MatchString(name):
		s.Python = w[0].text
		return s.python(w[1:], depth)
	case isShell.MatchString(name):
		return s.shell(w[1:], depth)
	case name == "env" || runners.MatchString(name):
		for i := 1; i < len(w); i++ {
			n := path.Base(w[i].text)
			if name == "env" && (w[i].text == "-S" || w[i].text == "--split-string") && i+1 < len(w) {
				return s.unwrap(inner(w[i+1]), depth+1)
			}
			if isGunicorn.MatchString(n) || isPython.MatchString(n) || isShell.MatchString(n) || n == "env" || runners.MatchString(n) {
				if rest, ok := s.unwrap(w[i:], depth+1); ok {
					return rest, true
				}
			}
		}
	}
	return nil, false
}

// python reads the interpreter's own options (python 3.13, Modules/main.c).
func (s *Settings) python(w []word, depth int) ([]word, bool) {
	for i := 0; i < len(w); i++ {
		t := w[i].text
		switch {
		case strings.HasPrefix(t, "-m"):
			mod := t[2:]
			if mod == "" && i+1 < len(w) {
				i++
				mod = w[i].text
			}
			if mod == "gunicorn" || mod == "gunicorn.app.wsgiapp" || mod == "gunicorn.__main__" {
				return w[i+1:], true
			}
			return s.unwrap(append([]word{{"command", 0, false}}, w[i+1:]...), depth+1)
		case strings.HasPrefix(t, "-c"):
			return nil, false
		case t == "-W" || t == "-X" || t == "--check-hash-based-pycs":
			i++
		case strings.HasPrefix(t, "-"):
		default:
			return s.unwrap(w[i:], depth+1)
		}
	}
	return nil, false
}

// shell reads `sh -c LINE`: the first of its commands that is gunicorn.
func (s *Settings) shell(w []word, depth int) ([]word, bool) {
	for i, x := range w {
		if !strings.HasPrefix(x.text, "-") {
			return nil, false // a script: its text is not here
		}
		if !strings.HasPrefix(x.text, "--") && strings.Contains(x.text, "c") && i+1 < len(w) {
			var cmd []word
			for _, y := range append(inner(w[i+1]), word{";", 0, true}) {
				if y.text != "&&" && y.text != ";" && y.text != "||" && y.text != "|" && y.text != "\n" && y.text != "&" {
					cmd = append(cmd, y)
					continue
				}
				if len(cmd) > 1 && cmd[0].text == "cd" {
					s.Chdir = cmd[1].text
				}
				if rest, ok := s.unwrap(cmd, depth+1); ok {
					return redirects(rest), true
				}
				cmd = nil
			}
			return nil, false
		}
	}
	return nil, false
}

// redirects cuts `> file 2>&1` off a shell command.
func redirects(w []word) []word {
	for i, x := range w {
		if strings.HasPrefix(strings.TrimLeft(x.text, "012&"), ">") || strings.HasPrefix(x.text, "<") {
			return w[:i]
		}
	}
	return w
}

func inner(line word) []word {
	var out []word
	for _, t := range shellWords(line.text) {
		out = append(out, word{t, line.at, true})
	}
	return out
}

// shellWords splits as a POSIX shell does, quotes and backslashes resolved;
// operators ; & | and line ends are words. An open quote ends with the text.
func shellWords(text string) []string {
	var out []string
	var b strings.Builder
	in := false
	flush := func() {
		if in {
			out = append(out, b.String())
		}
		b.Reset()
		in = false
	}
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\'':
			end := strings.IndexByte(text[i+1:], '\'')
			if end < 0 {
				end = len(text) - i - 1
			}
			b.WriteString(text[i+1 : i+1+end])
			i, in = i+1+end, true
		case c == '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' && i+1 < len(text) && strings.IndexByte("\"\\$`", text[i+1]) >= 0 {
					i++
				}
				b.WriteByte(text[i])
			}
			in = true
		case c == '\\' && i+1 < len(text):
			i++
			if text[i] != '\n' {
				b.WriteByte(text[i])
				in = true
			}
		case c == ' ' || c == '\t' || c == '\r':
			flush()
		case c == '\n' || c == ';' || c == '|' || c == '&' && !strings.HasSuffix(b.String(), ">"):
			flush()
			op := string(c)
			if i+1 < len(text) && text[i+1] == c && c != '\n' && c != ';' {
				op += op
				i++
			}
			out = append(out, op)
		default:
			b.WriteByte(c)
			in = true
		}
	}
	flush()
	return out
}

type parser struct {
	s    *Settings
	kind string
}

// parse does what argparse does with gunicorn's options: long words may be
// shortened, "=" or the next word gives the value, short flags may be joined.
func (p parser) parse(w []word) Target {
	var app Target
	for i := 0; i < len(w); i++ {
		t := w[i].text
		switch {
		case t == "--":
			if i+1 < len(w) && app.Module == "" {
				app = p.target(w[i+1])
			}
			return app
		case len(t) < 2 || t[0] != '-':
			if app.Module == "" {
				app = p.target(w[i])
			}
		case strings.HasPrefix(t, "--"):
			name, value, has := strings.Cut(t, "=")
			o, ok := lookup(name)
			if !ok {
				p.s.Problems = append(p.s.Problems, "unknown option "+name)
				// its value follows, unless that is the last word and looks like the app
				if next := i + 1; !has && next < len(w) && !strings.HasPrefix(w[next].text, "-") && (app.Module != "" || next < len(w)-1) {
					i = next
				}
				continue
			}
			i = p.value(o, w, i, value, has)
		default:
			i = p.short(w, i)
		}
	}
	return app
}

func (p parser) target(w word) Target {
	t := ParseTarget(w.text)
	t.Place = Place{Kind: p.kind, Index: w.at}
	return t
}

// short reads -b X, -bX, -b=X and joined flags like -DR.
func (p parser) short(w []word, i int) int {
	t := w[i].text
	for j := 1; j < len(t); j++ {
		o, ok := lookup("-" + t[j:j+1])
		if !ok {
			p.s.Problems = append(p.s.Problems, "unknown option -"+t[j:j+1])
			return i
		}
		if o.action == flag {
			p.set(o, "True", w[i])
			continue
		}
		rest := strings.TrimPrefix(t[j+1:], "=")
		return p.value(o, w, i, rest, t[j+1:] != "")
	}
	return i
}

// value sets an option whose word is w[i] and returns the index of the last
// word used.
func (p parser) value(o option, w []word, i int, value string, has bool) int {
	switch {
	case o.action == flag && o.name == "sendfile":
		p.set(o, "False", w[i])
	case o.action == flag:
		p.set(o, "True", w[i])
	case has:
		p.set(o, value, w[i])
	case i+1 < len(w) && (len(w[i+1].text) < 2 || w[i+1].text[0] != '-' || strings.Contains(w[i+1].text, " ")):
		i++
		p.set(o, w[i].text, w[i])
	default:
		p.s.Problems = append(p.s.Problems, o.words[len(o.words)-1]+" has no value")
	}
	return i
}

func (p parser) set(o option, text string, at word) {
	v := Value{Text: text, Variables: strings.Contains(text, "$") && o.action != flag, Place: Place{Kind: p.kind, Index: at.at}}
	if o.action != appends {
		p.s.Options[o.name] = nil
	}
	p.s.Options[o.name] = append(p.s.Options[o.name], v)
}
