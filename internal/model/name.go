package model

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"assay/internal/fact"
	"assay/internal/syntax/netfiles"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// maxNames bounds how many server names of one deployment are asked about.
const maxNames = 40

// Name is one name that a deployment is served under.
type Name struct {
	Name     string
	Primary  bool // the first of a block that leads to the app
	Internal bool // not meant for the public: single label, .local, .internal, .test ...
	A, AAAA  fact.Of[tape.DNSReply]
	Hosts    fact.Of[bool] // /etc/hosts has it, with a private address
	Here     []string      // public addresses of this host
	First    *Name         // the first name of its block, itself where it is that
	Sites    []*Site
	TLS      fact.Of[[]*Endpoint]
	Source   fact.Source
	OS       string     // of this host
	Kept     string     // the folder of a certificate of certbot's for the name's block, which is served over http alone
	journeys []*Journey // where it leads, on its own way
}

// Subject is the name.
func (n *Name) Subject() string { return n.Name }

// Node is the name's resolution.
func (n *Name) Node() Node { return Node("dns:" + n.Name) }

// Secure says whether some block serves the name with TLS.
func (n *Name) Secure() bool {
	return slices.ContainsFunc(n.Sites, (*Site).Secure)
}

// Secure says whether the block takes TLS.
func (s *Site) Secure() bool {
	return slices.ContainsFunc(s.Listens, func(l syntax.Listen) bool { return l.TLS })
}

// Addresses are all that DNS gave.
func (n *Name) Addresses() fact.Of[[]string] {
	return fact.Bind(n.A, func(a tape.DNSReply) fact.Of[[]string] {
		return fact.Then(n.AAAA, func(aaaa tape.DNSReply) []string {
			return append(slices.Clone(a.Addrs), aaaa.Addrs...)
		})
	})
}

// Endpoint is one name at one address, asked by a real handshake.
type Endpoint struct {
	Name  string
	Addr  string // address:port
	Own   bool   // the address is this host's own
	Shake fact.Of[tape.Handshake]
	Gate  fact.Of[Gate]     // what the host's own firewall does with a visitor
	First bool              // of those that serve the same certificate
	File  *CertFile         // what nginx is told to serve there; nil: that is not known
	Dead  fact.Of[[]string] // other names of the certificate that do not resolve
	name  *Name
}

// Subject is the name and, where DNS gave it, the address.
func (e *Endpoint) Subject() string { return e.Name + " at " + e.Addr }

// Node is whether the certificate served at the address has the name.
func (e *Endpoint) Node() Node { return Node("tls:" + e.Name + "@" + e.Addr) }

// Of is the name that the endpoint belongs to.
func (e *Endpoint) Of() *Name { return e.name }

// internalName says that a name is not in the public DNS by design: a single
// label, a special-use name (RFC 6761, RFC 6762, RFC 8375) or .internal (ICANN
// 2024). The names kept for documentation (RFC 2606: .example) count as public,
// since nothing but their list tells them from others.
func internalName(n string) bool {
	if !strings.Contains(n, ".") {
		return true
	}
	for _, s := range []string{".local", ".localhost", ".internal", ".lan", ".home.arpa", ".intranet", ".corp", ".home", ".localdomain", ".test", ".invalid"} {
		if strings.HasSuffix(n, s) {
			return true
		}
	}
	return false
}

// names collects the names of sites, each once, with their resolution.
func (b *builder) names(sites []*Site) []*Name {
	var out []*Name
	for _, s := range sites {
		for i, n := range s.Names {
			k := slices.IndexFunc(out, func(o *Name) bool { return o.Name == n })
			if k >= 0 {
				out[k].Sites = append(out[k].Sites, s)
				out[k].Primary = out[k].Primary || i == 0 && len(s.Routes) > 0
				continue
			}
			if len(out) == maxNames {
				continue
			}
			x := &Name{Name: n, Primary: i == 0 && len(s.Routes) > 0, Internal: internalName(n), Sites: []*Site{s}, Source: s.Source()}
			if d := s.Server.Find("server_name"); len(d) > 0 {
				x.Source = directiveSource(d[0])
			}
			out = append(out, x)
		}
	}
	for _, n := range out {
		b.resolve(n)
	}
	for _, n := range out {
		n.TLS, n.First = b.endpoints(n, out), n
		if i := slices.IndexFunc(out, func(o *Name) bool { return o.Name == n.Sites[0].Names[0] }); i >= 0 && !n.Primary {
			n.First = out[i]
		}
	}
	return out
}

func (b *builder) resolve(n *Name) {
	n.A, n.AAAA = b.f.DNS(n.Name, "A"), b.f.DNS(n.Name, "AAAA")
	n.Hosts = fact.Then(b.f.Hosts(), func(hosts netfiles.Hosts) bool {
		return slices.ContainsFunc(hosts.Lookup(n.Name), func(e netfiles.Entry) bool {
			return !e.Addr.IsLoopback() && !Public(e.Addr)
		})
	})
	own, _ := b.m.Machine.Addresses.Look(&b.notes)
	for _, a := range own {
		if a.Public {
			n.Here = append(n.Here, a.IP)
		}
	}
}

// endpoints are where a visitor's browser would shake hands: every address of
// the name, port 443. Where DNS gives none, the listening address itself is
// asked, so that the certificate can be judged all the same.
func (b *builder) endpoints(n *Name, all []*Name) fact.Of[[]*Endpoint] {
	var notes fact.Notes
	addrs, state := n.Addresses().Look(&notes)
	var out []*Endpoint
	add := func(ip string, port int) {
		addr := net.JoinHostPort(ip, strconv.Itoa(port))
		parsed, err := netip.ParseAddr(ip)
		own := err == nil && b.ownAddress(parsed)
		if slices.ContainsFunc(out, func(e *Endpoint) bool { return e.Addr == addr }) {
			return
		}
		e := &Endpoint{Name: n.Name, Addr: addr, Own: own, name: n, Shake: b.f.TLS(addr, n.Name)}
		e.Gate = b.gate(e, parsed, port)
		e.File = b.certFile(n.Name, ip, port, e.Shake)
		e.Dead = b.deadNames(e, all)
		b.m.Needs[e.Node()] = []Node{NodeNginx}
		out = append(out, e)
	}
	for _, a := range addrs {
		add(a, 443)
	}
	if len(addrs) == 0 && n.Secure() {
		for _, s := range n.Sites {
			for _, l := range s.Listens {
				if l.TLS && l.Unix == "" && len(out) == 0 {
					add(probeIP(l), l.Port)
				}
			}
		}
	}
	if state == fact.IsUnknown && len(out) == 0 {
		return fact.Unknown[[]*Endpoint](notes.Why())
	}
	return fact.Known(out)
}

// Secured is the names of the same blocks as a visitor types them behind
// https://; the first speaks for them.
type Secured struct {
	*Name
	Names []*Name
	// Login is where the app says that its sessions are for https alone: Where is
	// "" where it does not say so.
	Login fact.Source
}

// Node stands on every address of the names.
func (n Secured) Node() Node { return Node("https:" + n.Name.Name) }

// Plain says that the names are served over http on purpose, as it seems: a block
// hands what comes to port 80 to an app, and none has port 443.
func (n Secured) Plain() bool {
	plain := false
	for _, s := range n.Sites {
		for _, l := range s.Listens {
			if l.TLS || l.Unix == "" && l.Port == 443 {
				return false
			}
			plain = plain || l.Port == 80 && len(s.Routes) > 0
		}
	}
	return plain
}

// secured sorts names by the blocks that they stand in.
func secured(names []*Name) []Secured {
	var out []Secured
	for _, n := range names {
		i := slices.IndexFunc(out, func(s Secured) bool { return slices.Equal(s.Sites, n.Sites) })
		if i < 0 {
			i = len(out)
			out = append(out, Secured{Name: n})
		}
		out[i].Names = append(out[i].Names, n)
	}
	return out
}

// Served says that some block with the name hands requests to an app.
func (n *Name) Served() bool {
	return slices.ContainsFunc(n.Sites, func(s *Site) bool { return len(s.Routes) > 0 })
}

// probeIP is an address of this host that reaches the listen.
func probeIP(l syntax.Listen) string {
	switch l.Addr {
	case "*", "localhost":
		return "127.0.0.1"
	case "::":
		return "::1"
	}
	return l.Addr
}
