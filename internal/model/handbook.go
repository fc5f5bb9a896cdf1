package model

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"assay/internal/fact"
	"assay/internal/facts"
)

// Handbook is how the deployments of a host are operated, as far as the host shows
// it and people have declared it, in plain values. It holds what stays: a process
// id or a date that is another one tomorrow is not in it.
type Handbook struct {
	Host  string
	OS    string
	Seen  time.Time
	Parts []HandbookPart
}

// HandbookPart is what there is to know about one subject.
type HandbookPart struct {
	Deployment string // "" for the host as a whole
	Title      string
	Lines      []HandbookLine
}

// HandbookLine is one thing. What could not be seen has no Text, and a Why.
type HandbookLine struct {
	Name    string
	Text    string
	Command bool // Text is typed into a shell
	Where   string
	Why     string
	Hint    string
}

// handbook is one in the making.
type handbook struct {
	m     *Model
	parts []HandbookPart
}

// MakeHandbook writes down how a host is operated.
func MakeHandbook(m *Model) Handbook {
	h := &handbook{m: m}
	for _, d := range m.Deployments {
		h.people(d)
		h.address(d)
		h.app(d)
		h.certificates(d)
		h.data(d)
		h.backups(d)
		h.logs(d)
		h.watch(d)
	}
	h.host()
	return Handbook{Host: m.Machine.Hostname, OS: m.Machine.OS, Seen: m.Machine.Now, Parts: h.parts}
}

func (h *handbook) part(d *Deployment, title string) {
	p := HandbookPart{Title: title}
	if d != nil {
		p.Deployment = d.Name
	}
	h.parts = append(h.parts, p)
}

func (h *handbook) add(l HandbookLine) {
	p := &h.parts[len(h.parts)-1]
	if (l.Text != "" || l.Why != "") && !slices.Contains(p.Lines, l) {
		p.Lines = append(p.Lines, l)
	}
}

func (h *handbook) line(name, text string) { h.add(HandbookLine{Name: name, Text: text}) }

func (h *handbook) command(name, text string) {
	h.add(HandbookLine{Name: name, Text: text, Command: true})
}

// noted writes a fact down; one that is absent gets the words for that, or no line.
func noted[T any](h *handbook, name string, f fact.Of[T], none string, words func(T) string) {
	v := say(f, words)
	l := HandbookLine{Name: name, Text: v.Text, Why: v.Why, Hint: v.Hint}
	if v.State == "absent" {
		l.Text = none
	}
	if len(v.Source) > 0 && v.State == "known" && strings.HasPrefix(v.Source[0], "/") {
		l.Where = v.Source[0]
	}
	h.add(l)
}

func asIs(s string) string { return s }

func (h *handbook) host() {
	h.part(nil, "This host")
	noted(h, "Addresses", h.m.Machine.Addresses, "", func(l []Address) string {
		var s []string
		for _, a := range l {
			if !a.Local && !strings.HasPrefix(a.IP, "fe80:") {
				s = append(s, a.IP+" on "+a.Iface)
			}
		}
		return strings.Join(s, ", ")
	})
	noted(h, "Firewall", h.m.Firewall, "none", asIs)
	noted(h, "Open ports", h.m.OpenPorts(), "none", func(l []*OpenPort) string {
		var s []string
		for _, p := range l {
			if !slices.Contains(s, p.Subject()) {
				s = append(s, p.Subject())
			}
		}
		return strings.Join(s, ", ")
	})
	noted(h, "nginx", h.m.Nginx, "", func(x *Nginx) string { return x.Main })
	h.part(nil, "By the clock")
	var n fact.Notes
	jobs, state := h.m.clock.Look(&n)
	switch {
	case state == fact.IsUnknown:
		h.add(HandbookLine{Name: "Jobs", Why: n.Why().Text, Hint: n.Why().Hint})
	default:
		for _, j := range jobs {
			if j.Sleeps() == "" { // a command may hold a password: its place is enough
				h.add(HandbookLine{Name: j.Name, Text: cmp.Or(j.Service, "a cron job of "+cmp.Or(j.User, "root")), Where: bookPlace(j.Place)})
			}
		}
	}
	h.parts = slices.DeleteFunc(h.parts, func(p HandbookPart) bool { return len(p.Lines) == 0 })
}

// runs are the jobs of this host, asked when all else is known.
func (b *builder) runs() fact.Of[[]*Job] {
	c := facts.Remember(b.f, "clock", b.clock)
	if len(c.jobs) == 0 && len(c.unseen) > 0 {
		return fact.Unknown[[]*Job](c.unseen[0])
	}
	return fact.Known(c.jobs)
}
