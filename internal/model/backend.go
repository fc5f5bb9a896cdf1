package model

import (
	"net/netip"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/syntax/dsn"
	"assay/internal/syntax/netfiles"
	"assay/internal/tape"
)

// Backend is a server that the app names, and that no login of ours tries: mail,
// errors, a queue.
type Backend struct {
	*AppServer
	Host    string
	For     string // what it is wanted for
	Told    fact.Source
	A, AAAA fact.Of[tape.DNSReply]
	Hosts   fact.Of[bool]            // /etc/hosts has it
	Search  []fact.Of[tape.DNSReply] // the name below each domain of the search list
	Inside  string                   // its service has a network of its own
}

// Subject is the name.
func (x *Backend) Subject() string { return x.Host }

// Node is the name as the app looks it up.
func (x *Backend) Node() Node { return Node("backend:" + x.Host) }

// Backends are those servers, each once.
func (d *Deployment) Backends() fact.Of[[]*Backend] {
	return fact.Bind(d.Apps(), func(list []*AppServer) fact.Of[[]*Backend] {
		var out []*Backend
		for _, s := range list {
			var n fact.Notes
			if _, state := s.Code.Look(&n); state == fact.IsUnknown {
				return fact.Unknown[[]*Backend](n.Why())
			}
			out = append(out, s.backends...)
		}
		return fact.Known(out)
	})
}

// queues are the URLs of what is no store that is logged in to.
var queues = map[string]string{"amqp": "messages", "amqps": "messages", "mongodb": "its data", "memcached": "its cache", "ldap": "logins", "ldaps": "logins"}

func (b *builder) backends(s *AppServer) []*Backend {
	a, _ := s.Code.Look(&b.notes)
	if a == nil {
		return nil
	}
	var out []*Backend
	add := func(host, what string, told fact.Source) {
		host = strings.TrimSuffix(strings.ToLower(host), ".")
		if _, err := netip.ParseAddr(host); err == nil || !strings.Contains(host, ".") || strings.HasSuffix(host, ".local") || strings.HasSuffix(host, ".localhost") ||
			slices.ContainsFunc(out, func(o *Backend) bool { return o.Host == host }) {
			return // an address, a name of the search list or of another way than DNS
		}
		x := &Backend{AppServer: s, Host: host, For: what, Told: told, A: b.f.DNS(host, "A"), AAAA: b.f.DNS(host, "AAAA")}
		x.Hosts = fact.Then(b.f.Hosts(), func(h netfiles.Hosts) bool { return len(h.Lookup(host)) > 0 })
		var seen fact.Notes
		text, state := b.f.File(resolvConf).Look(&seen)
		if state == fact.IsUnknown {
			x.Search = append(x.Search, fact.Unknown[tape.DNSReply](seen.Why()))
		}
		for _, domain := range searchList(text) {
			x.Search = append(x.Search, b.f.DNS(host+"."+domain, "A"))
		}
		if m, up := b.steady(s); up && m.NetNS != "" {
			x.Inside = s.UnitName()
		}
		out = append(out, x)
	}
	if c, ok := a.Setting("MAIL_SERVER"); ok && a.Extends("mail") {
		host, _ := a.MailServer()
		add(host, "mails", a.From(c))
	}
	if t := a.Tracker; t != nil && t.Client && t.Host != "" {
		src := a.Source
		src.Text = "sentry_sdk sends to " + t.Host
		add(t.Host, "errors", src)
	}
	url := func(c tape.AppSetting) {
		u, err := dsn.Parse(c.URL)
		if what := queues[u.Scheme]; err == nil && what != "" && u.Driver != "srv" && !strings.Contains(u.Host, ",") {
			add(u.Host, what, a.From(c))
		}
	}
	for _, c := range a.Config {
		url(c)
		for _, k := range sortedKeys(c.Items) {
			item := c.Items[k]
			item.Key, item.At, item.By = c.Key+"/"+k, c.At, c.By
			url(item)
		}
	}
	return out
}

// searchList are the first domains that a resolver puts behind a name which does
// not exist as it stands (resolv.conf(5)).
func searchList(text string) []string {
	var out []string
	for l := range strings.Lines(text) {
		if w := strings.Fields(l); len(w) > 1 && (w[0] == "search" || w[0] == "domain") {
			out = w[1:min(len(w), 4)]
		}
	}
	return slices.DeleteFunc(slices.Clone(out), func(d string) bool { return d == "." })
}
