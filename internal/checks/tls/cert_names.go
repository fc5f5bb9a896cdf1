package tls

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "tls.cert.names",
	Title:    "the served certificate covers the name that was asked for",
	Severity: check.Critical,
	Stage:    model.StageTLS,
	Breaks:   true,
	Guide:    "000 step 10: HTTPS for every name",
	Why:      "Browsers refuse this name, while the others work.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Endpoints, names),
})

func names(h *check.Hearing, e *model.Endpoint) check.Verdict {
	if !e.Of().Secure() {
		return check.DoesNotApply("no block serves the name with TLS")
	}
	chain, _, v := leaf(h, e)
	if chain == nil {
		return v
	}
	c := chain[0]
	has := strings.Join(c.DNSNames, " ")
	if c.VerifyHostname(e.Name) != nil {
		return check.Failed(fmt.Sprintf("the certificate served for %s is for %s", e.Name, orNone(has)), check.Remedy{
			Do:       "Get a certificate that has this name too, and see that the block with this name serves it.",
			Commands: []string{"sudo certbot --nginx --expand -d " + strings.Join(append(c.DNSNames, e.Name), " -d ")},
			Verify:   "curl -sSI https://" + e.Name + "/",
			Minutes:  10,
		})
	}
	dead, state := e.Dead.Look(h)
	if state == fact.IsKnown && len(dead) > 0 {
		return check.Warned(fmt.Sprintf("the certificate also names %s, which does not resolve", strings.Join(dead, ", ")), check.Remedy{
			Do:       "Get the certificate anew without the dead name, or bring the name back.",
			Commands: []string{"sudo certbot certonly --nginx --cert-name " + c.DNSNames[0] + " -d " + strings.Join(without(c.DNSNames, dead), " -d ")},
			Verify:   "sudo certbot renew --dry-run",
			Minutes:  10,
		}).Because("Its renewal asks for every name, and fails as a whole.").Breaking(false)
	}
	return check.Passed()
}

func orNone(s string) string {
	if s == "" {
		return "no name at all"
	}
	return s
}

func without(all, gone []string) []string {
	var out []string
	for _, n := range all {
		if !strings.Contains(" "+strings.Join(gone, " ")+" ", " "+n+" ") {
			out = append(out, n)
		}
	}
	return out
}
