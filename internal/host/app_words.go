package host

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"assay/internal/regex"
	"assay/internal/tape"
)

// words is a command line as the probe needs it.
type words struct {
	python string   // the interpreter, absolute
	server string   // gunicorn, flask, or "" for a bare target
	argv   []string // the server's own words, its program first
	first  string   // what Python puts first on its path: the script's folder, or the working one
}

var (
	pythonName = regex.New(`^(python|pypy)[0-9.]*$`)
	serverName = regex.New(`^(gunicorn|flask)([0-9.-]*)$`)
	// longShebang is how pip writes an interpreter that is too long for #!.
	longShebang = regex.New(`(?s)^#!/bin/sh\n'''exec' "?([^"\s]+)"? "\$0"`)
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
