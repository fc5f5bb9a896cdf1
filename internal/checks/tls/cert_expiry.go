package tls

import (
	"fmt"
	"time"

	"assay/internal/check"
	"assay/internal/fact"
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
	Ask:      check.Each((*model.Deployment).Leaves, expiry),
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

func expiry(h *check.Hearing, l *model.Leaf) check.Verdict {
	e := l.Ends[0]
	chain, _, v := served(h, e)
	if chain == nil {
		return endedHere(h, l, v)
	}
	c := chain[0]
	life, left := c.NotAfter.Sub(c.NotBefore), c.NotAfter.Sub(l.Now)
	warn, fail := limits(life)
	of := "the certificate of " + check.List(l.Names())
	why := fmt.Sprintf("Its lifetime is %s, and it ends on %s. Then browsers refuse the site; where HSTS is set there is no way round it.", span(life), date(c.NotAfter))
	switch {
	case l.Now.Before(c.NotBefore):
		return check.Failed(fmt.Sprintf("%s is not valid yet: it begins in %s", of, span(c.NotBefore.Sub(l.Now))), check.Remedy{
			Do:       "Set this host's clock, if it is wrong; else serve the certificate before this one.",
			Commands: []string{"timedatectl"}, Verify: verifyEnd(e), Minutes: 10,
		}).Breaking(true).Because("Browsers refuse the site until " + date(c.NotBefore) + ".")
	case left >= warn:
		return check.Passed()
	}
	said := fmt.Sprintf("%s ended %s ago", of, span(left))
	switch {
	case left > 0 && left < fail:
		said = fmt.Sprintf("%s ends in %s and was not renewed", of, span(left))
	case left > 0:
		said = fmt.Sprintf("%s should have been renewed by now: it ends in %s", of, span(left))
	}
	r := renew(e)
	if disk := onDisk(h, e); disk != nil && disk.NotAfter.After(c.NotAfter) && l.Now.After(disk.NotBefore) {
		said += fmt.Sprintf("; nginx has not loaded the newer one in %s", e.File.Path)
		r = notLoaded(e)
	}
	switch {
	case left <= 0:
		return check.Failed(said, r).Breaking(true).Because("It ended on " + date(c.NotAfter) + ". Browsers refuse the site; where HSTS is set there is no way round it.")
	case left < fail:
		return check.Failed(said, r).Because(why)
	}
	return check.Warned(said, r).Because(why)
}

// endedHere is for a name that leads to another machine, which shows none: what
// nginx has for it here is met when the name leads here again.
func endedHere(h *check.Hearing, l *model.Leaf, v check.Verdict) check.Verdict {
	e := l.Ends[0]
	if e.Own || e.File == nil || e.Of().First != e.Of() {
		return v
	}
	disk, state := e.File.Chain.Look(h)
	switch {
	case state == fact.IsUnknown:
		return check.Passed() // unknown, since the look was blind
	case len(disk) == 0 || l.Now.Before(disk[0].NotAfter):
		return v
	}
	h.Saw(e.File.Source)
	return check.Failed(fmt.Sprintf("the certificate that nginx has for %s ended %s ago", e.Name, span(l.Now.Sub(disk[0].NotAfter))), renew(e)).
		Because("The name leads to " + e.Addr + " and not here, so nobody meets it yet, and a renewal over HTTP cannot come through. Once the name leads here, browsers refuse the site.")
}

// renew is for a certificate that is old on disk too.
func renew(e *model.Endpoint) check.Remedy {
	r := check.Remedy{Verify: verifyEnd(e), Minutes: 10}
	if e.File != nil && e.File.Lineage != "" {
		r.Do = "Renew it, reload nginx, and see why the timer did not: what certbot says to a dry run is mostly the reason."
		r.Commands = []string{"sudo certbot renew --dry-run --cert-name " + e.File.Lineage, "sudo certbot renew --cert-name " + e.File.Lineage, "sudo systemctl reload nginx", "systemctl list-timers --all 'certbot*' 'snap.certbot*'"}
		return r
	}
	r.Do = "Renew it where it came from, put it in place, reload nginx, and see why nothing did so in time."
	r.Commands = []string{line(e), "sudo systemctl reload nginx"}
	if e.File != nil {
		r.Commands = []string{line(e) + ": " + e.File.Path, "sudo systemctl reload nginx"}
	}
	return r
}
