package host

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"sync/atomic"

	"assay/internal/tape"

	"golang.org/x/sys/unix"
)

// dialler connects to what a URL names and remembers how far it came.
type dialler struct {
	addr     atomic.Pointer[string]
	accepted atomic.Bool
}

func (d *dialler) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	shown := addr
	if network == "unix" {
		shown = "unix:" + addr
	}
	d.addr.Store(&shown)
	var n net.Dialer
	c, err := n.DialContext(ctx, network, addr)
	if err == nil { // a second try without TLS may come too late to be taken
		d.accepted.Store(true)
	}
	return c, err
}

func (d *dialler) shown() string {
	if p := d.addr.Load(); p != nil {
		return *p
	}
	return ""
}

// storeTrouble sorts what is no word of the server itself.
func (d *dialler) storeTrouble(ctx context.Context, err error) (class, text string) {
	var name *net.DNSError
	if errors.As(err, &name) {
		if name.IsNotFound {
			return tape.StoreHost, "the name " + name.Name + " has no address"
		}
		return tape.StoreResolver, "no resolver answered about " + name.Name
	}
	if class, text := certTrouble(err); class != "" {
		return class, text
	}
	class, text = trouble(err)
	if ctx.Err() != nil {
		class = tape.StoreTimeout
	}
	switch class {
	case "timeout":
		if d.accepted.Load() {
			return tape.StoreTimeout, "it takes the connection and does not answer"
		}
		return tape.StoreTimeout, "no answer to the connect"
	case "reset":
		if d.accepted.Load() {
			return tape.StoreGarbled, "it closed the connection without a word"
		}
		return tape.StoreUnreachable, text
	case "refused", "absent", "denied", "unreachable":
		var no unix.Errno
		if errors.As(err, &no) && no == unix.ENOTSOCK {
			return tape.StoreGarbled, no.Error()
		}
		return class, text
	}
	return "", text
}

func certTrouble(err error) (class, text string) {
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var name x509.HostnameError
	var verify *tls.CertificateVerificationError
	var alert tls.AlertError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &name):
		return tape.StoreTLS, strings.TrimPrefix(name.Error(), "x509: ")
	case errors.As(err, &unknown), errors.As(err, &invalid), errors.As(err, &verify):
		return tape.StoreTLS, "its certificate is not trusted: " + afterLast(err.Error(), "x509: ")
	case errors.As(err, &alert):
		return tape.StoreTLS, strings.TrimPrefix(alert.Error(), "tls: ")
	case errors.As(err, &record):
		return tape.StoreTLS, "it does not speak TLS"
	}
	return "", ""
}

func afterLast(s, sep string) string {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[i+len(sep):]
	}
	return s
}

// brief is a server's words on one line, without the secret that it may quote.
func brief(s string, secrets ...string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "\uFFFD")), " ")
	for _, x := range secrets {
		if len(x) >= 8 { // a shorter one may be an ordinary word, and no server quotes a password
			s = strings.ReplaceAll(s, x, "[masked]")
		}
	}
	if r := []rune(s); len(r) > 300 {
		s = string(r[:300]) + "…"
	}
	return s
}
