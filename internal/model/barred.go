package model

import (
	"slices"
	"strconv"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	syntax "assay/internal/syntax/nginx"
)

// Entrance is a site's first page, with what nginx puts before it.
type Entrance struct {
	*Site
	At      *syntax.Directive // the location of /, or the block
	Barred  fact.Source       // a rule that refuses everybody
	Limit   fact.Source       // limit_req in force
	Zone    fact.Source
	PerHour float64 // requests of one visitor that the limit lets through
	Burst   int
	Shared  bool // other places go by the same zone
}

// Node is what a visitor of the first page gets.
func (e *Entrance) Node() Node { return e.Site.Node() }

// Entrances are the first pages of the blocks that lead to the app.
func (d *Deployment) Entrances() fact.Of[[]*Entrance] {
	return fromWhole(d, func(s *Site) []*Entrance {
		m := s.Server.Match("/")
		if m.CannotTell != "" || m.Doubt != nil || len(s.Routes) == 0 {
			return nil
		}
		e := &Entrance{Site: s, At: m.Location}
		if e.At == nil {
			e.At = s.Server
		}
		e.bar()
		e.limit()
		return []*Entrance{e}
	})
}

// bar finds rules that let nobody in: a deny of all, and no allow before it. With
// satisfy any another way in counts, such as a password.
func (e *Entrance) bar() {
	if v, _ := syntax.Value(e.At, "satisfy"); v == "any" {
		return
	}
	if len(syntax.Effective(e.At, "allow")) > 0 {
		return
	}
	for _, d := range syntax.Effective(e.At, "deny") {
		if d.Arg(0) == "all" {
			e.Barred = facts.DirectiveSource(d)
		}
	}
}

func (e *Entrance) limit() {
	for _, d := range syntax.Effective(e.At, "limit_req") {
		zone, burst := "", 0
		for _, a := range d.Args {
			if v, ok := strings.CutPrefix(a, "zone="); ok {
				zone = v
			}
			if v, ok := strings.CutPrefix(a, "burst="); ok {
				burst, _ = strconv.Atoi(v)
			}
		}
		z := e.zone(zone)
		if z == nil {
			continue
		}
		if rate := hourly(z); rate > 0 && (e.Limit.Where == "" || rate < e.PerHour) {
			e.PerHour, e.Burst, e.Limit, e.Zone = rate, burst, facts.DirectiveSource(d), facts.DirectiveSource(z)
			e.Shared = len(e.users(zone)) != 1
		}
	}
	if v, _ := syntax.Value(e.At, "limit_req_dry_run"); v == "on" {
		e.Limit = fact.Source{}
	}
}

func (e *Entrance) zone(name string) *syntax.Directive {
	var n fact.Notes
	cfg, state := e.nginx.Config.Look(&n)
	if state != fact.IsKnown {
		return nil
	}
	for _, d := range cfg.Root.All("limit_req_zone") {
		for _, a := range d.Args {
			if a == "zone="+name || strings.HasPrefix(a, "zone="+name+":") {
				return d
			}
		}
	}
	return nil
}

// users are the limits that count in a zone.
func (e *Entrance) users(zone string) []*syntax.Directive {
	var n fact.Notes
	cfg, state := e.nginx.Config.Look(&n)
	if state != fact.IsKnown {
		return nil
	}
	return slices.DeleteFunc(cfg.Root.All("limit_req"), func(d *syntax.Directive) bool { return !slices.Contains(d.Args, "zone="+zone) })
}

// hourly reads rate=1r/m or rate=10r/s, 0 where it cannot.
func hourly(zone *syntax.Directive) float64 {
	for _, a := range zone.Args {
		v, ok := strings.CutPrefix(a, "rate=")
		if !ok {
			continue
		}
		count, per, _ := strings.Cut(v, "r/")
		n, err := strconv.ParseFloat(count, 64)
		switch {
		case err != nil:
		case per == "s":
			return n * 3600
		case per == "m":
			return n * 60
		}
	}
	return 0
}
