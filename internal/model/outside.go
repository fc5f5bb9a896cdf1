package model

import (
	"net"
	"net/url"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/tape"
)

// Outside is a site as any other machine sees it: its name, its addresses, and
// what each of them answers.
type Outside struct {
	URL     *url.URL
	A, AAAA fact.Of[tape.DNSReply]
	Doors   []*Door // one for each address, IPv4 first
}

// Door is one address of a site.
type Door struct {
	Addr  string // with its port
	IP6   bool
	Shake fact.Of[tape.Handshake] // Absent: the site is asked without TLS
	Reply fact.Of[tape.HTTPReply] // Absent: no handshake came about
	// Back says that the answer sends the visitor to the very same address.
	Back bool
}

const maxDoors = 4

// LookFrom builds the outside of a site; on a growing tape again and again, as
// Build does.
func LookFrom(f *facts.Facts, u *url.URL) *Outside {
	o := &Outside{URL: u}
	host, port := u.Hostname(), u.Port()
	if port == "" {
		port = map[bool]string{true: "443", false: "80"}[u.Scheme == "https"]
	}
	var addrs []string
	if net.ParseIP(host) != nil {
		addrs = []string{host}
		o.A, o.AAAA = fact.Absent[tape.DNSReply](), fact.Absent[tape.DNSReply]()
	} else {
		o.A, o.AAAA = f.DNS(host, "A"), f.DNS(host, "AAAA")
		var n fact.Notes
		for _, r := range []fact.Of[tape.DNSReply]{o.A, o.AAAA} {
			reply, _ := r.Look(&n)
			addrs = append(addrs, reply.Addrs[:min(len(reply.Addrs), maxDoors)]...)
		}
	}
	for _, ip := range addrs {
		o.Doors = append(o.Doors, door(f, u, ip, net.JoinHostPort(ip, port)))
	}
	return o
}

func door(f *facts.Facts, u *url.URL, ip, addr string) *Door {
	d := &Door{Addr: addr, IP6: strings.Contains(ip, ":"), Shake: fact.Absent[tape.Handshake](), Reply: fact.Absent[tape.HTTPReply]()}
	var n fact.Notes
	scheme := "tcp:"
	if u.Scheme == "https" {
		scheme = "tls:"
		d.Shake = f.TLS(addr, u.Hostname())
		if s, state := d.Shake.Look(&n); state != fact.IsKnown || s.Error != "" {
			return d
		}
	}
	d.Reply = f.HTTP(scheme+addr, u.Host, u.RequestURI())
	if r, state := d.Reply.Look(&n); state == fact.IsKnown && r.Status >= 300 && r.Status < 400 {
		to, err := u.Parse(r.Get("location"))
		d.Back = err == nil && to.String() == u.String()
	}
	return d
}

// Working are the doors that gave an answer which does not blame the server.
func (o *Outside) Working() []*Door {
	var n fact.Notes
	return slices.DeleteFunc(slices.Clone(o.Doors), func(d *Door) bool {
		r, state := d.Reply.Look(&n)
		s, shaken := d.Shake.Look(&n)
		return state != fact.IsKnown || r.Error != "" || r.Status >= 400 || d.Back || shaken == fact.IsKnown && !s.Verified
	})
}
