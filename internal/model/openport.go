package model

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
)

// OpenPort is a TCP port of a program that is neither the web server nor sshd,
// nor one that a question of its own is asked about.
type OpenPort struct {
	*Exposure
	Who     string          // the program, in words
	ByHand  bool            // somebody's own, or meant for a network of one's own
	Session bool            // somebody started it in a shell
	Before  fact.Of[string] // a firewall in front of this host, as declared
}

// Subject names program and port.
func (x *OpenPort) Subject() string { return fmt.Sprintf("%s, port %d", x.Who, x.Port) }

// Node is the port as seen from outside.
func (x *OpenPort) Node() Node { return Node("open:" + x.Subject()) }

// OpenPorts are those that other machines may try.
func (m *Model) OpenPorts() fact.Of[[]*OpenPort] { return m.open }

// forAll are programs that are there for strangers: web, mail, names, VPN.
var forAll = []string{"sshd", "nginx", "apache2", "httpd", "caddy", "haproxy", "traefik", "envoy", "varnishd", "hitch", "stunnel4", "stunnel", "lighttpd", "h2o",
	"master", "smtpd", "exim4", "exim", "opensmtpd", "dovecot", "imap-login", "pop3-login", "rspamd", "named", "unbound", "knotd", "nsd", "pdns_server", "openvpn", "tailscaled",
	"zerotier-one", "vsftpd", "proftpd", "pure-ftpd", "turnserver", "coturn", "prosody", "mosquitto", "docker-proxy", "dropbear"}

// forFew are programs that nobody means for strangers: of a network of one's
// own, of a desktop, or what a developer starts.
var forFew = []string{"rpcbind", "rpc.statd", "rpc.mountd", "smbd", "nmbd", "cupsd", "rsync", "Xvnc", "x11vnc", "xrdp", "in.telnetd", "inetd", "xinetd", "slapd", "snmpd",
	"node", "deno", "bun", "php", "ruby", "java", "perl"}

func (b *builder) openPorts() fact.Of[[]*OpenPort] {
	return fact.Bind(b.sockets(), func(all []*Listener) fact.Of[[]*OpenPort] {
		var found []*Listener
		for _, l := range all {
			if !strings.HasPrefix(l.Proto, "tcp") || l.Port == 80 || l.Port == 443 || l.Port == 22 || b.named(l) || b.ofAppServer(l) {
				continue
			}
			if l.Reach = b.reach(l); b.loopback(l) {
				continue
			}
			found = append(found, l)
		}
		var out []*OpenPort
		for _, x := range exposures(found) {
			p := &OpenPort{Exposure: x, Who: "a program", Before: b.m.Declared.Firewall}
			if proc, ok := x.holder(); ok {
				p.Who = proc.Comm
				p.Session = strings.Contains(proc.Cgroup, "/session-") || strings.Contains(proc.Cgroup, "/user@")
				interpreter := pythonName.MatchString(path.Base(proc.Comm)) || slices.Contains(forFew, proc.Comm)
				p.ByHand = p.Session || interpreter
				if slices.Contains(forAll, proc.Comm) || strings.HasPrefix(proc.Comm, "nginx") {
					continue
				}
			}
			out = append(out, p)
		}
		return fact.Known(out)
	})
}

// named says that the socket is a datastore's or a console's.
func (b *builder) named(l *Listener) bool {
	stores, _ := b.m.Stores.Look(&b.notes)
	consoles, _ := b.m.consoles.Look(&b.notes)
	return slices.ContainsFunc(stores, func(o *Listener) bool { return o.Addr == l.Addr }) ||
		slices.ContainsFunc(consoles, func(c *Console) bool {
			return slices.ContainsFunc(c.Listeners, func(o *Listener) bool { return o.Addr == l.Addr })
		})
}

func (b *builder) loopback(l *Listener) bool {
	r, state := l.Reach.Look(&b.notes)
	return state == fact.IsKnown && r.Scope == "loopback"
}
