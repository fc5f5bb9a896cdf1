package host

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"assay/internal/tape"
)

// authority is a root, an intermediate, and what they sign.
type authority struct {
	t               *testing.T
	root, mid       *x509.Certificate
	rootKey, midKey *ecdsa.PrivateKey
	pool            *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	a := &authority{t: t, pool: x509.NewCertPool()}
	ca := func(name string) *x509.Certificate {
		return &x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
			NotBefore: time.Now().AddDate(-2, 0, 0), NotAfter: time.Now().AddDate(2, 0, 0), KeyUsage: x509.KeyUsageCertSign}
	}
	a.root, a.rootKey = a.sign(ca("test root"), nil, nil)
	a.mid, a.midKey = a.sign(ca("test intermediate"), a.root, a.rootKey)
	a.pool.AddCert(a.root)
	return a
}

func (a *authority) sign(c, by *x509.Certificate, byKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(a.t, err)
	c.SerialNumber = big.NewInt(time.Now().UnixNano())
	if by == nil {
		by, byKey = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, by, key.Public(), byKey)
	must(a.t, err)
	out, err := x509.ParseCertificate(der)
	must(a.t, err)
	return out, key
}

func leaf(from, to time.Time) *x509.Certificate {
	return &x509.Certificate{Subject: pkix.Name{CommonName: "shop"}, DNSNames: []string{"shop.example"},
		NotBefore: from, NotAfter: to, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
}

func serveTLS(t *testing.T, conf *tls.Config) string {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", conf)
	must(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { c.(*tls.Conn).Handshake(); io.Copy(io.Discard, c); c.Close() }()
		}
	}()
	return l.Addr().String()
}

func pair(key *ecdsa.PrivateKey, chain ...*x509.Certificate) tls.Certificate {
	c := tls.Certificate{PrivateKey: key}
	for _, x := range chain {
		c.Certificate = append(c.Certificate, x.Raw)
	}
	return c
}

func TestTLSChains(t *testing.T) {
	a := newAuthority(t)
	now := time.Now()
	good, goodKey := a.sign(leaf(now.Add(-time.Hour), now.Add(time.Hour)), a.mid, a.midKey)
	old, oldKey := a.sign(leaf(now.AddDate(0, -2, 0), now.AddDate(0, -1, 0)), a.mid, a.midKey)
	self, selfKey := a.sign(leaf(now.Add(-time.Hour), now.Add(time.Hour)), nil, nil)
	r := Local(Options{Roots: a.pool})
	for _, c := range []struct {
		name     string
		cert     tls.Certificate
		sni      string
		verified bool
		anchored bool
		reason   string
		chain    int
	}{
		{"good", pair(goodKey, good, a.mid), "shop.example", true, true, "", 2},
		{"no intermediate", pair(goodKey, good), "shop.example", false, false, "unknown authority", 1},
		{"other name", pair(goodKey, good, a.mid), "www.shop.example", false, true, "valid for shop.example, not www.shop.example", 2},
		{"expired", pair(oldKey, old, a.mid), "shop.example", false, true, "expired", 2},
		{"self-signed", pair(selfKey, self), "shop.example", false, false, "unknown authority", 1},
	} {
		at := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{c.cert}, NextProtos: []string{"http/1.1"}})
		got := seen[tape.Handshake](t, r, tape.Ask{Kind: tape.KindTLS, Name: at, Arg: c.sni})
		if got.Verified != c.verified || got.Anchored != c.anchored || !strings.Contains(got.Reason, c.reason) || (c.reason == "") != (got.Reason == "") ||
			len(got.Chain) != c.chain || got.Version != "TLS 1.3" || got.ALPN != "http/1.1" || got.Cipher == "" || got.Error != "" {
			got.Chain = nil
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	if got := seen[tape.Handshake](t, Local(Options{}), tape.Ask{Kind: tape.KindTLS,
		Name: serveTLS(t, &tls.Config{Certificates: []tls.Certificate{pair(goodKey, good, a.mid)}}), Arg: "shop.example"}); got.Anchored || got.Verified {
		t.Errorf("the system's store took a private authority: %+v", got)
	}
}

func TestTLSOldVersionsAndRefusals(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	cert, key := a.sign(leaf(time.Now().Add(-time.Hour), time.Now().Add(time.Hour)), a.mid, a.midKey)
	r := Local(Options{Roots: a.pool})
	ask := func(at string) tape.Handshake {
		t.Helper()
		return seen[tape.Handshake](t, r, tape.Ask{Kind: tape.KindTLS, Name: at, Arg: "shop.example"})
	}
	conf := &tls.Config{Certificates: []tls.Certificate{pair(key, cert, a.mid)}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}
	if got := ask(serveTLS(t, conf)); got.Version != "TLS 1.0" || !got.Verified {
		t.Errorf("TLS 1.0: %+v", got)
	}
	old := tape.Ask{Kind: tape.KindTLS, Name: serveTLS(t, &tls.Config{Certificates: conf.Certificates, MinVersion: tls.VersionTLS10}), Arg: "shop.example" + tape.OldTLS}
	if got := seen[tape.Handshake](t, r, old); got.Version != "TLS 1.1" || !got.Verified {
		t.Errorf("TLS 1.1 and better, asked for old ones: %+v", got)
	}
	old.Name = serveTLS(t, &tls.Config{Certificates: conf.Certificates})
	if got := seen[tape.Handshake](t, r, old); got.Class != "alert" || got.Version != "" {
		t.Errorf("TLS 1.2 and better, asked for old ones: %+v", got)
	}
	for only, want := range map[string]string{tape.StaticTLS: "", tape.BlockTLS: "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"} {
		some := tape.Ask{Kind: tape.KindTLS, Name: serveTLS(t, &tls.Config{Certificates: conf.Certificates, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}}), Arg: "shop.example" + only}
		got := seen[tape.Handshake](t, r, some)
		if got.Cipher != want || (want == "") != (got.Class == "alert") {
			t.Errorf("%s: %+v", only, got)
		}
	}
	if got := ask(serveTLS(t, &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, nil }})); got.Class != "alert" {
		t.Errorf("a server that has no certificate for the name: %+v", got)
	}
	for _, c := range []struct {
		class string
		serve func(net.Conn)
	}{
		{"notls", func(c net.Conn) { io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n") }},
		{"notls", func(c net.Conn) { io.WriteString(c, "220 mail ESMTP\r\n") }},
		{"reset", func(c net.Conn) { c.Read(make([]byte, 4096)) }},
		{"reset", func(c net.Conn) { c.(*net.TCPConn).SetLinger(0) }},
		{"timeout", func(c net.Conn) { io.Copy(io.Discard, c) }},
	} {
		if got := ask(serve(t, c.serve)); got.Class != c.class || got.Error == "" {
			t.Errorf("want %s: %+v", c.class, got)
		}
	}
	if got := ask(closedPort(t)); got.Class != "refused" {
		t.Errorf("%+v", got)
	}
	want(t, see(t, r, tape.Ask{Kind: tape.KindTLS, Name: "shop.example:443"}), tape.Unseen, "shake hands with shop.example:443: not an address and port")
}

// serve gives each connection to fn and closes it afterwards.
func serve(t *testing.T, fn func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { fn(c); c.Close() }()
		}
	}()
	return l.Addr().String()
}

func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	l.Close()
	return l.Addr().String()
}

func TestDial(t *testing.T) {
	r := Local(Options{})
	if got := seen[tape.DialReply](t, r, tape.Ask{Kind: tape.KindDial, Name: serve(t, func(net.Conn) {})}); !got.OK {
		t.Errorf("%+v", got)
	}
	if got := seen[tape.DialReply](t, r, tape.Ask{Kind: tape.KindDial, Name: closedPort(t)}); got.OK || got.Class != "refused" {
		t.Errorf("%+v", got)
	}
	want(t, see(t, r, tape.Ask{Kind: tape.KindDial, Name: "localhost:80"}), tape.Unseen, "dial localhost:80: not an address and port")
}
