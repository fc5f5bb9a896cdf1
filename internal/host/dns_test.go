package host

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"assay/internal/tape"

	"github.com/miekg/dns"
)

// nameserver serves on a loopback address at one port over UDP and TCP.
func nameserver(t *testing.T, ip string, handle dns.HandlerFunc) string {
	t.Helper()
	pc, err := net.ListenPacket("udp", ip+":0")
	must(t, err)
	l, err := net.Listen("tcp", pc.LocalAddr().String())
	must(t, err)
	for _, s := range []*dns.Server{{PacketConn: pc, Handler: handle}, {Listener: l, Handler: handle}} {
		go s.ActivateAndServe()
		t.Cleanup(func() { s.Shutdown() })
	}
	return pc.LocalAddr().String()
}

// resolver reads a resolv.conf of these nameservers; the port is an extension
// that real ones do not have.
func resolver(t *testing.T, servers ...string) Reader {
	t.Helper()
	p := filepath.Join(t.TempDir(), "resolv.conf")
	must(t, os.WriteFile(p, []byte("search example.org\nnameserver "+strings.Join(servers, "\nnameserver ")+"\n"), 0o644))
	return Local(Options{ResolvConf: p})
}

func lookup(name, kind string) tape.Ask {
	return tape.Ask{Kind: tape.KindDNS, Name: name, Arg: kind}
}

func zone(t *testing.T, m *dns.Msg, rows ...string) {
	for _, s := range rows {
		rr, err := dns.NewRR(s)
		if err != nil {
			t.Error(err)
		}
		m.Answer = append(m.Answer, rr)
	}
}

func TestDNS(t *testing.T) {
	at := nameserver(t, "127.0.0.1", func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetReply(q)
		switch q.Question[0].Name + dns.TypeToString[q.Question[0].Qtype] {
		case "shop.example.A":
			zone(t, m, "www.shop.example. 60 A 192.0.2.9", "shop.example. 60 CNAME a.cdn.example.", "a.cdn.example. 60 CNAME b.cdn.example.",
				"b.cdn.example. 60 A 192.0.2.2", "b.cdn.example. 60 A 192.0.2.1")
		case "shop.example.AAAA":
			zone(t, m, "shop.example. 60 AAAA 2001:db8::1")
		case "loop.example.A":
			zone(t, m, "loop.example. 60 CNAME l2.example.", "l2.example. 60 CNAME loop.example.")
		case "big.example.A":
			if m.Truncated = w.LocalAddr().Network() == "udp"; !m.Truncated {
				zone(t, m, "big.example. 60 A 192.0.2.3")
			}
		case "broken.example.A":
			m.Rcode = dns.RcodeServerFailure
		case "other.example.A":
			m.Question[0].Name = "evil.example."
			zone(t, m, "evil.example. 60 A 192.0.2.66")
		default:
			m.Rcode = dns.RcodeNameError
		}
		w.WriteMsg(m)
	})
	r := resolver(t, at)
	for _, c := range []struct {
		ask   tape.Ask
		rcode string
		addrs []string
		cname []string
	}{
		{lookup("shop.example", "A"), "NOERROR", []string{"192.0.2.1", "192.0.2.2"}, []string{"a.cdn.example", "b.cdn.example"}},
		{lookup("shop.example.", "AAAA"), "NOERROR", []string{"2001:db8::1"}, nil},
		{lookup("big.example", "A"), "NOERROR", []string{"192.0.2.3"}, nil},
		{lookup("none.example", "A"), "NXDOMAIN", nil, nil},
		{lookup("broken.example", "A"), "SERVFAIL", nil, nil},
	} {
		got := seen[tape.DNSReply](t, r, c.ask)
		if got.Rcode != c.rcode || !slices.Equal(got.Addrs, c.addrs) || !slices.Equal(got.CNAME, c.cname) || got.Server != "127.0.0.1" {
			t.Errorf("%s: %+v", c.ask, got)
		}
	}
	seen[tape.DNSReply](t, r, lookup("loop.example", "A"))
	want(t, see(t, r, lookup("other.example", "A")), tape.Unseen, "ask "+at+" for other.example A: the answer is to another question")
	want(t, see(t, r, lookup("a b", "A")), tape.Unseen, "look up a b A: not a host name")
	want(t, see(t, r, lookup("x", "MX")), tape.Unseen, "look up x MX: want A or AAAA")
}

func TestDNSThatNeverAnswers(t *testing.T) {
	t.Parallel()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	must(t, err)
	defer pc.Close()
	silent := pc.LocalAddr().String()
	want(t, see(t, resolver(t, silent), lookup("x.example", "A")), tape.Unseen, "ask "+silent+" for x.example A: no answer in 4 s")
	// The next one is asked.
	var asked atomic.Int32
	at := nameserver(t, "127.0.0.1", func(w dns.ResponseWriter, q *dns.Msg) {
		asked.Add(1)
		m := new(dns.Msg).SetReply(q)
		zone(t, m, "x.example. 60 A 192.0.2.7")
		w.WriteMsg(m)
	})
	if got := seen[tape.DNSReply](t, resolver(t, silent, at), lookup("x.example", "A")); !slices.Equal(got.Addrs, []string{"192.0.2.7"}) || asked.Load() != 1 {
		t.Errorf("%+v", got)
	}
}

func TestDNSConfiguration(t *testing.T) {
	r := Local(Options{ResolvConf: "/nonexistent"})
	if v := see(t, r, lookup("x.example", "A")); v.Status == tape.Unseen && !strings.Contains(v.Why, "127.0.0.1") {
		t.Errorf("%+v", v)
	}
}
