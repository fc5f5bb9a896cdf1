package model

import (
	"slices"
	"strings"
	"time"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/regex"
	"assay/internal/tape"
)

// Lifetime is a system or a Python that its makers mend until a day.
type Lifetime struct {
	Name   string // Debian 12, Python 3.11
	Until  time.Time
	Bought string // what goes on after that day for who has it, "" for nothing
	Has    bool   // this host has it
	Place  string // of an interpreter that is not the system's, "" for the system
	Venv   string // that it is used by
	Server *AppServer
	Now    time.Time
	Source fact.Source
}

// Subject is what it is.
func (x *Lifetime) Subject() string { return x.Name }

// Node is a place of its own: requests are served past the day, too.
func (x *Lifetime) Node() Node { return Node("lifetime:" + x.Place + x.Name) }

// support is how long a release is mended: by its makers for everybody, and after
// that by who has to be asked for it.
type support struct{ until, further string }

// The ends of security support, read on 2026-11-23. Debian and Ubuntu: debian.csv
// (eol-lts, eol-elts) and ubuntu.csv (eol, eol-esm) of distro-info-data
// 0.58+deb12u7. Debian's LTS comes out of the same archive for everybody, so it
// counts as Debian's own; ELTS is Freexian's and ESM comes with Ubuntu Pro: both
// are lists of packages that a host has or has not. Python: release-cycle.json of
// the Python developer's guide, which names months for what is still to come.
var (
	debianSpans = map[string]support{"10": {"2024-06-30", "2029-06-30"}, "11": {"2026-08-31", "2031-06-30"},
		"12": {"2028-06-30", "2033-06-30"}, "13": {"2030-06-30", "2035-06-30"}}
	ubuntuSpans = map[string]support{"18.04": {"2023-05-31", "2028-04-26"}, "20.04": {"2025-05-29", "2030-04-23"}, "22.04": {"2027-06-01", "2032-04-21"},
		"24.04": {"2029-05-31", "2034-04-25"}, "26.04": {"2031-05-29", "2036-04-23"}}
	pythonSpans = map[string]support{"3.7": {until: "2023-06-27"}, "3.8": {until: "2024-10-07"}, "3.9": {until: "2025-10-31"}, "3.10": {until: "2026-10-31"},
		"3.11": {until: "2027-10-31"}, "3.12": {until: "2028-10-31"}, "3.13": {until: "2029-10-31"}, "3.14": {until: "2030-10-31"}}
)

// Release is the system's own lifetime; none where its dates are not known here.
func (m *Model) Release() fact.Of[[]*Lifetime] { return m.release }

// Interpreters are the Pythons of the apps, where they are not the system's own:
// that one is mended with the system.
func (d *Deployment) Interpreters() fact.Of[[]*Lifetime] {
	return fact.Bind(d.Apps(), func(list []*AppServer) fact.Of[[]*Lifetime] {
		if len(list) == 0 {
			return fact.Known[[]*Lifetime](nil)
		}
		return fact.Then(list[0].Loaded, func(a *App) []*Lifetime { return a.interpreter(list[0]) })
	})
}

var minor = regex.New(`^3\.\d+`)

func (a *App) interpreter(s *AppServer) []*Lifetime {
	version := minor.FindString(a.Python)
	ends, known := pythonSpans[version]
	if !known || a.Base == "" || a.Base == "/usr" {
		return nil
	}
	return []*Lifetime{{Name: "Python " + version, Until: day(ends.until), Place: a.Base, Venv: a.Prefix, Server: s, Now: s.Now,
		Source: fact.Source{Where: a.Source.Where, Text: "Python " + a.Python + " in " + a.Base, Ask: a.Source.Ask}}}
}

// lifetime finds the system's dates. Whether it has bought more is asked once
// the day has come.
func (b *builder) lifetime() fact.Of[[]*Lifetime] {
	return fact.Bind(b.f.Release(), func(r facts.Release) fact.Of[[]*Lifetime] {
		now := b.m.Machine.Now
		x := &Lifetime{Now: now, Source: fact.Source{Where: "/etc/os-release", Line: r.Line, Text: r.Text, Ask: tape.Ask{Kind: tape.KindFile, Name: "/etc/os-release"}}}
		var ends support
		var known bool
		var list string
		switch r.ID {
		case "debian":
			ends, known = debianSpans[r.Version]
			x.Name, x.Bought, list = "Debian "+r.Version, "Freexian's ELTS", "extended-lts"
		case "ubuntu":
			ends, known = ubuntuSpans[r.Version]
			x.Name, x.Bought, list = "Ubuntu "+r.Version+" LTS", "Ubuntu Pro (ESM)", "esm"
		}
		if !known {
			return fact.Known[[]*Lifetime](nil)
		}
		x.Until = day(ends.until)
		if now.Before(x.Until.AddDate(0, 0, -Notice)) {
			return fact.Known([]*Lifetime{x})
		}
		return fact.Then(b.f.Glob("/var/lib/apt/lists/*"), func(files []string) []*Lifetime {
			if slices.ContainsFunc(files, func(f string) bool { return strings.Contains(f, list) }) {
				x.Has, x.Until, x.Bought = true, day(ends.further), ""
			}
			return []*Lifetime{x}
		})
	})
}

// Notice is how many days ahead an end is near.
const Notice = 90

// day is the last moment of a day.
func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic("a day that is none: " + s)
	}
	return t.AddDate(0, 0, 1)
}
