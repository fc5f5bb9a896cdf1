package tls

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "tls.ciphers",
	Title:    "TLS 1.2 is spoken with forward secrecy and authenticated ciphers alone",
	Severity: check.Medium,
	Stage:    model.StageTLS,
	Guide:    "001 TLS: ssl_ciphers",
	Why:      "Who records the line today reads it all once he has the certificate's key: nothing of such a connection is secret for longer than that file.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Leaves, ciphers),
})

// intermediate is Mozilla's list of 2025 (guidelines 6.0), which has no DHE any more.
const intermediate = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"

func ciphers(h *check.Hearing, l *model.Leaf) check.Verdict {
	e := l.Ends[0]
	if chain, _, v := served(h, e); chain == nil {
		return v
	}
	if !e.Own {
		_, _ = e.Gate.Look(h) // unknown where it is not known whose address it is
		return check.DoesNotApply("another machine ends TLS for the name")
	}
	static, _ := l.Static.Open(h)
	blocks, _ := l.Blocks.Look(h.Aside())
	for _, s := range []tape.Handshake{static, blocks} {
		if s.Class == "timeout" {
			return check.CannotTell("offer other ciphers to "+e.Addr+": "+s.Error, "")
		}
	}
	names := check.List(l.Names())
	switch {
	case static.Error == "":
		return check.Failed(fmt.Sprintf("%s: a visitor who offers no better is served with %s, %s", names, suite(static), lacks(static.Cipher)), suites(h, l, static))
	case blocks.Error == "":
		_, _ = l.Blocks.Open(h)
		return check.Warned(fmt.Sprintf("%s: a visitor who offers no better is served with %s, whose blocks are not authenticated", names, suite(blocks)), suites(h, l, blocks)).
			Because("CBC suites were attacked again and again (BEAST, Lucky 13), and every scanner names them; who speaks TLS 1.2 at all has had better ones since 2013.")
	}
	return check.Passed()
}

func suite(s tape.Handshake) string { return strings.TrimPrefix(s.Cipher, "TLS_") }

func lacks(cipher string) string {
	for _, broken := range []string{"RC4", "3DES"} {
		if strings.Contains(cipher, broken) {
			return "a cipher that is broken"
		}
	}
	return "which has no forward secrecy"
}

func suites(h *check.Hearing, l *model.Leaf, s tape.Handshake) check.Remedy {
	h.Saw(l.Ciphers...)
	at := "# in the server block of " + l.Ends[0].Name + " (without the line nginx takes HIGH:!aNULL:!MD5)"
	if n := len(l.Ciphers); n > 0 {
		at = fmt.Sprintf("# %s:%d", l.Ciphers[n-1].Where, l.Ciphers[n-1].Line)
	}
	return check.Remedy{
		Do:       "Offer the suites that Mozilla's guidelines have for ordinary sites, and let the client choose among them.",
		Commands: []string{at, "ssl_ciphers " + intermediate + ";", "ssl_prefer_server_ciphers off;", "sudo nginx -t && sudo systemctl reload nginx"},
		Verify:   "echo | openssl s_client -connect " + l.Ends[0].Addr + " -servername " + l.Ends[0].Name + " -tls1_2 -cipher " + openssl(s.Cipher) + " 2>&1 | grep -i alert",
		Minutes:  5,
	}
}

// openssl is a family of suites in OpenSSL's words.
func openssl(cipher string) string {
	switch {
	case strings.Contains(cipher, "RC4"):
		return "RC4"
	case strings.Contains(cipher, "3DES"):
		return "3DES"
	case strings.HasPrefix(cipher, "TLS_RSA_"):
		return "kRSA"
	}
	return "ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA"
}
