package model

import (
	"strconv"

	"assay/internal/fact"
)

// Ground is one thing that a hop stands on, in words.
type Ground struct {
	Kind string // unit, process, user, folder, file, object
	Value
}

// grounds is what one hop of the way stands on.
func (d *Deployment) grounds(s Stage) []Ground {
	switch s {
	case StageTLS:
		return d.groundsTLS()
	case StageServer:
		return d.groundsNginx()
	case StageSocket:
		return d.groundsSocket()
	case StageApp:
		return d.groundsServer()
	case StageCode:
		return d.groundsApp()
	case StageData:
		return d.groundsDatabase()
	}
	return nil
}

func (d *Deployment) groundsTLS() []Ground {
	var out []Ground
	told := map[string]bool{}
	for _, name := range d.names {
		var n fact.Notes
		list, _ := name.TLS.Look(&n)
		for _, e := range list {
			if e.File != nil && !told[e.File.Path] {
				told[e.File.Path] = true
				out = append(out, Ground{"file", Value{State: "known", Text: e.File.Path}})
			}
		}
	}
	return out
}

func (d *Deployment) groundsNginx() []Ground {
	var n fact.Notes
	x, state := d.model.Nginx.Look(&n)
	if state != fact.IsKnown {
		return nil
	}
	out := []Ground{{"unit", say(x.Unit, unitWords)}, {"user", say(x.User, userWords)}}
	sites, _ := d.Sites.Look(&n)
	told := map[string]bool{}
	for _, s := range sites {
		if file := s.Source().Where; !told[file] {
			told[file] = true
			out = append(out, Ground{"file", Value{State: "known", Text: file}})
		}
	}
	return out
}

// groundsSocket is where nginx is told the address, and who listens there.
func (d *Deployment) groundsSocket() []Ground {
	var n fact.Notes
	sites, _ := d.Sites.Look(&n)
	for _, s := range sites {
		for _, r := range s.Routes {
			if len(r.Upstreams) == 0 {
				continue
			}
			if u := r.Upstreams[0]; !u.Remote {
				return []Ground{{"process", heldBy(u.Listener)}}
			}
			return nil
		}
	}
	return nil
}

func (d *Deployment) groundsServer() []Ground {
	s := d.Server
	if s == nil {
		return nil
	}
	return []Ground{{"unit", say(s.Unit, unitWords)}, {"user", say(s.User, userWords)},
		{"process", say(s.Master, func(p Process) string {
			return strconv.Itoa(p.PID) + ", since " + p.Start.UTC().Format("2 Jan 15:04 UTC")
		})}}
}

func (d *Deployment) groundsApp() []Ground {
	s := d.Server
	if s == nil {
		return nil
	}
	out := []Ground{{"folder", say(s.Chdir, func(f string) string { return f })}}
	if s.App != "" {
		out = append(out, Ground{"object", Value{State: "known", Text: s.App}})
	}
	return out
}

// groundsDatabase is where the app is told of it, and who listens there.
func (d *Deployment) groundsDatabase() []Ground {
	told := say(d.Database, func(*Store) string { return "" })
	if told.State == "unknown" {
		return []Ground{{"file", told}}
	}
	var out []Ground
	if n := len(told.Source); n > 0 {
		out = append(out, Ground{"file", Value{State: "known", Text: told.Source[n-1]}})
	}
	var n fact.Notes
	if st, state := d.Database.Look(&n); state == fact.IsKnown && st.Local && st.Addr != "" {
		if held := heldBy(st.Listen); held.Text != "" {
			out = append(out, Ground{"process", held})
		}
	}
	return out
}

// heldBy is the processes behind a socket.
func heldBy(l fact.Of[*Listener]) Value {
	held := fact.Bind(l, func(l *Listener) fact.Of[[]Process] { return l.Holders })
	return say(held, func(l []Process) string {
		if len(l) == 0 {
			return ""
		}
		return strconv.Itoa(l[0].PID) + " listens"
	})
}
