package facts

import (
	"fmt"
	"strings"

	"assay/internal/fact"
	"assay/internal/tape"
)

// DNS is what the system's resolver says: kind is A or AAAA.
func (f *Facts) DNS(name, kind string) fact.Of[tape.DNSReply] {
	return read(f, tape.Ask{Kind: tape.KindDNS, Name: name, Arg: kind}, "DNS "+kind+" "+name, func(r tape.DNSReply) string {
		if len(r.Addrs) > 0 {
			return strings.Join(r.Addrs, ", ") + " (from " + r.Server + ")"
		}
		return r.Rcode + ", no address (from " + r.Server + ")"
	})
}

// TLS is a handshake with an address for a server name.
func (f *Facts) TLS(addr, name string) fact.Of[tape.Handshake] {
	return read(f, tape.Ask{Kind: tape.KindTLS, Name: addr, Arg: name}, "TLS handshake with "+addr+" for "+name, func(h tape.Handshake) string {
		switch {
		case h.Error != "":
			return h.Error
		case h.Verified:
			return h.Version + ", certificate verified"
		}
		return h.Version + ", " + h.Reason
	})
}

// HTTP is the answer to one GET: endpoint is tcp:ADDR:PORT, tls:ADDR:PORT or
// unix:PATH.
func (f *Facts) HTTP(endpoint, host, path string) fact.Of[tape.HTTPReply] {
	a := tape.Ask{Kind: tape.KindHTTP, Name: endpoint, Arg: "GET " + host + " " + path}
	return read(f, a, URL(endpoint, host, path), func(r tape.HTTPReply) string {
		if r.Error != "" {
			return r.Error
		}
		s := fmt.Sprintf("%d", r.Status)
		for _, h := range []string{"Server", "Location", "Content-Type"} {
			if v := r.Get(h); v != "" {
				s += ", " + h + ": " + v
			}
		}
		return s
	})
}

// URL says an HTTP ask as curl would be told it.
func URL(endpoint, host, path string) string {
	scheme, addr, _ := strings.Cut(endpoint, ":")
	switch scheme {
	case "unix":
		return "GET http://" + host + path + " on " + addr
	case "tls":
		return "GET https://" + host + path + " on " + addr
	}
	return "GET http://" + host + path + " on " + addr
}

// Dial is a TCP connect.
func (f *Facts) Dial(addr string) fact.Of[tape.DialReply] {
	return read(f, tape.Ask{Kind: tape.KindDial, Name: addr}, "connect to "+addr, func(r tape.DialReply) string {
		if r.OK {
			return "accepted"
		}
		return r.Error
	})
}
