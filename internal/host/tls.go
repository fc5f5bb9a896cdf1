package host

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"assay/internal/tape"
)

const (
	tlsWait  = 4 * time.Second
	maxChain = 20
)

// tls shakes hands and records the chain as it was sent; judging it is ours,
// so that a bad certificate is an answer and not a refusal.
func (l *local) tls(ctx context.Context, a tape.Ask) tape.Answer {
	addr, err := netip.ParseAddrPort(a.Name)
	if err != nil {
		return unseen("shake hands with "+short(a.Name), "not an address and port")
	}
	var only string
	for _, some := range []string{tape.OldTLS, tape.StaticTLS, tape.BlockTLS} {
		if name, is := strings.CutSuffix(a.Arg, some); is {
			a.Arg, only = name, some
		}
	}
	if a.Arg != "" && (len(a.Arg) > maxHostName || !hostName.MatchString(a.Arg)) {
		if _, err := netip.ParseAddr(a.Arg); err != nil {
			return unseen("shake hands with "+short(a.Name), "not a server name: "+short(a.Arg))
		}
	}
	ctx, cancel := context.WithTimeout(ctx, tlsWait)
	defer cancel()
	raw, err := dialTCP(ctx, addr)
	if err != nil {
		class, text := trouble(err)
		return tape.Encode(tape.Handshake{Error: text, Class: class})
	}
	defer raw.Close()
	conf := tlsConfig(a.Arg)
	conf.NextProtos = []string{"h2", "http/1.1"}
	offer(conf, only)
	c := tls.Client(raw, conf)
	if err := c.HandshakeContext(ctx); err != nil {
		class, text := tlsTrouble(err)
		return tape.Encode(tape.Handshake{Error: text, Class: class})
	}
	st := c.ConnectionState()
	h := tape.Handshake{
		Version: tls.VersionName(st.Version),
		Cipher:  tls.CipherSuiteName(st.CipherSuite),
		ALPN:    st.NegotiatedProtocol,
	}
	for _, cert := range st.PeerCertificates[:min(len(st.PeerCertificates), maxChain)] {
		h.Chain = append(h.Chain, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})))
	}
	l.verify(&h, st.PeerCertificates, a.Arg)
	return tape.Encode(h)
}

// tlsConfig takes all that a server may offer, TLS 1.0 and broken ciphers
// included: what it offers is what we came to see.
func tlsConfig(name string) *tls.Config {
	c := &tls.Config{InsecureSkipVerify: true, ServerName: strings.TrimSuffix(name, "."), MinVersion: tls.VersionTLS10}
	for _, s := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		c.CipherSuites = append(c.CipherSuites, s.ID)
	}
	return c
}

// offer leaves in what an ask is about alone.
func offer(c *tls.Config, only string) {
	switch only {
	case tape.OldTLS:
		c.MaxVersion = tls.VersionTLS11
		return
	case "":
		return
	}
	c.MaxVersion = tls.VersionTLS12
	c.CipherSuites = slices.DeleteFunc(c.CipherSuites, func(id uint16) bool {
		name := tls.CipherSuiteName(id)
		static := !strings.HasPrefix(name, "TLS_ECDHE_") || strings.Contains(name, "RC4") || strings.Contains(name, "3DES")
		return static != (only == tape.StaticTLS) || only == tape.BlockTLS && !strings.Contains(name, "_CBC_")
	})
}

func tlsTrouble(err error) (class, text string) {
	var record tls.RecordHeaderError
	var op *net.OpError
	if errors.As(err, &record) {
		return "notls", "the server does not speak TLS"
	}
	if errors.As(err, &op) && op.Op == "remote error" {
		return "alert", "the server refused: " + strings.TrimPrefix(op.Err.Error(), "tls: ")
	}
	if class, text = trouble(err); class == "" {
		class = "alert"
	}
	return class, strings.TrimPrefix(text, "tls: ")
}

// verify judges the chain as a browser would that knows only what was sent.
func (l *local) verify(h *tape.Handshake, chain []*x509.Certificate, name string) {
	roots := l.opt.Roots
	if roots == nil {
		var err error
		if roots, err = x509.SystemCertPool(); err != nil {
			h.Reason = "the system's store of authorities: " + err.Error()
			return
		}
	}
	if len(chain) == 0 {
		h.Reason = "the server sent no certificate"
		return
	}
	sent := x509.NewCertPool()
	for _, c := range chain[1:] {
		sent.AddCert(c)
	}
	opt := x509.VerifyOptions{Roots: roots, Intermediates: sent, DNSName: strings.TrimSuffix(name, "."), CurrentTime: l.opt.Now()}
	_, err := chain[0].Verify(opt)
	h.Verified = err == nil
	if err != nil {
		h.Reason = strings.TrimPrefix(err.Error(), "x509: ")
	}
	// x509 cannot leave the time out, so the chain is tried at times when the
	// leaf was good.
	opt.DNSName = ""
	for _, at := range []time.Time{l.opt.Now(), chain[0].NotAfter.Add(-time.Second), chain[0].NotBefore.Add(time.Second)} {
		opt.CurrentTime = at
		if _, err := chain[0].Verify(opt); err == nil {
			h.Anchored = true
		}
	}
}
