package tls

import (
	"bytes"
	"crypto/x509"
	"fmt"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "tls.cert.chain",
	Title:    "the server sends the whole chain",
	Severity: check.High,
	Stage:    model.StageTLS,
	Breaks:   true,
	Guide:    "001 TLS: fullchain.pem",
	Why:      "Browsers that have met the intermediate elsewhere are content; curl, phones, webhooks and payment providers refuse.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Endpoints, chainSent),
})

func chainSent(h *check.Hearing, e *model.Endpoint) check.Verdict {
	chain, anchored, v := leaf(h, e)
	if chain == nil {
		return v
	}
	last := chain[len(chain)-1]
	r := check.Remedy{
		Do:       "Serve fullchain.pem, which holds the certificate and its intermediates in order.",
		Commands: []string{"# in the server block of " + e.Name, "ssl_certificate /etc/letsencrypt/live/" + e.Name + "/fullchain.pem;", "sudo nginx -t && sudo systemctl reload nginx"},
		Verify:   "curl -sSI https://" + e.Name + "/",
		Minutes:  3,
	}
	switch {
	case !anchored && selfSigned(last):
		return check.DoesNotApply("a private authority, or a certificate that signed itself")
	case !anchored:
		return check.Failed(fmt.Sprintf("the certificate that signed %s's (%s) is not sent", e.Name, issuer(last)), r)
	case len(chain) > 1 && selfSigned(last):
		return check.Warned("the root certificate is sent too, which nobody needs", r).
			Because("Each handshake carries a kilobyte for nothing.").Breaking(false)
	case outOfOrder(chain):
		return check.Warned("the certificates of the chain are not in order", r).
			Because("Older clients follow the order as sent and give up.").Breaking(false)
	}
	return check.Passed()
}

// outOfOrder: each certificate should be signed by the next (RFC 5246, 7.4.2;
// TLS 1.3 lets go of it, RFC 8446, 4.4.2).
func outOfOrder(chain []*x509.Certificate) bool {
	for i := range len(chain) - 1 {
		if !bytes.Equal(chain[i].RawIssuer, chain[i+1].RawSubject) {
			return true
		}
	}
	return false
}
