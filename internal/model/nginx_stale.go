package model

import (
	"path"
	"slices"
	"strings"
	"time"

	"assay/internal/fact"
	"assay/internal/facts"
	syntax "assay/internal/syntax/nginx"
)

// NginxAge is nginx's configuration as two know it: its files, and the processes
// that loaded them.
type NginxAge struct {
	*Nginx
	Newer fact.Of[[]string]        // files that were written after the workers began
	Deaf  fact.Of[[]syntax.Listen] // listens of the files on which nginx does not listen
	Left  fact.Of[[]*Listener]     // sockets on which it listens, and that no file names
}

// Node is what nginx has loaded.
func (x *NginxAge) Node() Node { return NodeNginxConfig + "/loaded" }

// NginxAges is nginx, where it runs.
func (m *Model) NginxAges() fact.Of[[]*NginxAge] {
	return fact.Then(m.Proxy(), func(l []*Nginx) []*NginxAge {
		var out []*NginxAge
		for _, n := range l {
			out = append(out, &NginxAge{n, n.newer, n.deaf, n.left})
		}
		return out
	})
}

// loadedConfig compares the files with the workers: each reload starts new ones
// (src/os/unix/ngx_process_cycle.c, NGX_CONF reload).
func (b *builder) loadedConfig(n *Nginx, cfg facts.NginxConfig) {
	master, state := n.Master.Look(&b.notes)
	if state != fact.IsKnown {
		n.newer, n.deaf, n.left = fact.Absent[[]string](), fact.Absent[[]syntax.Listen](), fact.Absent[[]*Listener]()
		return
	}
	began := generation(n.Workers)
	if began.IsZero() {
		began = master.Start
	}
	n.newer = b.newerFiles(cfg, began)
	all := b.sockets()
	n.deaf = fact.Bind(all, func(all []*Listener) fact.Of[[]syntax.Listen] { return n.unheard(cfg, all, master.PID) })
	n.left = fact.Bind(all, func(all []*Listener) fact.Of[[]*Listener] { return n.unnamed(cfg, all, master.PID) })
}

// generation is when those workers began that stay. While nginx reloads, the old
// ones bear the same title for a tenth of a second beside as many new ones; one
// that is new among several took the place of one that died, and loaded nothing.
func generation(workers []Process) time.Time {
	var began []time.Time
	for _, w := range workers {
		if title := strings.Join(w.Args, " "); strings.Contains(title, "worker process") && !strings.Contains(title, "shutting down") {
			began = append(began, w.Start)
		}
	}
	if len(began) == 0 {
		return time.Time{}
	}
	first, last := slices.MinFunc(began, time.Time.Compare), slices.MaxFunc(began, time.Time.Compare)
	young := 0
	for _, t := range began {
		if last.Sub(t) <= blur {
			young++
		}
	}
	if 2*young == len(began) {
		return last
	}
	return first
}

func (b *builder) newerFiles(cfg facts.NginxConfig, began time.Time) fact.Of[[]string] {
	var out []string
	var n fact.Notes
	for _, f := range cfg.Files {
		st, _ := b.f.Stat(f, false).Look(&n)
		at := st.MTime
		if st.Type == "link" && st.Real != "" {
			real, _ := b.f.Stat(st.Real, false).Look(&n)
			if real.MTime.After(at) {
				at = real.MTime
			}
		}
		if at.After(began.Add(blur)) {
			out = append(out, f)
		}
	}
	if n.Blind() {
		return fact.Unknown[[]string](n.Why())
	}
	return fact.Known(out)
}

// listens are all that the files name, for mail and stream as well.
func listens(cfg facts.NginxConfig) (out []syntax.Listen, whole bool) {
	whole = true
	for _, d := range cfg.Root.All("listen") {
		l, ok := syntax.ParseListen(d)
		whole = whole && ok
		if ok {
			out = append(out, l)
		}
	}
	for _, s := range cfg.Servers() {
		if len(s.Find("listen")) == 0 {
			out = append(out, s.Listens()...)
		}
	}
	return out, whole
}

// unheard are the listens that no socket of nginx takes. A wildcard one stands
// for the addresses of its port.
func (n *Nginx) unheard(cfg facts.NginxConfig, all []*Listener, master int) fact.Of[[]syntax.Listen] {
	var notes fact.Notes
	var out []syntax.Listen
	want, _ := listens(cfg)
	for _, l := range want {
		if l.QUIC || l.Addr == "localhost" || slices.Contains(l.Options, "udp") || l.PortEnd != l.Port {
			continue
		}
		heard := slices.ContainsFunc(all, func(s *Listener) bool {
			if !s.stream() || !takesFor(s, l) {
				return false
			}
			held, state := s.Holders.Look(&notes)
			return state != fact.IsKnown || slices.ContainsFunc(held, func(p Process) bool { return p.PID == master })
		})
		if !heard {
			out = append(out, l)
		}
	}
	if len(out) == 0 && notes.Blind() {
		return fact.Unknown[[]syntax.Listen](notes.Why())
	}
	return fact.Known(out)
}

func takesFor(s *Listener, l syntax.Listen) bool {
	if l.Unix != "" {
		return s.Path == path.Clean(l.Unix)
	}
	if s.Path != "" || s.Port != l.Port {
		return false
	}
	switch l.Addr {
	case "*":
		return s.IP == "0.0.0.0" || s.IP == "::"
	case "::":
		return s.IP == "::"
	}
	return s.IP == l.Addr || s.Wildcard()
}

// unnamed are the sockets of nginx at a port or path that no file names.
func (n *Nginx) unnamed(cfg facts.NginxConfig, all []*Listener, master int) fact.Of[[]*Listener] {
	want, whole := listens(cfg)
	if !whole {
		return fact.Known[[]*Listener](nil)
	}
	var notes fact.Notes
	var out []*Listener
	for _, s := range all {
		held, _ := s.Holders.Look(&notes)
		if !slices.ContainsFunc(held, func(p Process) bool { return p.PID == master }) {
			continue
		}
		if !slices.ContainsFunc(want, func(l syntax.Listen) bool {
			return l.Unix != "" && s.Path == path.Clean(l.Unix) || l.Unix == "" && s.Path == "" && l.Port <= s.Port && s.Port <= l.PortEnd
		}) {
			out = append(out, s)
		}
	}
	if len(out) == 0 && notes.Blind() {
		return fact.Unknown[[]*Listener](notes.Why())
	}
	return fact.Known(out)
}
