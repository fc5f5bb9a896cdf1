package model

import (
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
)

// Development says that Flask's own server runs the app.
func (s *AppServer) Development() bool { return s.Kind == "flask-dev" }

// runsModule says that a Python's command line runs a file or a module, which
// may be a server of its own.
func runsModule(args []string) bool {
	return len(args) > 1 && pythonName.MatchString(path.Base(args[0])) &&
		(args[1] == "-m" || slices.ContainsFunc(args[1:], func(a string) bool { return strings.HasSuffix(a, ".py") }))
}

// Command is what the server was started with, as a person types it.
func (s *AppServer) Command() string {
	words := slices.Clone(s.Argv)
	for i, w := range words {
		if path.Base(w) == "flask" {
			words = words[i:]
			break
		}
	}
	if len(words) > 0 {
		words[0] = path.Base(words[0])
	}
	return strings.Join(words, " ")
}

// Bin is the folder of the Python environment that the server runs from, "" when
// its command line does not say.
func (s *AppServer) Bin() string {
	for _, w := range s.Argv[:min(len(s.Argv), 3)] {
		if b := path.Base(w); path.IsAbs(w) && (b == "flask" || pythonName.MatchString(b)) {
			return path.Dir(w)
		}
	}
	return ""
}

// target is the app as a shell tells gunicorn is told it, from what Flask was told.
func (b *builder) target(s *AppServer) string {
	app := ""
	for i, a := range s.Argv {
		switch v, is := strings.CutPrefix(a, "--app="); {
		case is:
			app = v
		case (a == "--app" || a == "-A") && i+1 < len(s.Argv):
			app = s.Argv[i+1]
		case app == "" && strings.HasSuffix(a, ".py"):
			app = a
		}
	}
	if app == "" {
		var n fact.Notes
		env, _ := b.environment(s).Look(&n)
		app = env["FLASK_APP"].Value
	}
	app = strings.TrimSuffix(path.Base(app), ".py")
	switch {
	case app == "" || app == ".":
		return ""
	case strings.HasSuffix(app, ":create_app") || strings.HasSuffix(app, ":make_app"):
		return "'" + app + "()'" // Flask calls a factory by itself, gunicorn is told to
	case strings.Contains(app, ":"):
		return app
	}
	return app + ":app"
}

// Debuggable is an app with every place where its debugger might answer.
type Debuggable struct {
	Name     string
	Surfaces []*Surface
	Server   *AppServer        // nil: none is known
	Variable fact.Of[EnvValue] // FLASK_DEBUG, where it is on
}

// Subject is the app.
func (x *Debuggable) Subject() string { return x.Name }

// Node is the app's code as it is served.
func (x *Debuggable) Node() Node { return Node("debugger:" + x.Name) }

// Debuggables is the app, if it is served anywhere.
func (d *Deployment) Debuggables() fact.Of[[]*Debuggable] {
	return of(d, func() fact.Of[[]*Debuggable] {
		if len(d.surfaces) == 0 {
			return fact.Known[[]*Debuggable](nil)
		}
		return fact.Known([]*Debuggable{{d.Name, d.surfaces, d.Server, d.debug}})
	})
}

// debugVariable is FLASK_DEBUG where Flask takes it for on (flask/helpers.py,
// get_debug_flag).
func (b *builder) debugVariable(s *AppServer) fact.Of[EnvValue] {
	return fact.Bind(b.environment(s), func(env map[string]EnvValue) fact.Of[EnvValue] {
		v, ok := env["FLASK_DEBUG"]
		if !ok || slices.Contains([]string{"", "0", "false", "no"}, strings.ToLower(v.Value)) {
			return fact.Absent[EnvValue]()
		}
		return fact.Known(v, fact.Source{Where: v.File, Line: v.Line, Text: "FLASK_DEBUG=" + v.Value})
	})
}
