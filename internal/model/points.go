package model

import (
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// Points is where a name's records lead.
type Points struct {
	*Name
	Here   []string // of its addresses those of this host
	Others []*Elsewhere
	Twin   bool     // the first name of the block leads to the same places
	Public bool     // this host has a public address of its own
	Own    []string // this host's addresses, loopback aside
}

// Node is whether the name leads here.
func (p *Points) Node() Node { return pointsNode(p.Name) }

func pointsNode(n *Name) Node { return Node("points:" + n.Name) }

// Elsewhere is an address of a name that no interface of this host has. Whether
// it leads here all the same (NAT, a balancer, a CDN) is told by a request for a
// path that nobody else asks for: it stands in this nginx's log, or it does not.
type Elsewhere struct {
	Addr   string
	Public bool
	Asked  string // the request, in words
	Reply  fact.Of[tape.HTTPReply]
	Came   fact.Of[bool] // Absent: nobody answered
	Same   fact.Of[bool] // the certificate there is one that is served here
}

// Beside says that the name has an address of this host's own, too, by which
// visitors come, and that no router in front of this host can have the other
// one: it is of the same kind, or of IPv6, which is not translated.
func (p *Points) Beside(e *Elsewhere) bool {
	v6 := strings.Contains(e.Addr, ":")
	return slices.ContainsFunc(p.Here, func(a string) bool {
		ip, err := netip.ParseAddr(a)
		return err == nil && Public(ip) && (v6 || ip.Is4())
	})
}

// Pointers are the names with where they lead.
func (d *Deployment) Pointers() fact.Of[[]*Points] {
	return fact.Then(d.ServedNames(), func([]*Name) []*Points { return d.points })
}

// away are the addresses of a name, where none is known to lead here.
func (p *Points) away() []string {
	var out []string
	for _, e := range p.Others {
		came, _ := e.Came.Look(&fact.Notes{})
		if came {
			return nil
		}
		out = append(out, e.Addr)
	}
	if len(p.Here) > 0 {
		return nil
	}
	return out
}

const maxElsewhere = 4

func (b *builder) points(d *Deployment) {
	own, _ := b.m.Machine.Addresses.Look(&b.notes)
	served := b.certsHere(d.names)
	declared, _ := d.Declared.Addresses.Look(&b.notes)
	for _, n := range d.names {
		p := &Points{Name: n, Public: slices.ContainsFunc(own, func(a Address) bool { return a.Public })}
		for _, a := range own {
			if ip, err := netip.ParseAddr(a.IP); err == nil && !a.Local && !ip.IsLinkLocalUnicast() {
				p.Own = append(p.Own, a.IP)
			}
		}
		addrs, _ := n.Addresses().Look(&b.notes)
		if n.First != n {
			first, _ := n.First.Addresses().Look(&b.notes)
			p.Twin = slices.Equal(first, addrs)
		}
		for _, a := range addrs {
			ip, err := netip.ParseAddr(a)
			switch {
			case err != nil:
			case b.ownAddress(ip):
				p.Here = append(p.Here, a)
			case slices.Contains(declared, ip.String()): // somebody says that it leads here
			case !p.Twin && !n.Internal && len(p.Others) < maxElsewhere:
				p.Others = append(p.Others, b.askedAt(n, ip, served))
			}
		}
		d.points = append(d.points, p)
		ends, _ := n.TLS.Look(&b.notes)
		for _, e := range ends {
			if !e.Own {
				b.m.Needs[e.Node()] = append(b.m.Needs[e.Node()], p.Node())
			}
		}
	}
}

// certsHere are the certificates that this host serves under the names.
func (b *builder) certsHere(names []*Name) fact.Of[map[string]bool] {
	out := map[string]bool{}
	for _, n := range names {
		ends, _ := n.TLS.Look(&b.notes)
		for _, e := range ends {
			var seen fact.Notes
			s, state := e.Shake.Look(&seen)
			switch {
			case !e.Own:
			case state == fact.IsUnknown:
				return fact.Unknown[map[string]bool](seen.Why())
			case len(s.Chain) > 0:
				out[s.Chain[0]] = true
			}
		}
	}
	return fact.Known(out)
}

func (b *builder) askedAt(n *Name, ip netip.Addr, served fact.Of[map[string]bool]) *Elsewhere {
	e := &Elsewhere{Addr: ip.String(), Public: Public(ip), Came: fact.Absent[bool](), Same: fact.Known(false)}
	ends, _ := n.TLS.Look(&b.notes)
	for _, t := range ends {
		if strings.HasPrefix(t.Addr, net.JoinHostPort(e.Addr, "")) {
			e.Same = fact.Bind(served, func(here map[string]bool) fact.Of[bool] {
				return fact.Then(t.Shake, func(s tape.Handshake) bool { return len(s.Chain) > 0 && here[s.Chain[0]] })
			})
		}
	}
	for _, secure := range []bool{false, true} {
		site, l, ok := listenFor(n, secure)
		if !ok {
			continue
		}
		port, scheme := strconv.Itoa(l.Port), "tcp:"
		if secure {
			scheme = "tls:"
		}
		e.Asked = "port " + port
		e.Reply = b.f.HTTP(scheme+net.JoinHostPort(e.Addr, port), n.Name, b.mark(e.Addr))
		here := b.f.HTTP(site.at(l), n.Name, b.mark("here"))
		r, state := e.Reply.Look(&b.notes)
		_, hs := here.Look(&b.notes)
		if state != fact.IsKnown || r.Status == 0 {
			if b.f.Waiting() {
				return e
			}
			continue
		}
		if hs != fact.IsKnown {
			e.Came = fact.Then(here, func(tape.HTTPReply) bool { return false })
			return e
		}
		e.Came = b.logged(site, e.Addr)
		return e
	}
	return e
}

// listenFor is a block and a listen of the standard port under the name.
func listenFor(n *Name, secure bool) (*Site, syntax.Listen, bool) {
	port := 80
	if secure {
		port = 443
	}
	for _, s := range n.Sites {
		for _, l := range s.Listens {
			if l.Unix == "" && l.TLS == secure && l.Port == port && !l.Proxy && !l.QUIC {
				return s, l, true
			}
		}
	}
	return nil, syntax.Listen{}, false
}

// mark is a path that nobody else asks for, the same for the whole visit.
func (b *builder) mark(to string) string {
	sum := sha256.Sum256([]byte("assay " + b.m.Machine.Now.UTC().String() + " " + to))
	return "/.well-known/assay-" + hex.EncodeToString(sum[:10])
}

// logged looks for the mark in the access log of the block. That the log tells
// of such requests, and that it reaches back so far, is proven by one that was
// sent to this host itself at the same time.
func (b *builder) logged(s *Site, addr string) fact.Of[bool] {
	at := s.Server
	if m := at.Match(b.mark(addr)); m.Location != nil {
		at = m.Location
	}
	file, why := s.accessLog(at)
	if file == "" {
		return fact.Unknown[bool](fact.Why{Text: "read nginx's access log: " + why})
	}
	tail, arg := b.f.Tail(file), "tail"
	if text, state := tail.Look(&b.notes); state == fact.IsKnown && !strings.Contains(text, b.mark("here")) {
		tail, arg = b.f.TailAfter(file), "tail-after" // somebody else wanted it before we asked
	}
	return fact.Bind(tail, func(text string) fact.Of[bool] {
		src := fact.Source{Where: file, Text: "no request for " + b.mark(addr), Ask: tape.Ask{Kind: tape.KindFile, Name: file, Arg: arg}}
		switch {
		case strings.Contains(text, b.mark(addr)):
			src.Text = "a request for " + b.mark(addr)
			return fact.Known(true, src)
		case !strings.Contains(text, b.mark("here")):
			return fact.Unknown[bool](fact.Why{Text: "find a request of our own in " + file + ": it is not there"})
		}
		return fact.Known(false, src)
	})
}

// defaultAccessLog is where Debian's and nginx.org's builds write when nothing
// says where.
const defaultAccessLog = "/var/log/nginx/access.log"

// accessLog is a file to which every request of a block goes at once and with
// its path, or why there is none.
func (s *Site) accessLog(at *syntax.Directive) (file, why string) {
	set := syntax.Effective(at, "access_log")
	if len(set) == 0 {
		return defaultAccessLog, ""
	}
	for _, d := range set {
		to, rest := d.Arg(0), d.Args[min(1, len(d.Args)):]
		switch {
		case to == "off":
			why = "it is off"
		case strings.HasPrefix(to, "syslog:"), strings.Contains(to, "$"), !strings.HasPrefix(to, "/"):
			why = "it goes to " + to
		case slices.ContainsFunc(rest, func(a string) bool { return strings.Contains(a, "=") || a == "gzip" }):
			why = "it is buffered or written by conditions"
		case len(rest) > 0 && rest[0] != "combined" && !s.nginx.logsPath(rest[0]):
			why = "its format has no path"
		default:
			return to, ""
		}
		why += " (" + facts.DirectiveSource(d).String() + ")"
	}
	return "", why
}

func (n *Nginx) logsPath(format string) bool {
	var notes fact.Notes
	cfg, state := n.Config.Look(&notes)
	if state != fact.IsKnown {
		return false
	}
	for _, d := range cfg.Root.All("log_format") {
		if d.Arg(0) == format {
			text := strings.Join(d.Args, " ")
			return strings.Contains(text, "$request") || strings.Contains(text, "$uri")
		}
	}
	return false
}
