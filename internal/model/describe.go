package model

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"assay/internal/fact"
	"assay/internal/syntax/nginx"
)

// Description is the model in plain values, for people and for programs. Each
// Value is what was read, with where; or why it is not known.
type Description struct {
	Host        string            `json:"host"`
	OS          string            `json:"os"`
	Addresses   Value             `json:"addresses"`
	Firewall    Value             `json:"firewall"`
	Nginx       NginxDescription  `json:"nginx"`
	Datastores  Value             `json:"datastores"`
	Deployments []DeploymentWords `json:"deployments"`
	Blind       []string          `json:"blind"` // places of discovery that could not be read
	Looked      []string          `json:"looked"`
}

// Value is one fact in words.
type Value struct {
	State  string   `json:"state"` // known, absent, unknown
	Text   string   `json:"text,omitempty"`
	Source []string `json:"source,omitempty"`
	Why    string   `json:"why,omitempty"`
	Hint   string   `json:"hint,omitempty"`
}

// NginxDescription is the proxy.
type NginxDescription struct {
	Runs   Value `json:"runs"`
	Config Value `json:"config"`
	User   Value `json:"user"`
	Unit   Value `json:"unit"`
}

// DeploymentWords is one deployment.
type DeploymentWords struct {
	Name      string      `json:"name"`
	Server    string      `json:"server,omitempty"`
	App       string      `json:"app,omitempty"`
	Container string      `json:"container,omitempty"`
	Unit      Value       `json:"unit"`
	Process   Value       `json:"process"`
	Workers   Value       `json:"workers"`
	Wanted    Value       `json:"wanted"` // workers, as configured
	Class     Value       `json:"class"`  // of the workers, as configured
	Venv      Value       `json:"venv"`
	User      Value       `json:"user"`
	Folder    Value       `json:"folder"`
	Binds     Value       `json:"binds"`
	Listens   Value       `json:"listens"`
	Database  Value       `json:"database"`
	Names     []NameWords `json:"names"`
	Sites     []SiteWords `json:"sites"`
}

// NameWords is a name with what DNS says.
type NameWords struct {
	Name      string `json:"name"`
	Addresses Value  `json:"addresses"`
}

// SiteWords is one server block.
type SiteWords struct {
	Source  string   `json:"source"`
	Names   []string `json:"names"`
	Listens []string `json:"listens"`
	Routes  []string `json:"routes"` // "/ -> unix:/run/x.sock"
	Statics []string `json:"statics"`
}

// say turns a fact into words.
func say[T any](f fact.Of[T], words func(T) string) Value {
	var n fact.Notes
	v, state := f.Look(&n)
	switch state {
	case fact.IsUnknown:
		return Value{State: "unknown", Why: n.Why().Text, Hint: n.Why().Hint}
	case fact.IsAbsent:
		return Value{State: "absent", Source: sources(n)}
	}
	return Value{State: "known", Text: words(v), Source: sources(n)}
}

func sources(n fact.Notes) []string {
	var out []string
	for _, s := range n.Sources {
		where := s.Where
		if s.Line > 0 {
			where += ":" + strconv.Itoa(s.Line)
		}
		if where != "" && len(out) < 3 {
			out = append(out, where)
		}
	}
	return out
}

// Describe puts the model into plain values.
func Describe(m *Model) Description {
	d := Description{Host: m.Machine.Hostname, OS: m.Machine.OS, Looked: m.Looked, Blind: []string{}, Deployments: []DeploymentWords{},
		Firewall: say(m.Firewall, func(s string) string { return s }),
		Addresses: say(m.Machine.Addresses, func(l []Address) string {
			var s []string
			for _, a := range l {
				if !a.Local {
					s = append(s, a.IP+" on "+a.Iface)
				}
			}
			return strings.Join(s, ", ")
		}),
		Datastores: say(m.Stores, func(l []*Listener) string {
			var s []string
			for _, x := range l {
				s = append(s, x.Subject())
			}
			return strings.Join(s, ", ")
		})}
	for _, w := range m.Blind {
		d.Blind = append(d.Blind, w.Text)
	}
	d.Nginx = describeNginx(m)
	for _, x := range m.Deployments {
		d.Deployments = append(d.Deployments, describe(x))
	}
	return d
}

func describeNginx(m *Model) NginxDescription {
	of := func(f func(*Nginx) Value) Value {
		var n fact.Notes
		x, state := m.Nginx.Look(&n)
		switch state {
		case fact.IsUnknown:
			return Value{State: "unknown", Why: n.Why().Text, Hint: n.Why().Hint}
		case fact.IsAbsent:
			return Value{State: "absent"}
		}
		return f(x)
	}
	return NginxDescription{
		Runs: of(func(x *Nginx) Value {
			return say(x.Master, func(p Process) string { return fmt.Sprintf("process %d", p.PID) })
		}),
		Config: of(func(x *Nginx) Value {
			return Value{State: "known", Text: fmt.Sprintf("%s, %d server blocks", x.Main, len(x.Sites))}
		}),
		User: of(func(x *Nginx) Value { return say(x.User, userWords) }),
		Unit: of(func(x *Nginx) Value { return say(x.Unit, unitWords) }),
	}
}

func userWords(u User) string { return fmt.Sprintf("%s (uid %d)", u.Name, u.UID) }

func unitWords(u *Unit) string {
	if u.Load != "loaded" {
		return u.Name + " " + u.Load
	}
	return fmt.Sprintf("%s %s (%s), %s", u.Name, u.Active, u.Sub, u.File)
}

func describe(d *Deployment) DeploymentWords {
	w := DeploymentWords{Name: d.Name, Names: []NameWords{}, Sites: []SiteWords{}}
	if s := d.Server; s != nil {
		describeServer(&w, s)
	}
	w.Database = say(d.Database, func(s *Store) string { return s.Kind + " at " + s.Words() })
	for _, n := range d.names {
		w.Names = append(w.Names, NameWords{n.Name, say(n.Addresses(), func(a []string) string { return strings.Join(a, ", ") })})
	}
	var n fact.Notes
	sites, _ := d.Sites.Look(&n)
	for _, s := range sites {
		w.Sites = append(w.Sites, describeSite(s))
	}
	return w
}

func describeServer(w *DeploymentWords, s *AppServer) {
	w.Server, w.App, w.Container = s.Kind, s.App, s.Container
	w.Unit = say(s.Unit, unitWords)
	w.Process = say(s.Master, func(p Process) string {
		return fmt.Sprintf("%d, since %s", p.PID, p.Start.UTC().Format("2006-01-02 15:04:05 UTC"))
	})
	w.Workers = say(s.Workers, func(l []Process) string { return strconv.Itoa(len(l)) })
	w.Wanted = say(s.Want, strconv.Itoa)
	w.Class = say(s.Setting("worker_class"), func(v []string) string { return v[0] })
	w.Venv = say(s.Venv(), func(v string) string { return v })
	w.User = say(s.User, userWords)
	w.Folder = say(s.Cwd, func(f string) string { return f })
	w.Binds = say(s.Binds, bindWords)
	w.Listens = say(s.Listens, func(l []*Listener) string {
		var t []string
		for _, x := range l {
			t = append(t, x.Addr)
		}
		return strings.Join(t, ", ")
	})
}

func bindWords(l []Bind) string {
	var t []string
	for _, b := range l {
		t = append(t, b.Addr)
	}
	return strings.Join(t, ", ")
}

func describeSite(s *Site) SiteWords {
	src := s.Source()
	w := SiteWords{Source: fmt.Sprintf("%s:%d", src.Where, src.Line), Names: append([]string{}, s.Names...), Routes: []string{}, Statics: []string{}}
	for _, l := range s.Listens {
		w.Listens = append(w.Listens, listenWords(l))
	}
	for _, r := range s.Routes {
		var to []string
		for _, u := range r.Upstreams {
			to = append(to, u.words())
		}
		if r.Opaque != "" {
			to = append(to, r.Opaque)
		}
		w.Routes = append(w.Routes, r.Path+" -> "+strings.Join(to, ", "))
	}
	for _, st := range s.Statics {
		w.Statics = append(w.Statics, st.Path+" -> "+st.Dir)
	}
	return w
}

// words is the address with who takes what is sent there.
func (u *Upstream) words() string {
	var n fact.Notes
	_, state := u.Listener.Look(&n)
	text := u.Addr
	if u.Backup {
		text += " backup"
	}
	switch {
	case u.Down:
		return text + " down"
	case u.Remote:
		return text + " (another host)"
	case u.server != nil:
		return text + " (" + u.server.Name + ")"
	case state == fact.IsAbsent:
		return text + " (nobody listens)"
	}
	return text
}

func listenWords(l nginx.Listen) string {
	if l.Unix != "" || l.Addr == "*" {
		return ListenText(l)
	}
	out := net.JoinHostPort(l.Addr, strconv.Itoa(l.Port))
	if l.TLS {
		out += " ssl"
	}
	return out
}
