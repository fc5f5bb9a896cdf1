package model

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/fact"
)

// HopState is what the model itself can say of a hop; checks may say worse.
type HopState string

// The states of a hop.
const (
	HopOK      HopState = "ok"
	HopUnknown HopState = "unknown"
	HopBroken  HopState = "broken"
	HopNone    HopState = "none"
)

// Hop is one step of the way of a request, in words.
type Hop struct {
	Stage Stage
	Label string
	State HopState
	Text  string
	On    []Ground // what it stands on
}

// Program is what people call the app server.
func (s *AppServer) Program() string {
	if s.Kind == "flask-dev" {
		return "flask run"
	}
	return s.Kind
}

// UnitName is the unit that runs the app, "" when none is known.
func (s *AppServer) UnitName() string {
	var n fact.Notes
	if u, ok := s.Unit.Look(&n); ok == fact.IsKnown {
		return u.Name
	}
	return ""
}

// Uses says whether the deployment's way stands on a node of the host.
func (d *Deployment) Uses(n Node) bool {
	var notes fact.Notes
	sites, _ := d.Sites.Look(&notes)
	return len(sites) > 0 && (n == NodeNginx || n == NodeNginxConfig)
}

// Hops is the way of a request through the deployment, from the visitor inwards.
func (d *Deployment) Hops() []Hop {
	if d.Contained() {
		return []Hop{{Stage: StageApp, Label: d.Server.Kind, State: HopUnknown, Text: "in a container (" + d.Server.Container + "): not looked into"}}
	}
	hops := []Hop{d.hopDNS(), d.hopFirewall(), d.hopTLS(), d.hopNginx(), d.hopSocket(), d.hopServer(), d.hopApp(), d.hopDatabase()}
	out := hops[:0]
	for _, h := range hops {
		if h.State != HopNone {
			h.On = d.grounds(h.Stage)
			out = append(out, h)
		}
	}
	return out
}

// seen turns the state of a fact into that of a hop.
func seen(s fact.State) HopState {
	return map[fact.State]HopState{fact.IsKnown: HopOK, fact.IsAbsent: HopBroken, fact.IsUnknown: HopUnknown}[s]
}

func (d *Deployment) hasSites() (bool, fact.State) {
	var n fact.Notes
	sites, s := d.Sites.Look(&n)
	return len(sites) > 0, s
}

func (d *Deployment) hopDNS() Hop {
	h := Hop{Stage: StageDNS, Label: "DNS", State: HopNone}
	if has, s := d.hasSites(); s == fact.IsUnknown {
		h.State = HopUnknown
	} else if has && len(d.names) > 0 {
		var n fact.Notes
		addrs, s := d.names[0].Addresses().Look(&n)
		h.State, h.Text = seen(s), d.names[0].Name+" is "+strings.Join(addrs, ", ")
		if len(addrs) == 0 {
			h.Text = d.names[0].Name + " has no address"
		}
	}
	return h
}

func (d *Deployment) hopFirewall() Hop {
	var n fact.Notes
	r, s := d.model.Firewall.Look(&n)
	h := Hop{Stage: StageFirewall, Label: "firewall", State: HopOK, Text: r}
	switch {
	case s == fact.IsUnknown:
		h.State = HopUnknown
	case r == shut && slices.ContainsFunc(d.names, func(n *Name) bool { return slices.ContainsFunc(n.Sites, (*Site).Secure) }):
		h.State = HopBroken
	}
	return h
}

func (d *Deployment) hopTLS() Hop {
	h := Hop{Stage: StageTLS, Label: "TLS", State: HopNone}
	for _, name := range d.names {
		var n fact.Notes
		list, _ := name.TLS.Look(&n)
		for _, e := range list {
			shake, s := e.Shake.Look(&n)
			if s != fact.IsKnown {
				h.State = HopUnknown
				continue
			}
			h.State = HopOK
			if c := Chain(shake); len(c) > 0 {
				h.Text = fmt.Sprintf("certificate ends %s", c[0].NotAfter.UTC().Format("2006-01-02"))
				return h
			}
			h.Text = shake.Error
		}
	}
	return h
}

func (d *Deployment) hopNginx() Hop {
	h := Hop{Stage: StageServer, Label: "nginx", State: HopNone}
	var n fact.Notes
	x, s := d.model.Nginx.Look(&n)
	has, ss := d.hasSites()
	switch {
	case s == fact.IsUnknown || ss == fact.IsUnknown:
		h.State = HopUnknown
	case s == fact.IsKnown && has:
		p, ms := x.Master.Look(&n)
		h.State = seen(ms)
		h.Text = "does not run"
		if ms == fact.IsKnown {
			h.Text = fmt.Sprintf("runs, process %d", p.PID)
		}
	}
	return h
}

func (d *Deployment) hopSocket() Hop {
	h := Hop{Stage: StageSocket, Label: "socket", State: HopNone}
	var n fact.Notes
	sites, _ := d.Sites.Look(&n)
	for _, s := range sites {
		for _, r := range s.Routes {
			for _, u := range r.Upstreams {
				_, state := u.Listener.Look(&n)
				if u.Remote {
					state = fact.IsKnown
				}
				h.State, h.Text = seen(state), u.Addr
				if state == fact.IsKnown {
					return h
				}
			}
		}
	}
	return h
}

func (d *Deployment) hopServer() Hop {
	h := Hop{Stage: StageApp, Label: "app server", State: HopUnknown}
	if d.Server == nil {
		return h
	}
	var n fact.Notes
	h.Label = d.Server.Program()
	_, s := d.Server.Master.Look(&n)
	h.State, h.Text = seen(s), "does not run"
	if s == fact.IsKnown {
		w, _ := d.Server.Workers.Look(&n)
		h.Text = fmt.Sprintf("%d workers", len(w))
	}
	return h
}

func (d *Deployment) hopApp() Hop {
	h := Hop{Stage: StageCode, Label: "app", State: HopUnknown}
	for _, s := range d.surfaces {
		if !s.Direct {
			continue
		}
		var n fact.Notes
		r, state := s.Reply.Look(&n)
		switch {
		case state != fact.IsKnown:
		case r.Status >= 500:
			h.State, h.Text = HopBroken, fmt.Sprintf("GET / gives %d", r.Status)
		case r.Status > 0:
			h.State, h.Text = HopOK, fmt.Sprintf("GET / gives %d", r.Status)
		case r.Class == "denied":
		default:
			h.State, h.Text = HopBroken, r.Error
		}
	}
	return h
}

func (d *Deployment) hopDatabase() Hop {
	h := Hop{Stage: StageData, Label: "database", State: HopNone}
	var n fact.Notes
	st, s := d.Database.Look(&n)
	switch s {
	case fact.IsUnknown:
		h.State = HopUnknown
	case fact.IsKnown:
		h.Label, h.Text, h.State = st.Kind, st.Words(), HopUnknown
		if _, asked := st.SQL.Look(&n); asked == fact.IsKnown {
			h.State = map[bool]HopState{false: HopOK, true: HopBroken}[st.Failed()]
		} else if st.Local && st.Kind != "SQLite" {
			_, ls := st.Listen.Look(&n)
			h.State = seen(ls)
		}
	}
	return h
}
