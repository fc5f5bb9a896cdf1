package model

import (
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/tape"
)

// AppLog is a file that the app's own logging writes to.
type AppLog struct {
	Logger string
	Class  string
	File   string
	Server *AppServer
	Told   fact.Source
	// Writes is whether the service may write the file, or make it; Folder is
	// what it must then write to.
	Writes fact.Of[tape.AccessReport]
	Folder string
	App    *App
}

// Subject is the file.
func (x *AppLog) Subject() string { return x.File }

// Node is the file as the code needs it.
func (x *AppLog) Node() Node { return Node("applog:" + x.File) }

// AppLogs are the files of the app's handlers.
func (d *Deployment) AppLogs() fact.Of[[]*AppLog] {
	return of(d, func() fact.Of[[]*AppLog] {
		if d.Server == nil || d.Server.Idle {
			return fact.Known[[]*AppLog](nil)
		}
		return d.Server.appLogs
	})
}

const (
	maxAppLogs = 6
	maxMade    = 8 // folders, one in another
)

// logsOf asks whether the service may write its logs. What the import opened in
// the sandbox was given a file in memory, so the handlers say it all.
func (b *builder) logsOf(s *AppServer) fact.Of[[]*AppLog] {
	return fact.Then(s.Code, func(a *App) []*AppLog {
		var out []*AppLog
		for _, h := range a.Handlers {
			file := path.Clean(h.File)
			if h.File == "" || !path.IsAbs(file) || strings.HasPrefix(file, "/dev/") || strings.HasPrefix(file, "/proc/") || len(out) == maxAppLogs ||
				slices.ContainsFunc(out, func(o *AppLog) bool { return o.File == file }) {
				continue
			}
			x := &AppLog{Logger: h.Logger, Class: h.Class, File: file, Server: s, App: a}
			x.Told = a.At(nil, "the logger "+h.Logger+" has a "+h.Class+" for "+file)
			for _, w := range a.Wrote {
				if w.Path == file && w.At != nil {
					x.Told = a.At(w.At, x.Told.Text)
				}
			}
			id := b.identity(s)
			x.Writes = b.f.Access(file, "w", id)
			if r, state := x.Writes.Look(&b.notes); state == fact.IsAbsent || state == fact.IsKnown && r.Error == "no such file or directory" {
				x.Folder = path.Dir(file)
				for made := 0; made < maxMade && a.makes(x.Folder); made++ {
					x.Folder = path.Dir(x.Folder)
				}
				x.Writes = b.f.Access(x.Folder, "w", id)
			}
			out = append(out, x)
		}
		return out
	})
}

// makes says that the import made a folder that was not there.
func (a *App) makes(folder string) bool {
	return slices.ContainsFunc(a.Wrote, func(w tape.Written) bool { return w.Path == folder })
}

// Logging is how the app's loggers stand.
type Logging struct {
	App     string            // the name of app.logger
	Level   map[string]string // that is in force, by logger
	Handled map[string]bool   // it has a handler
	Twice   string            // where two handlers put each line of app.logger
}

// Logging reads it.
func (a *App) Logging() Logging {
	l := Logging{App: a.App.App.Name, Level: map[string]string{}, Handled: map[string]bool{}}
	to := map[string][]string{}
	up := false
	for _, h := range a.Handlers {
		if h.Class == "" {
			l.Level[h.Logger] = h.Level
			up = up || h.Logger == l.App && h.Propagates
			continue
		}
		l.Handled[h.Logger] = true
		if where := h.File + h.Stream; where != "" {
			to[h.Logger] = append(to[h.Logger], where)
		}
	}
	for _, where := range to[l.App] {
		if up && slices.Contains(to["root"], where) {
			l.Twice = where
		}
	}
	return l
}
