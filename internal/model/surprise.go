package model

import (
	"slices"
	"sort"
	"strconv"
	"strings"

	"assay/internal/fact"
	syntax "assay/internal/syntax/gunicorn"
	"assay/internal/syntax/nearest"
	"assay/internal/tape"
)

// Surprise is a setting that somebody wrote for gunicorn and that does not do
// what it says.
type Surprise struct {
	Server *AppServer
	Name   string
	Kind   string // overruled, idle, unknown
	By     string // overruled: what wins; idle: why; unknown: the setting that was meant
	Lines  []fact.Source
}

// Subject is the setting.
func (x *Surprise) Subject() string { return x.Server.Name + " " + x.Name }

// Node is the server's configuration.
func (x *Surprise) Node() Node { return Node("gunicorn-settings:" + x.Server.Name) }

// Surprises are the settings of the deployment's gunicorn that do nothing.
func (d *Deployment) Surprises() fact.Of[[]*Surprise] {
	return fact.Bind(d.Gunicorns(), func(l []*AppServer) fact.Of[[]*Surprise] {
		if len(l) == 0 || l[0].Idle || l[0].settings == nil {
			return fact.Known[[]*Surprise](nil)
		}
		return l[0].surprises()
	})
}

func (s *AppServer) surprises() fact.Of[[]*Surprise] {
	var n fact.Notes
	g := s.settings
	class, cs := s.Setting("worker_class").Look(&n)
	threads, ts := s.Number("threads").Look(&n)
	jitter, js := s.Number("max_requests").Look(&n)
	app, as := s.Loaded.Look(&n)
	switch {
	case g.Lost != "":
		return fact.Unknown[[]*Surprise](fact.Why{Text: "read gunicorn's settings: " + g.Lost})
	case g.conf != nil && g.conf.Err != nil:
		return fact.Unknown[[]*Surprise](fact.Why{Text: "read gunicorn's settings: " + g.conf.Err.Error(), Hint: g.hint})
	case cs != fact.IsKnown || ts != fact.IsKnown || js != fact.IsKnown || as != fact.IsKnown:
		return fact.Unknown[[]*Surprise](n.Why())
	}
	var out []*Surprise
	add := func(kind, name, by string, lines ...fact.Source) {
		out = append(out, &Surprise{Server: s, Name: name, Kind: kind, By: by, Lines: lines})
	}
	for _, name := range g.overruled() {
		won := g.Options[name][0].Place.Kind
		if won == "argv" {
			won = "the command line"
		}
		add("overruled", name, won, g.line(name), g.source(g.Resolve(name, g.conf), name))
	}
	for name, why := range idle(class[0], threads, jitter) {
		if g.given(name) && !slices.Contains(g.overruled(), name) {
			add("idle", name, why, g.source(g.Resolve(name, g.conf), name))
		}
	}
	for name, meant := range g.slips(app) {
		add("unknown", name, meant, g.line(name))
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return fact.Known(out)
}

// given says that somebody set it, anywhere.
func (g settings) given(name string) bool {
	return len(g.Options[name]) > 0 || g.conf != nil && slices.Contains(g.conf.Names(), name)
}

// line is the place in the configuration file that gives a name its value.
func (g settings) line(name string) fact.Source {
	v := g.conf.Get(name)
	return fact.Source{Where: g.conf.File, Line: v.Line, Text: name + " = " + v.Text, Ask: tape.Ask{Kind: tape.KindFile, Name: g.conf.File}}
}

// overruled are settings for which the file says one thing and the command line,
// or GUNICORN_CMD_ARGS, another. A unit that is a template shares the file among
// its instances on purpose.
func (g settings) overruled() []string {
	var out []string
	for name, set := range g.Options {
		if g.conf == nil || strings.Contains(g.src.Where, "@") {
			continue
		}
		v := g.conf.Get(name)
		if v.State != syntax.Literal || len(set) == 0 || slices.ContainsFunc(set, func(x syntax.Value) bool { return x.Variables }) {
			continue
		}
		var says []string
		for _, x := range set {
			says = append(says, x.Text)
		}
		if !sameValue(strings.Join(says, ","), strings.Join(syntax.Texts(v.Value), ",")) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// sameValue compares as gunicorn reads numbers: 0o7 is 007 (config.py, auto_int).
func sameValue(a, b string) bool {
	x, err := strconv.ParseInt(a, 0, 64)
	y, err2 := strconv.ParseInt(b, 0, 64)
	return err == nil && err2 == nil && x == y || strings.EqualFold(a, b)
}

// idle are settings that have no effect with others (gunicorn 20.1 to 23):
// which, and why.
func idle(class string, threads, maxRequests int) map[string]string {
	out := map[string]string{}
	switch {
	case class == "sync" && threads <= 1:
		out["keepalive"] = "sync workers close each connection after its answer"
		out["worker_connections"] = "sync workers have one connection at a time"
	case class == "gevent" || class == "eventlet":
		out["threads"] = class + " workers have no threads"
	}
	if maxRequests == 0 {
		out["max_requests_jitter"] = "max_requests is 0"
	}
	return out
}

// slips are names of the file that gunicorn has no setting for, without a word,
// each with the setting that was most likely meant.
func (g settings) slips(app *App) map[string]string {
	out := map[string]string{}
	if g.conf == nil || len(app.Gunicorn) == 0 {
		return out
	}
	known := sortedKeys(app.Gunicorn)
	for _, name := range g.conf.Names() {
		if len(name) < 6 || slices.Contains(known, name) || !g.conf.Given(name) {
			continue
		}
		if meant := nearest.Slip(name, known); meant != "" && !g.given(meant) {
			out[name] = meant
		}
	}
	return out
}
