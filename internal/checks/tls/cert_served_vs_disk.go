package tls

import (
	"fmt"
	"slices"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "tls.cert.served-vs-disk",
	Title:    "nginx serves the certificate that lies on the disk",
	Severity: check.High,
	Stage:    model.StageTLS,
	Guide:    "000 step 11: renewal",
	Why:      "The renewal works and nobody gets what it brings: the old certificate is served until it ends, and then browsers refuse the site.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).ToldLeaves, servedVsDisk),
})

func servedVsDisk(h *check.Hearing, l *model.Leaf) check.Verdict {
	i := slices.IndexFunc(l.Ends, func(e *model.Endpoint) bool { return e.Own && e.File != nil })
	if i < 0 {
		_, _ = l.Ends[0].Gate.Look(h) // unknown where it is not known whose address it is
		return check.DoesNotApply("nginx on this host is not told by a file what to serve")
	}
	e := l.Ends[i]
	chain, _, v := served(h, e)
	if chain == nil {
		return v
	}
	c, disk := chain[0], onDisk(h, e)
	if disk == nil {
		return check.DoesNotApply("there is no certificate in " + e.File.Path)
	}
	warn, _ := limits(c.NotAfter.Sub(c.NotBefore))
	left, next := c.NotAfter.Sub(l.Now), disk.NotAfter.Sub(l.Now)
	switch {
	case disk.Equal(c):
		return check.Passed()
	case c.VerifyHostname(e.Name) != nil || left < warn && next > left:
		return check.DoesNotApply("as tls.cert.names or tls.cert.expiry says of what is served")
	case disk.NotBefore.After(c.NotBefore):
		return check.Failed(fmt.Sprintf("%s: nginx has not loaded the newer certificate in %s; what it serves ends in %s", check.List(l.Names()), e.File.Path, span(left)), notLoaded(e))
	}
	said := fmt.Sprintf("%s: the certificate in %s is older than the one that is served", check.List(l.Names()), e.File.Path)
	r := check.Remedy{
		Do:       "Put the newer one back, or get one anew; a copy from a backup is the usual reason.",
		Commands: []string{"sudo openssl x509 -in " + e.File.Path + " -noout -dates -serial", "sudo ls -l " + folder(e)},
		Verify:   verifyEnd(e), Minutes: 10,
	}
	if next <= 0 {
		return check.Failed(said+fmt.Sprintf(", and ended %s ago", span(next)), r).Because("With the next reload or restart of nginx browsers refuse the site.")
	}
	return check.Warned(said, r).Because(fmt.Sprintf("With the next reload or restart of nginx visitors get the older one, which ends on %s.", date(disk.NotAfter)))
}
