package tls

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
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
	Ask:      check.Each((*model.Deployment).Leaves, chainSent),
})

func chainSent(h *check.Hearing, l *model.Leaf) check.Verdict {
	e := l.Ends[0]
	chain, anchored, v := served(h, e)
	if chain == nil {
		return v
	}
	of, last := check.List(l.Names()), chain[len(chain)-1]
	switch {
	case !anchored && selfSigned(last):
		return check.DoesNotApply("a private authority, or a certificate that signed itself")
	case !anchored:
		if !intermediateKnown(h, e, last) {
			return check.DoesNotApply("signed by " + issuer(last) + ", an authority that this host does not know")
		}
		return check.Failed(fmt.Sprintf("%s: the intermediate certificate %q is not sent", of, issuer(last)), whole(l))
	case len(chain) > 1 && selfSigned(last):
		return check.Warned(of+": the root certificate is sent too, which nobody needs", whole(l)).
			Because("Each handshake carries a kilobyte for nothing.").At(check.Low).Breaking(false)
	case outOfOrder(chain):
		return check.Warned(of+": the certificates of the chain are sent in the wrong order", whole(l)).
			Because("Clients older than TLS 1.3 may follow the order as sent, and give up.").Breaking(false)
	}
	return check.Passed()
}

// intermediateKnown tells a forgotten intermediate from the authority of a
// company or of a CDN, which has none to send: certbot and its kin keep the
// intermediate beside the certificate, and what public authorities sign says
// where its signer's own certificate is found (CA/Browser Forum's Baseline
// Requirements, 7.1.2.7.7: caIssuers).
func intermediateKnown(h *check.Hearing, e *model.Endpoint, last *x509.Certificate) bool {
	if len(last.IssuingCertificateURL) > 0 {
		return true
	}
	if e.File == nil {
		return false
	}
	h.Saw(e.File.Source)
	for _, f := range []fact.Of[[]*x509.Certificate]{e.File.Beside, e.File.Chain} {
		near, _ := f.Look(h)
		if slices.ContainsFunc(near, func(c *x509.Certificate) bool {
			return bytes.Equal(c.RawSubject, last.RawIssuer) && !selfSigned(c)
		}) {
			return true
		}
	}
	return false
}

func whole(l *model.Leaf) check.Remedy {
	e := l.Ends[0]
	r := check.Remedy{
		Do:       "Serve a file that holds the certificate, then its intermediates in order, and no root.",
		Commands: []string{line(e), "sudo nginx -t && sudo systemctl reload nginx"},
		Verify:   "curl -sSI https://" + e.Name + "/",
		Minutes:  3,
	}
	switch {
	case e.File == nil:
	case strings.HasSuffix(e.File.Path, "/cert.pem"):
		r.Do = "Serve fullchain.pem in place of cert.pem: it holds the intermediate too."
		r.Commands = []string{line(e), "ssl_certificate " + folder(e) + "/fullchain.pem;", "sudo nginx -t && sudo systemctl reload nginx"}
		r.Steps = fullChain(l)
	default:
		r.Commands = []string{line(e), "# in the file: the certificate, then what signed it: " + e.File.Path, "sudo nginx -t && sudo systemctl reload nginx"}
	}
	return r
}

// fullChain names certbot's whole chain wherever these names get the certificate alone.
func fullChain(l *model.Leaf) []plan.Step {
	var out [][]plan.Step
	for _, e := range l.Ends {
		if e.File == nil || e.File.Lineage == "" || !strings.HasSuffix(e.File.Path, "/cert.pem") {
			return nil
		}
		out = append(out, plan.Nginx("send the whole chain", e.File.At).Replace("ssl_certificate "+folder(e)+"/fullchain.pem;"))
	}
	return plan.All(out...)
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
