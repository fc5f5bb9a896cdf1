package model

import (
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/regex"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// SideDoor is a page of the app that a location of nginx guards, with a way on
// which nothing does.
type SideDoor struct {
	Guard *syntax.Directive // the location that lets not everybody in
	Rule  string            // of the app
	Path  string            // that a visitor asks for
	By    *syntax.Directive // what takes it: a location, or the block
	Views string            // the view's name
	Curl  string
	Reply fact.Of[tape.HTTPReply] // Absent: it was not asked for
	site  *Site
}

// Subject is the page.
func (x *SideDoor) Subject() string { return x.site.Subject() + x.Rule }

// Node is the page.
func (x *SideDoor) Node() Node { return x.site.Node() + Node("/door"+x.Rule) }

// Site is the block.
func (x *SideDoor) Site() *Site { return x.site }

// SideDoors are the first of them for each guard.
func (d *Deployment) SideDoors() fact.Of[[]*SideDoor] {
	return fact.Bind(fromWhole(d, func(s *Site) []*SideDoor { return s.doors }), func(l []*SideDoor) fact.Of[[]*SideDoor] {
		var n fact.Notes
		sites, _ := d.Sites.Look(&n)
		if d.Server == nil || !slices.ContainsFunc(sites, func(s *Site) bool { return len(s.guards()) > 0 }) {
			return fact.Known(l)
		}
		if _, state := d.Server.Code.Look(&n); state == fact.IsUnknown { // it has the pages
			return fact.Unknown[[]*SideDoor](n.Why())
		}
		return fact.Known(l)
	})
}

// GuardedPlace is the guard as nginx has it.
func (x *SideDoor) GuardedPlace() string { return strings.Join(x.Guard.Args, " ") }

// sideDoors looks for another way to what a location guards: a slash more or less
// than the app's rule has, a pattern that goes before a prefix, a prefix that
// nginx strips.
func (b *builder) sideDoors(d *Deployment) {
	if d.Server == nil || d.forwarded == nil || len(d.forwarded.Unseen) > 0 {
		return
	}
	app, state := d.Server.Code.Look(&b.notes)
	if state != fact.IsKnown {
		return
	}
	sites, _ := d.Sites.Look(&b.notes)
	for _, s := range sites {
		for _, l := range s.guards() {
			if x := b.besides(d, app, s, l); x != nil {
				s.doors = append(s.doors, x)
			}
		}
	}
}

// guards are the locations for a path that let not everybody in.
func (s *Site) guards() []syntax.Location {
	var out []syntax.Location
	for _, g := range s.Server.All("location") {
		l, ok := syntax.ParseLocation(g)
		if ok && kept(g) && !kept(s.Server) && !l.IsRegex() && l.Modifier != "@" && strings.Trim(l.Path, "/") != "" {
			out = append(out, l)
		}
	}
	return out
}

// besides is an open way to a page of the app that the guard means.
func (b *builder) besides(d *Deployment, app *App, s *Site, l syntax.Location) *SideDoor {
	base := strings.TrimSuffix(l.Path, "/")
	for _, r := range app.Rules {
		p, ok := fill(r.Rule)
		if !ok || r.Host != "" || r.Subdomain != "" || !slices.Contains(r.Methods, "GET") || !means(l, base, p) || app.ownLogin(r) {
			continue
		}
		for _, w := range d.forwarded.Ways {
			at := w.outside(p)
			if at == "" || w.Kept || w.Hops[0].site != s || asksToo(w, base) {
				continue
			}
			x := &SideDoor{Guard: l.Directive, Rule: r.Rule, Path: at, By: w.Hops[0].Pass.In("location"), Views: app.Views[r.Endpoint].Name, Reply: fact.Absent[tape.HTTPReply](), site: s}
			end, host := s.Endpoint()
			x.Curl = strings.Replace((&Surface{Endpoint: end, Host: host}).Curl(at), "curl ", "curl -o /dev/null -w '%{http_code}\\n' ", 1)
			if !strings.Contains(r.Rule, "<") && !doing.MatchString(r.Rule+" "+x.Views) {
				x.Reply = b.f.HTTP(end, host, at)
			}
			return x
		}
	}
	return nil
}

// doing are names of pages that may do something when they are asked for.
var doing = regex.New(`(?i)del|remove|drop|reset|purge|flush|clear|run|send|start|stop|kill|logout|toggle|sync|import|approve|cancel`)

// means says that a guard is meant for a page: the same path but for the slash at
// its end, or for a prefix what lies below it.
func means(l syntax.Location, base, page string) bool {
	if strings.TrimSuffix(page, "/") == base {
		return true
	}
	return l.Modifier != "=" && strings.HasPrefix(page, base+"/")
}

// asksToo says that the way is an exception made within the guard: its own path
// or pattern names it.
func asksToo(w *Approach, base string) bool {
	loc, ok := syntax.ParseLocation(w.Hops[0].Pass.In("location"))
	return ok && strings.Contains(loc.Path, base)
}

// ownLogin says that the app itself asks for a login before the view.
func (a *App) ownLogin(r tape.AppRule) bool {
	v := a.Views[r.Endpoint]
	return slices.ContainsFunc(v.Wraps, func(w tape.Wrap) bool {
		return strings.Contains(strings.ToLower(w.Module+w.Code), "login") || strings.Contains(strings.ToLower(w.Code), "auth") || strings.Contains(strings.ToLower(w.Code), "admin")
	})
}
