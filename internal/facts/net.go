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

// OldTLS is a handshake that offers TLS 1.0 and 1.1 alone.
func (f *Facts) OldTLS(addr, name string) fact.Of[tape.Handshake] {
	return read(f, tape.Ask{Kind: tape.KindTLS, Name: addr, Arg: name + tape.OldTLS}, "TLS handshake with "+addr+" for "+name+", at most TLS 1.1", func(h tape.Handshake) string {
		if h.Error != "" {
			return h.Error
		}
		return h.Version + ", " + h.Cipher
	})
}

// SomeTLS is a handshake that offers some suites alone: tape.StaticTLS or BlockTLS.
func (f *Facts) SomeTLS(addr, name, some string) fact.Of[tape.Handshake] {
	what := map[string]string{tape.StaticTLS: "suites without forward secrecy alone", tape.BlockTLS: "CBC suites alone"}[some]
	return read(f, tape.Ask{Kind: tape.KindTLS, Name: addr, Arg: name + some}, "TLS 1.2 handshake with "+addr+" for "+name+", "+what, func(h tape.Handshake) string {
		if h.Error != "" {
			return h.Error
		}
		return h.Version + ", " + h.Cipher
	})
}

// HTTP is the answer to one GET: endpoint is tcp:ADDR:PORT, tls:ADDR:PORT or
// unix:PATH.
func (f *Facts) HTTP(endpoint, host, path string) fact.Of[tape.HTTPReply] {
	return f.Request(endpoint, tape.Request{Method: "GET", Host: host, Path: path}, "Server", "Location", "Content-Type")
}

// Request is the answer to one request; its evidence shows the named headers,
// which are left as the host sent them (Set-Cookie: without the value).
func (f *Facts) Request(endpoint string, q tape.Request, show ...string) fact.Of[tape.HTTPReply] {
	a := tape.Ask{Kind: tape.KindHTTP, Name: endpoint, Arg: q.String()}
	return read(f, a, URL(endpoint, q), func(r tape.HTTPReply) string {
		if r.Error != "" {
			return r.Error
		}
		s := fmt.Sprintf("%d", r.Status)
		for _, h := range show {
			for _, v := range r.All(h) {
				s += ", " + h + ": " + v
			}
		}
		return s
	})
}

// URL says a request as a person would: "GET https://shop.example/ on
// 127.0.0.1:443 with Origin: null".
func URL(endpoint string, q tape.Request) string {
	scheme, addr, _ := strings.Cut(endpoint, ":")
	out := q.Method + " http://"
	if scheme == "tls" {
		out = q.Method + " https://"
	}
	out += q.Host + q.Path + " on " + addr
	if len(q.Header) > 0 {
		out += " with " + strings.Join(q.Header, ", ")
	}
	return out
}

// Served is whether a GET for a path is answered with what a file holds.
func (f *Facts) Served(file, endpoint, host, path string) fact.Of[tape.ServedReply] {
	q := tape.Request{Method: "GET", Host: host, Path: path}
	a := tape.Ask{Kind: tape.KindServed, Name: file, Arg: endpoint + " " + q.String()}
	return read(f, a, URL(endpoint, q), func(r tape.ServedReply) string {
		switch {
		case r.Error != "":
			return r.Error
		case r.Same:
			return fmt.Sprintf("%d, the %d bytes of %s", r.Status, r.Size, file)
		case r.Unread != "":
			return fmt.Sprintf("%d, %d bytes; %s", r.Status, r.Size, r.Unread)
		}
		return fmt.Sprintf("%d, not what %s holds", r.Status, file)
	})
}

// Metrics is what stands on a page of numbers, counted.
func (f *Facts) Metrics(endpoint, host, path string) fact.Of[tape.MetricsReply] {
	q := tape.Request{Method: "GET", Host: host, Path: path}
	return read(f, tape.Ask{Kind: tape.KindMetrics, Name: endpoint, Arg: q.String()}, URL(endpoint, q), func(r tape.MetricsReply) string {
		switch {
		case r.Error != "":
			return r.Error
		case !r.Exposes():
			return fmt.Sprintf("%d, %s: no numbers", r.Status, r.Type)
		}
		s := fmt.Sprintf("%d, %d series of %d metrics", r.Status, r.Series, r.Families)
		if r.OneProcess {
			s += ", process_start_time_seconds among them"
		}
		return s
	})
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
