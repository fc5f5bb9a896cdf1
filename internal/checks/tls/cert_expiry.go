package tls

import (
	"fmt"
	"time"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "tls.cert.expiry",
	Title:    "the served certificate is far from its end, by its own lifetime",
	Severity: check.Critical,
	Stage:    model.StageTLS,
	Guide:    "000 step 11 and 19: renewal, certificate expiry",
	Why:      "Once it has ended, browsers refuse the site; where HSTS is set there is no way round it.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Endpoints, expiry),
})

const day = 24 * time.Hour

// limits are the remaining times below which a certificate is a warning and a
// fault. ACME clients renew when a third of the lifetime is left; a lifetime of
// 90 days and one of 45 are judged alike. Two days of grace are for a renewal
// that runs once a day, and a tenth of the lifetime where two days would be
// more; the floor of three days is for lifetimes of a month or more, since a
// certificate of six days is renewed with two left.
func limits(lifetime time.Duration) (warn, fail time.Duration) {
	grace := min(2*day, lifetime/10)
	warn, fail = lifetime/3-grace, lifetime/6
	if lifetime >= 30*day {
		fail = max(fail, 3*day)
	}
	return warn, fail
}

func expiry(h *check.Hearing, e *model.Endpoint) check.Verdict {
	chain, _, v := leaf(h, e)
	if chain == nil {
		return v
	}
	c := chain[0]
	left := c.NotAfter.Sub(e.Now)
	warn, fail := limits(c.NotAfter.Sub(c.NotBefore))
	r := check.Remedy{
		Do:       "Renew it, reload nginx, and find out why the renewal did not run.",
		Commands: []string{"sudo certbot renew --cert-name " + e.Name, "sudo systemctl reload nginx", "systemctl list-timers | grep -i -e certbot -e acme"},
		Verify:   "echo | openssl s_client -connect " + e.Addr + " -servername " + e.Name + " 2>/dev/null | openssl x509 -noout -enddate",
		Minutes:  10,
	}
	end := c.NotAfter.UTC().Format("2006-01-02 15:04 UTC")
	switch {
	case e.Now.Before(c.NotBefore):
		return check.Failed(fmt.Sprintf("the certificate of %s is valid only from %s on", e.Name, c.NotBefore.UTC().Format("2006-01-02 15:04 UTC")), r).Breaking(true)
	case left <= 0:
		return check.Failed(fmt.Sprintf("the certificate of %s ended on %s", e.Name, end), r).Breaking(true).
			Because("Browsers refuse the site.")
	case left < fail:
		return check.Failed(fmt.Sprintf("the certificate of %s ends in %s, on %s, and was not renewed", e.Name, days(left), end), r)
	case left < warn:
		return check.Warned(fmt.Sprintf("the certificate of %s should have been renewed by now: it ends in %s, on %s", e.Name, days(left), end), r)
	}
	return check.Passed()
}
