package host

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"assay/internal/regex"
	"assay/internal/tape"

	"github.com/miekg/dns"
)

const (
	dnsWait  = 2 * time.Second
	dnsTries = 2
)

var hostName = regex.New(`^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?$`)

const maxHostName = 254

// dns asks the nameservers of resolv.conf, in their order, for a full name:
// search domains and /etc/hosts are left out.
func (l *local) dns(ctx context.Context, a tape.Ask) tape.Answer {
	deed := fmt.Sprintf("look up %s %s", short(a.Name), short(a.Arg))
	kind, ok := map[string]uint16{"A": dns.TypeA, "AAAA": dns.TypeAAAA}[a.Arg]
	if !ok {
		return unseen(deed, "want A or AAAA")
	}
	if _, ok := dns.IsDomainName(a.Name); !ok || !hostName.MatchString(a.Name) {
		return unseen(deed, "not a host name")
	}
	servers, v := l.nameservers(ctx)
	if v.Status != tape.Seen {
		return v
	}
	m := new(dns.Msg).SetQuestion(dns.Fqdn(a.Name), kind)
	m.SetEdns0(1232, false)
	v = unseen(deed, "no nameserver is configured")
	var refused *tape.Answer
	for _, s := range servers[:min(len(servers), 3)] { // resolv.conf(5): three at most
		r, why := exchange(ctx, m, s)
		if r == nil {
			v = unseen(fmt.Sprintf("ask %s for %s %s", s, a.Name, a.Arg), why)
			continue
		}
		said := tape.Encode(reply(r, s))
		if r.Rcode == dns.RcodeSuccess || r.Rcode == dns.RcodeNameError {
			return said
		}
		refused = &said
	}
	if refused != nil {
		return *refused
	}
	return v
}

// nameservers reads resolv.conf by the rule of trust: with systemd-resolved it
// is a link into a folder of that service's user.
func (l *local) nameservers(ctx context.Context) ([]string, tape.Answer) {
	v := l.file(ctx, tape.Ask{Kind: tape.KindFile, Name: l.opt.ResolvConf})
	switch v.Status {
	case tape.Absent:
		return []string{"127.0.0.1:53"}, tape.Answer{Status: tape.Seen} // resolv.conf(5): this machine
	case tape.Unseen:
		return nil, v
	}
	conf, err := dns.ClientConfigFromReader(strings.NewReader(v.Body))
	if err != nil {
		return nil, unseen("read "+l.opt.ResolvConf, err.Error())
	}
	var out []string
	for _, s := range conf.Servers {
		if _, _, err := net.SplitHostPort(s); err != nil {
			s = net.JoinHostPort(s, conf.Port)
		}
		out = append(out, s)
	}
	if len(out) == 0 {
		out = []string{"127.0.0.1:53"}
	}
	return out, v
}

// exchange asks one server over UDP, and over TCP when the answer was cut.
func exchange(ctx context.Context, m *dns.Msg, server string) (*dns.Msg, string) {
	udp := &dns.Client{Net: "udp", Timeout: dnsWait, UDPSize: 1232}
	why := ""
	for range dnsTries {
		r, _, err := udp.ExchangeContext(ctx, m, server)
		if err == nil && r.Truncated {
			tcp := &dns.Client{Net: "tcp", Timeout: dnsWait}
			r, _, err = tcp.ExchangeContext(ctx, m, server)
		}
		if err == nil && r != nil && len(r.Question) == 1 && strings.EqualFold(r.Question[0].Name, m.Question[0].Name) {
			return r, ""
		}
		why = "the answer is to another question"
		if err != nil {
			if _, why = trouble(err); why == "no answer in time" {
				why = fmt.Sprintf("no answer in %d s", int((dnsTries * dnsWait).Seconds()))
			}
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, why
}

// reply follows the CNAMEs within the answer; other names in it count for nothing.
func reply(r *dns.Msg, server string) tape.DNSReply {
	host, _, _ := net.SplitHostPort(server)
	out := tape.DNSReply{Rcode: dns.RcodeToString[r.Rcode], Server: host}
	if out.Rcode == "" {
		out.Rcode = fmt.Sprintf("RCODE%d", r.Rcode)
	}
	name := r.Question[0].Name
	for range len(r.Answer) {
		at := slices.IndexFunc(r.Answer, func(rr dns.RR) bool {
			c, ok := rr.(*dns.CNAME)
			return ok && strings.EqualFold(c.Hdr.Name, name) && !slices.Contains(out.CNAME, strings.TrimSuffix(c.Target, "."))
		})
		if at < 0 {
			break
		}
		name = r.Answer[at].(*dns.CNAME).Target
		out.CNAME = append(out.CNAME, strings.TrimSuffix(name, "."))
	}
	for _, rr := range r.Answer {
		if !strings.EqualFold(rr.Header().Name, name) {
			continue
		}
		switch rr := rr.(type) {
		case *dns.A:
			out.Addrs = append(out.Addrs, rr.A.String())
		case *dns.AAAA:
			out.Addrs = append(out.Addrs, rr.AAAA.String())
		}
	}
	slices.Sort(out.Addrs)
	return out
}
