package model

import (
	"path"
	"slices"
	"strings"
	"time"

	"assay/internal/fact"
	"assay/internal/regex"
	"assay/internal/tape"
)

// Routine is what people have for the worst day: where it is written how to
// operate an app, and how the release before comes back.
type Routine struct {
	*AppServer
	Said    Declared
	Now     time.Time
	Runbook fact.Of[Runbook]  // Absent: none is declared, and none lies beside the app
	Old     fact.Of[[]string] // releases beside the one that runs; Absent: the app lies in no folder of releases, or is the first there
	Lost    fact.Of[string]   // a file that the declared way back begins with, and that is not there
}

// Runbook is such a page.
type Runbook struct {
	File   string // "" where it lies elsewhere
	Absent bool   // it is declared and not there
	// Gone are units and paths that it names and that are not on this host.
	Gone  []string
	Place fact.Source
}

// Node is a place of its own: no request stands on it.
func (x *Routine) Node() Node { return Node("routine:" + x.Name) }

// Routines are those of the deployments whose app runs as a service.
func (d *Deployment) Routines() fact.Of[[]*Routine] {
	return fact.Then(d.Apps(), func([]*AppServer) []*Routine {
		if d.routine == nil {
			return nil
		}
		return []*Routine{d.routine}
	})
}

func (b *builder) routineOf(d *Deployment) *Routine {
	x := &Routine{AppServer: d.Server, Said: d.Declared, Now: b.m.Machine.Now, Lost: fact.Absent[string]()}
	x.Runbook = b.runbook(d)
	x.Old = b.releases(d)
	x.Lost = fact.Bind(d.Declared.Rollback, func(line string) fact.Of[string] {
		word, _, _ := strings.Cut(strings.TrimPrefix(line, "sudo "), " ")
		if !path.IsAbs(word) || strings.ContainsAny(word, "*$<>{") {
			return fact.Absent[string]()
		}
		var n fact.Notes
		switch _, state := b.f.Stat(word, false).Look(&n); state {
		case fact.IsUnknown:
			return fact.Unknown[string](n.Why())
		case fact.IsKnown:
			return fact.Absent[string]()
		}
		return fact.Known(word, n.Sources...)
	})
	return x
}

// releases are the folders beside the one that runs, where it is one of several:
// /srv/shop/releases/20261101.
func (b *builder) releases(d *Deployment) fact.Of[[]string] {
	return fact.Bind(d.Server.Cwd, func(cwd string) fact.Of[[]string] {
		cwd = strings.TrimSuffix(cwd, " (deleted)")
		before, rest, is := strings.Cut(cwd, "/releases/")
		if !is {
			return fact.Absent[[]string](fact.Source{Where: "the app's folder", Text: cwd})
		}
		own, _, _ := strings.Cut(rest, "/")
		dir := before + "/releases"
		return fact.Bind(b.f.Glob(dir+"/*"), func(all []string) fact.Of[[]string] {
			old := slices.DeleteFunc(slices.Clone(all), func(f string) bool { return path.Base(f) == own })
			if len(old) > 0 {
				return fact.Known(old)
			}
			return b.firstRelease(dir, dir+"/"+own)
		})
	})
}

// firstRelease tells one that never had another beside it from one whose elders
// were taken away: that changes their folder after it came. Absent: it is the first.
func (b *builder) firstRelease(dir, own string) fact.Of[[]string] {
	return fact.Bind(b.f.Stat(dir, false), func(all tape.Stat) fact.Of[[]string] {
		return fact.Bind(b.f.Stat(own, false), func(one tape.Stat) fact.Of[[]string] {
			if all.MTime.After(one.MTime) {
				return fact.Known([]string{})
			}
			return fact.Absent[[]string](fact.Source{Where: dir, Text: "nothing was taken away since " + path.Base(own) + " came"})
		})
	})
}

// runbookNames are files beside an app's code that tell how it is operated.
var runbookNames = []string{"RUNBOOK.md", "runbook.md", "docs/runbook.md", "docs/RUNBOOK.md", "OPERATIONS.md", "docs/operations.md", "ops/runbook.md"}

func (b *builder) runbook(d *Deployment) fact.Of[Runbook] {
	var n fact.Notes
	said, state := d.Declared.Runbook.Look(&n)
	folder := d.folder()
	switch {
	case state == fact.IsUnknown:
		return fact.Unknown[Runbook](n.Why())
	case state == fact.IsKnown && path.IsAbs(said):
		return b.runbookAt(d, said, true, n.Sources)
	case state == fact.IsKnown:
		return fact.Known(Runbook{}, n.Sources...)
	case folder == "":
		return fact.Absent[Runbook](n.Sources...)
	}
	for _, name := range runbookNames {
		file := path.Join(folder, name)
		switch _, there := b.f.Stat(file, false).Look(&n); there {
		case fact.IsUnknown:
			return fact.Unknown[Runbook](n.Why())
		case fact.IsKnown:
			return b.runbookAt(d, file, false, nil)
		}
	}
	return fact.Absent[Runbook](n.Sources...)
}

var (
	unitWord = regex.New(`(?m)(^|[\s` + "`" + `"'(])([a-z][a-z0-9_.-]*\.(service|timer|socket))\b`)
	pathWord = regex.New(`(?m)(^|[\s` + "`" + `"'(])(/(etc|srv|opt|var/www|var/backups|usr/local)/[A-Za-z0-9_./-]*[A-Za-z0-9_-])`)
)

const maxNamed = 30

// runbookAt reads what a runbook names, and looks whether it is there.
func (b *builder) runbookAt(d *Deployment, file string, declared bool, by []fact.Source) fact.Of[Runbook] {
	var n fact.Notes
	text, state := b.f.File(file).Look(&n)
	r := Runbook{File: file, Place: fact.Source{Where: file}}
	switch {
	case state == fact.IsUnknown:
		return fact.Unknown[Runbook](n.Why())
	case state == fact.IsAbsent && declared:
		r.Absent = true
		return fact.Known(r, by...)
	}
	for _, m := range unitWord.FindAllStringSubmatch(text, maxNamed) {
		u, us := b.unit(m[2]).Look(&n)
		if us == fact.IsUnknown {
			return fact.Unknown[Runbook](n.Why())
		}
		if (us == fact.IsAbsent || u.Load == "not-found") && !slices.Contains(r.Gone, m[2]) {
			r.Gone = append(r.Gone, m[2])
		}
	}
	for _, m := range pathWord.FindAllStringSubmatch(text, maxNamed) {
		_, there := b.f.Stat(m[2], false).Look(&n)
		if there == fact.IsUnknown {
			return fact.Unknown[Runbook](n.Why())
		}
		if there == fact.IsAbsent && !slices.Contains(r.Gone, m[2]) {
			r.Gone = append(r.Gone, m[2])
		}
	}
	return fact.Known(r, append(by, r.Place)...)
}
