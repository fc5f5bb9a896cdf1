package tls

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"strings"
	"time"

	"assay/internal/check"
	"assay/internal/model"
)

// leaf opens the certificate that an endpoint serves; without one there is
// nothing to judge, and tls.reachable says why.
func leaf(h *check.Hearing, e *model.Endpoint) (chain []*x509.Certificate, anchored bool, v check.Verdict) {
	s, _ := e.Shake.Open(h)
	chain = model.Chain(s)
	if len(chain) == 0 {
		return nil, false, check.DoesNotApply("no certificate was served")
	}
	return chain, s.Anchored, v
}

func days(d time.Duration) string {
	n := int(d.Hours() / 24)
	if n < 0 {
		n = -n
	}
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}

func selfSigned(c *x509.Certificate) bool { return bytes.Equal(c.RawIssuer, c.RawSubject) }

func issuer(c *x509.Certificate) string {
	if c.Issuer.CommonName != "" {
		return c.Issuer.CommonName
	}
	return strings.Join(c.Issuer.Organization, " ")
}
