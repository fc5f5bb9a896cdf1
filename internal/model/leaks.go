package model

import (
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/tape"
)

// leaks asks where the app's secrets stand in its own code: b.f.Leaks, or
// b.f.History.
func (b *builder) leaks(s *AppServer, ask func(folder, name string) fact.Of[tape.LeakReport]) fact.Of[tape.LeakReport] {
	return fact.Bind(s.Code, func(a *App) fact.Of[tape.LeakReport] {
		root := a.CodeRoot()
		if root == "" {
			return fact.Absent[tape.LeakReport](fact.Source{Where: a.App.App.RootPath, Text: "no folder that is the app's alone"})
		}
		return ask(root, a.Ref)
	})
}

// shared are folders that hold more than one app.
var sharedFolders = []string{"/", "/srv", "/opt", "/home", "/root", "/var", "/var/www", "/var/www/html", "/usr", "/etc", "/tmp", "/run", "/usr/local", "/usr/src"}

// CodeRoot is the folder of the app's own code: where its server starts, when
// the code lies below; else the package's parent. "" where that is a folder
// of many.
func (a *App) CodeRoot() string {
	root := a.App.App.RootPath
	switch {
	case a.Cwd != "" && within(root, a.Cwd) && !broad(a.Cwd):
		return path.Clean(a.Cwd)
	case strings.Contains(root, "/site-packages/") || strings.Contains(root, "/dist-packages/"):
		return ""
	case !broad(path.Dir(root)):
		return path.Dir(root)
	case !broad(root):
		return root
	}
	return ""
}

// broad: a home folder holds more than an app, too.
func broad(dir string) bool {
	return slices.Contains(sharedFolders, path.Clean(dir)) || path.Dir(path.Clean(dir)) == "/home"
}

func within(p, dir string) bool {
	return p == dir || strings.HasPrefix(p, strings.TrimSuffix(path.Clean(dir), "/")+"/")
}

// LeakPlace says what a file is where a secret was found.
type LeakPlace int

// The places.
const (
	LeakKept    LeakPlace = iota // where secrets belong: an environment file, instance/, what git ignores
	LeakTracked                  // under version control
	LeakSource                   // the app's own code, of which no repository is here
	LeakLoose                    // another file beside it
)

// LeakPlace sorts a leak. Without a repository on this host it is not known what
// the files came from: the code did come from one.
func (a *App) LeakPlace(r tape.LeakReport, l tape.Leak) LeakPlace {
	name := strings.ToLower(path.Base(l.Path))
	switch {
	case l.Tracked:
		return LeakTracked
	case r.Top != "" || name == ".env" || name == ".flaskenv" || strings.HasPrefix(name, ".env.") || strings.HasSuffix(name, ".env") || name == ".pgpass" ||
		slices.Contains(strings.Split(l.Path, "/"), "instance") || a.loaded(path.Join(a.CodeRoot(), l.Path)):
		return LeakKept
	case slices.ContainsFunc(a.Modules, func(m tape.Module) bool { return m.Path == path.Join(a.CodeRoot(), l.Path) }):
		return LeakSource
	}
	return LeakLoose
}

// loaded says that a file is configuration: Flask was told to read it.
func (a *App) loaded(file string) bool {
	return slices.ContainsFunc(a.Loads, func(l tape.ConfigLoad) bool {
		return l.How != "from_object" && l.File != "" && path.Clean(l.File) == file
	})
}
