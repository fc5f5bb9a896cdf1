package net

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "net.firewall-blocks-service",
	Title:    "the firewall lets in those who renew the certificate",
	Severity: check.High,
	Stage:    model.StageFirewall,
	Guide:    "001: firewall (ufw)",
	Why:      "The site works, and each renewal fails: the authority asks on port 80, whatever is redirected afterwards. On the day that the certificate ends, browsers refuse the site.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Ports80, letsIn),
})

func letsIn(h *check.Hearing, x *model.Port80) check.Verdict {
	if over, known := x.HTTP.Open(h); !known || !over {
		return check.DoesNotApply("the certificate is not renewed over HTTP")
	}
	gate, state := x.Gate.Open(h)
	if !state {
		return check.DoesNotApply("the name leads to another machine")
	}
	if tls, known := x.TLS.Look(h); known == fact.IsKnown && tls.Shut {
		return check.DoesNotApply("tls.reachable says that nobody gets in at all")
	}
	r := check.Remedy{
		Do:       "Let port 80 in: for the authority, and for who types the name without https://.",
		Commands: []string{"# in the rules, beside 443: tcp dport 80 accept; with ufw:", "sudo ufw allow 80/tcp"},
		Verify:   "sudo certbot renew --dry-run --cert-name " + x.Lineage, Minutes: 5,
	}
	if gate.Shut {
		return check.Failed(fmt.Sprintf("the certificate %s is renewed over HTTP, and this host's firewall drops port 80 at %s (%s)", x.Lineage, x.Addr, gate.By),
			check.Through(r, gate, "let the authority in at port 80"))
	}
	return check.Passed()
}
