package model

import (
	"path"
	"slices"

	"assay/internal/fact"
	"assay/internal/syntax/envfile"
	"assay/internal/tape"
)

// Dotenv is a .env file in the folder of an app.
type Dotenv struct {
	*AppServer
	Path   string
	Stat   fact.Of[tape.Stat]
	Others fact.Of[tape.AccessReport] // may a user read it who has nothing to do with the app
	File   fact.Of[envfile.File]
	Env    fact.Of[map[string]EnvValue] // of the service
	Unit   bool                         // the unit itself reads it (EnvironmentFile=)
}

// Subject is the file.
func (x *Dotenv) Subject() string { return x.Path }

// Node is the file.
func (x *Dotenv) Node() Node { return Node("dotenv:" + x.Path) }

// Dotenvs are those of the app that are there.
func (d *Deployment) Dotenvs() fact.Of[[]*Dotenv] {
	return of(d, func() fact.Of[[]*Dotenv] {
		var out []*Dotenv
		var n fact.Notes
		for _, x := range d.dotenvs {
			switch _, state := x.Stat.Look(&n); state {
			case fact.IsKnown:
				out = append(out, x)
			case fact.IsUnknown:
				return fact.Unknown[[]*Dotenv](n.Why())
			}
		}
		return fact.Known(out)
	})
}

// dotenvs looks beside the code and where the service starts.
func (b *builder) dotenvs(d *Deployment) []*Dotenv {
	s := d.Server
	var dirs []string
	if a, _ := s.Code.Look(&b.notes); a != nil {
		dirs = append(dirs, a.CodeRoot(), path.Clean(a.Cwd))
	}
	if cwd, state := s.Chdir.Look(&b.notes); state == fact.IsKnown {
		dirs = append(dirs, path.Clean(cwd))
	}
	slices.Sort(dirs)
	var out []*Dotenv
	for _, dir := range slices.Compact(dirs) {
		if !path.IsAbs(dir) || broad(dir) {
			continue
		}
		file := path.Join(dir, ".env")
		x := &Dotenv{AppServer: s, Path: file, Stat: b.f.Stat(file, false), Env: b.environment(s)}
		if _, state := x.Stat.Look(&b.notes); state == fact.IsKnown {
			x.Others = b.f.Access(file, "r", stranger)
			x.File = fact.Then(b.f.File(file), func(text string) envfile.File { return envfile.Parse(file, text) })
		}
		if u, _ := s.Unit.Look(&b.notes); u != nil {
			x.Unit = slices.ContainsFunc(u.Context.EnvFiles, func(e EnvFile) bool { return path.Clean(e.Path) == file })
		}
		out = append(out, x)
	}
	return out
}
