package model

import (
	"crypto/x509"
	"encoding/pem"
	"net/netip"
	"path"
	"slices"
	"strings"
	"time"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/syntax/nft"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// Leaf is one certificate as it is served, with every name and address that it
// is served for: one certificate, one fault.
type Leaf struct {
	Ends []*Endpoint // the first gives the leaf its name
	Now  time.Time
	// Old is what came of offering TLS 1.0 and 1.1 alone. Protocols are the
	// directives of nginx that name them.
	Old       fact.Of[tape.Handshake]
	Protocols []fact.Source
	OldAt     []*syntax.Directive // these
	// Static and Blocks are what came of offering, up to TLS 1.2, suites without
	// forward secrecy alone, and suites whose blocks are not authenticated alone.
	Static, Blocks fact.Of[tape.Handshake]
	Ciphers        []fact.Source // the directives of nginx that choose
}

// Subject is the first name and address.
func (l *Leaf) Subject() string { return l.Ends[0].Subject() }

// Node is what the names' TLS stands on.
func (l *Leaf) Node() Node { return Node("cert:" + l.Subject()) }

// Names are the names that it is served for.
func (l *Leaf) Names() []string {
	var out []string
	for _, e := range l.Ends {
		if !slices.Contains(out, e.Name) {
			out = append(out, e.Name)
		}
	}
	return out
}

// CertFile is the certificate that nginx is told to serve for a name.
type CertFile struct {
	Path    string
	Lineage string      // certbot's name for it, "" when it is not certbot's
	Source  fact.Source // the directive
	At      *syntax.Directive
	Chain   fact.Of[[]*x509.Certificate]
	Beside  fact.Of[[]*x509.Certificate] // chain.pem in the same folder
	Better  []Becomes                    // certbot keeps one with the block's names
	HTTP    fact.Of[bool]                // certbot renews it over HTTP, where every name must lead here
}

// Gate is what the host's own firewall does with a visitor from anywhere.
type Gate struct {
	Shut    bool
	By      string
	Opening *Opening // nil where a person has to see
}

// leaves sorts endpoints by the certificate that they serve. Where none was
// seen each stands by itself.
func (b *builder) leaves(names []*Name) []*Leaf {
	var out []*Leaf
	by := map[string]*Leaf{}
	hidden := false // an endpoint before this one may serve the same certificate
	for _, name := range names {
		var n fact.Notes
		ends, _ := name.TLS.Look(&n)
		for _, e := range ends {
			s, state := e.Shake.Look(&n)
			hidden = hidden || state == fact.IsUnknown
			key := e.Subject()
			if len(s.Chain) > 0 {
				key = s.Chain[0]
			}
			if by[key] == nil {
				by[key] = &Leaf{Now: b.m.Machine.Now}
				out = append(out, by[key])
				e.First = !hidden
			}
			by[key].Ends = append(by[key].Ends, e)
		}
	}
	n, state := b.m.Nginx.Look(&b.notes)
	for _, l := range out {
		b.m.Needs[l.Node()] = []Node{NodeNginx}
		b.f.Leaf(func() { b.oldProtocols(l) })
		if state == fact.IsKnown && l.waits() {
			n.Waiting = append(n.Waiting, l)
		}
	}
	return out
}

// oldProtocols offers what nobody should take any more. Which version is spoken
// nginx decides by the block that is the default of the address, before it knows
// the name (until 1.27.2), so both blocks count.
func (b *builder) oldProtocols(l *Leaf) {
	e := l.Ends[0]
	var seen fact.Notes
	if s, state := e.Shake.Look(&seen); state != fact.IsKnown || s.Error != "" {
		return
	}
	l.Old = b.f.OldTLS(e.Addr, e.Name)
	if e.Own {
		l.Static, l.Blocks = b.f.SomeTLS(e.Addr, e.Name, tape.StaticTLS), b.f.SomeTLS(e.Addr, e.Name, tape.BlockTLS)
	}
	n, state := b.m.Nginx.Look(&b.notes)
	at, err := netip.ParseAddrPort(e.Addr)
	if state != fact.IsKnown || err != nil || !e.Own {
		return
	}
	var servers []*syntax.Directive
	for _, s := range n.Sites {
		servers = append(servers, s.Server)
	}
	for _, name := range []string{e.Name, ""} {
		x := syntax.SelectServer(servers, at.Addr().String(), int(at.Port()), name, true)
		if x.Server == nil {
			continue
		}
		set := syntax.Effective(x.Server, "ssl_protocols")
		for _, d := range set {
			if src := facts.DirectiveSource(d); (slices.Contains(d.Args, "TLSv1") || slices.Contains(d.Args, "TLSv1.1")) && !slices.Contains(l.Protocols, src) {
				l.Protocols, l.OldAt = append(l.Protocols, src), append(l.OldAt, d)
			}
		}
		if name != "" {
			for _, d := range syntax.Effective(x.Server, "ssl_ciphers") {
				l.Ciphers = append(l.Ciphers, facts.DirectiveSource(d))
			}
		}
	}
}

// waits says that the certificate has ended, and that a good one lies where
// nginx would read it from.
func (l *Leaf) waits() bool {
	var n fact.Notes
	s, _ := l.Ends[0].Shake.Look(&n)
	served := Chain(s)
	if len(served) == 0 || !l.Ends[0].Own || l.Ends[0].File == nil || l.Now.Before(served[0].NotAfter) {
		return false
	}
	disk, _ := l.Ends[0].File.Chain.Look(&n)
	return len(disk) > 0 && l.Now.Before(disk[0].NotAfter) && !l.Now.Before(disk[0].NotBefore)
}

// secureEdges: https stands on the names, on nginx, and on what is served.
func (b *builder) secureEdges(d *Deployment) {
	for _, s := range secured(d.names) {
		needs := []Node{NodeNginx}
		for _, n := range s.Names {
			var notes fact.Notes
			ends, _ := n.TLS.Look(&notes)
			for _, e := range ends {
				needs = append(needs, e.Node())
			}
		}
		for _, l := range d.leaves {
			if slices.ContainsFunc(l.Ends, func(e *Endpoint) bool { return slices.Contains(needs, e.Node()) }) {
				needs = append(needs, l.Node())
			}
		}
		b.m.Needs[s.Node()] = needs
		if s.Plain() && len(s.Sites) == 1 {
			for _, n := range s.Names {
				n.Kept = b.keptFor(realNames(s.Sites[0].Server.Names()))
			}
		}
		if s.Plain() { // where https is missing, a Secure cookie is not what is wrong
			b.m.Needs[sessionNode(d)] = append(b.m.Needs[sessionNode(d)], s.Node())
		}
	}
}

// Leaves are the certificates that a deployment's names are served with.
func (d *Deployment) Leaves() fact.Of[[]*Leaf] {
	return fact.Then(d.Endpoints(), func([]*Endpoint) []*Leaf { return d.leaves })
}

// ToldLeaves are the same where all of nginx's configuration was seen, so that
// it is known which file each comes from.
func (d *Deployment) ToldLeaves() fact.Of[[]*Leaf] {
	if why, some := d.unseenConfig(); some {
		return fact.Unknown[[]*Leaf](why)
	}
	return d.Leaves()
}

// Chain parses the certificates as sent, leaf first; what does not parse is left out.
func Chain(h tape.Handshake) []*x509.Certificate {
	return certificates(strings.Join(h.Chain, "\n"))
}

func certificates(text string) []*x509.Certificate {
	var out []*x509.Certificate
	rest := []byte(text)
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return out
		}
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			out = append(out, c)
		}
	}
}

// certFile finds the block that answers for a name at an address, as nginx
// does, and the certificate that it is told to serve.
// A block may have a certificate for each kind of key: the one that is served
// names its own.
func (b *builder) certFile(name, ip string, port int, shake fact.Of[tape.Handshake]) *CertFile {
	n, state := b.m.Nginx.Look(&b.notes)
	if state != fact.IsKnown {
		return nil
	}
	var servers []*syntax.Directive
	for _, s := range n.Sites {
		servers = append(servers, s.Server)
	}
	at := syntax.SelectServer(servers, ip, port, name, true)
	if at.Server == nil {
		return nil
	}
	file, d := syntax.Value(at.Server, "ssl_certificate")
	if all := syntax.Effective(at.Server, "ssl_certificate"); len(all) > 1 {
		for _, other := range all {
			if b.sameKind(shake, other.Arg(0)) {
				file, d = other.Arg(0), other
			}
		}
	}
	if d == nil || !path.IsAbs(file) || strings.Contains(file, "$") {
		return nil
	}
	c := &CertFile{Path: file, Source: directiveSource(d), At: d, HTTP: fact.Absent[bool]()}
	c.Chain = fact.Then(b.f.File(file), certificates)
	if own, _ := c.Chain.Look(&b.notes); len(own) > 0 && own[0].VerifyHostname(name) != nil {
		c.Better = b.kept(at.Server)
	}
	c.Beside = fact.Then(b.f.File(path.Join(path.Dir(file), "chain.pem")), certificates)
	if rest, is := strings.CutPrefix(file, "/etc/letsencrypt/live/"); is && strings.Count(rest, "/") == 1 {
		c.Lineage = path.Dir(rest)
		c.HTTP = fact.Then(b.f.File("/etc/letsencrypt/renewal/"+c.Lineage+".conf"), asksOverHTTP)
	}
	return c
}

// sameKind says that a file's certificate has a key of the kind that is served.
func (b *builder) sameKind(shake fact.Of[tape.Handshake], file string) bool {
	if !path.IsAbs(file) || strings.Contains(file, "$") {
		return false
	}
	s, _ := shake.Look(&b.notes)
	disk, _ := fact.Then(b.f.File(file), certificates).Look(&b.notes)
	served := Chain(s)
	return len(served) > 0 && len(disk) > 0 && served[0].PublicKeyAlgorithm == disk[0].PublicKeyAlgorithm
}

// asksOverHTTP reads the authenticator of a lineage's renewal: with a dns-*
// plugin a name need not lead anywhere.
func asksOverHTTP(conf string) bool {
	for l := range strings.Lines(conf) {
		if k, v, ok := strings.Cut(l, "="); ok && strings.TrimSpace(k) == "authenticator" {
			return slices.Contains([]string{"nginx", "webroot", "standalone", "apache"}, strings.TrimSpace(v))
		}
	}
	return false
}

// gate asks the host's own rules about visitors. Where some addresses may come
// and others not, it is not shut: that is how a site for few is made.
func (b *builder) gate(e *Endpoint, ip netip.Addr, port int) fact.Of[Gate] {
	if !e.Own {
		// Whose address it is says nothing of the gate, unless that is not known.
		return fact.Bind(b.m.Machine.Addresses, func([]Address) fact.Of[Gate] { return fact.Absent[Gate]() })
	}
	if ip.IsLoopback() {
		return fact.Absent[Gate]()
	}
	return fact.Bind(b.f.Firewall(), func(set *nft.Ruleset) fact.Of[Gate] {
		d := set.Evaluate(nft.Connection{Proto: "tcp", Addr: ip, Port: port, Iface: b.iface(ip), Singled: true})
		src := fact.Source{Where: "nft list ruleset", Text: d.Chain + ": " + d.Why}
		g := Gate{Shut: d.Verdict == nft.Dropped, By: d.Chain}
		if g.Shut {
			g.Opening = b.opening(set, port)
		}
		return fact.Known(g, src)
	})
}

// maxOthers bounds the other names of a certificate that are asked for.
const maxOthers = 20

// deadNames are names that the certificate has besides the served ones, and
// that do not exist.
func (b *builder) deadNames(e *Endpoint, served []*Name) fact.Of[[]string] {
	return fact.Bind(e.Shake, func(h tape.Handshake) fact.Of[[]string] {
		chain := Chain(h)
		if len(chain) == 0 {
			return fact.Known[[]string](nil)
		}
		var dead []string
		var unseen []fact.Why
		for k, n := range chain[0].DNSNames {
			if k == maxOthers || strings.HasPrefix(n, "*.") || internalName(n) ||
				slices.ContainsFunc(served, func(s *Name) bool { return s.Name == n }) {
				continue
			}
			var notes fact.Notes
			a, as := b.f.DNS(n, "A").Look(&notes)
			aaaa, aaaas := b.f.DNS(n, "AAAA").Look(&notes)
			if as == fact.IsKnown && aaaas == fact.IsKnown && len(a.Addrs)+len(aaaa.Addrs) == 0 && a.Rcode != "SERVFAIL" {
				dead = append(dead, n)
			}
			if len(a.Addrs)+len(aaaa.Addrs) == 0 {
				unseen = append(unseen, notes.Whys...)
			}
		}
		if len(dead) == 0 && len(unseen) > 0 {
			return fact.Unknown[[]string](unseen[0])
		}
		return fact.Known(dead)
	})
}
