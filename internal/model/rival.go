package model

import (
	"net"

	"assay/internal/fact"
	"assay/internal/regex"
)

// taken is what nginx says when a port is not free (1.22, 1.26).
var taken = regex.New(`bind\(\) to (\S+:\d+) failed \(98: `)

// rival is the unit that holds the port which nginx could not take; nil where
// that is not certain.
func (b *builder) rival(n *Nginx) *Unit {
	u, state := n.Unit.Look(&b.notes)
	if _, runs := n.Master.Look(&b.notes); state != fact.IsKnown || runs != fact.IsAbsent {
		return nil
	}
	c, ok := u.Complaint()
	m := taken.FindStringSubmatch(c.Text)
	if !ok || m == nil {
		return nil
	}
	host, port, err := net.SplitHostPort(m[1])
	if err != nil {
		return nil
	}
	if host == "0.0.0.0" {
		host = "127.0.0.1"
	}
	l, state := b.listenerAt(net.JoinHostPort(host, port)).Look(&b.notes)
	if state != fact.IsKnown {
		return nil
	}
	held, state := l.Holders.Look(&b.notes)
	if state != fact.IsKnown || len(held) == 0 {
		return nil
	}
	name := serviceOf(held[0].Cgroup)
	for _, p := range held {
		if serviceOf(p.Cgroup) != name {
			return nil
		}
	}
	if name == "" || name == "nginx.service" {
		return nil
	}
	other, _ := b.unit(name).Look(&b.notes)
	if other != nil && serverKind(other.argv()) != "" {
		return nil // an app's own server: which of the two should have the port is a choice
	}
	return other
}
