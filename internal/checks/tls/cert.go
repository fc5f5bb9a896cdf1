package tls

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
)

// served opens the certificates that an endpoint sends; without one there is
// nothing to judge, and tls.reachable says why.
func served(h *check.Hearing, e *model.Endpoint) (chain []*x509.Certificate, anchored bool, v check.Verdict) {
	s, _ := e.Shake.Open(h)
	chain = model.Chain(s)
	if len(chain) == 0 {
		return nil, false, check.DoesNotApply("no certificate was served")
	}
	return chain, s.Anchored, v
}

// onDisk is the certificate in the file that nginx is told to serve, nil where
// it is not known.
func onDisk(h *check.Hearing, e *model.Endpoint) *x509.Certificate {
	if e.File == nil {
		return nil
	}
	h.Saw(e.File.Source)
	c, state := e.File.Chain.Look(h)
	if state != fact.IsKnown || len(c) == 0 {
		return nil
	}
	return c[0]
}

// notLoaded is the remedy where the disk has what is wanted, and nginx does not
// know of it.
func notLoaded(e *model.Endpoint) check.Remedy {
	r := check.Remedy{
		Do:       "Reload nginx: it reads certificates only then. Let every renewal do so.",
		Commands: []string{"sudo nginx -t && sudo systemctl reload nginx"},
		Verify:   "curl -sSI https://" + e.Name + "/",
		Minutes:  2,
		Steps:    plan.Systemctl("let nginx load the certificate", "reload", "nginx.service"),
	}
	if e.File.Lineage != "" {
		hook := "/etc/letsencrypt/renewal-hooks/deploy/reload-nginx"
		r.Commands = append(r.Commands, "# "+hook+", executable:", "#!/bin/sh", "exec systemctl reload nginx")
	}
	return r
}

// line says where nginx is told which certificate to serve.
func line(e *model.Endpoint) string {
	if e.File == nil {
		return "# in the server block of " + e.Name
	}
	return fmt.Sprintf("# %s:%d", e.File.Source.Where, e.File.Source.Line)
}

// certbot asks for a certificate with these names, under its old name where it
// has one.
func certbot(e *model.Endpoint, names []string) string {
	cmd := "sudo certbot --nginx"
	if e != nil && e.File != nil && e.File.Lineage != "" {
		cmd += " --cert-name " + e.File.Lineage
	}
	return cmd + " -d " + strings.Join(names, " -d ")
}

func verifyEnd(e *model.Endpoint) string {
	return "echo | openssl s_client -connect " + e.Addr + " -servername " + e.Name + " -verify_hostname " + e.Name + " 2>&1 | grep -e 'Verif' -e NotAfter"
}

// span says a time so that a person feels it: hours below two days.
func span(d time.Duration) string {
	if d < 0 {
		d = -d
	}
	n, unit := int(d/day), "days"
	if d < 2*day {
		n, unit = int(d/time.Hour), "hours"
	}
	if n == 1 {
		unit = unit[:len(unit)-1]
	}
	return fmt.Sprintf("%d %s", n, unit)
}

func date(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

func selfSigned(c *x509.Certificate) bool { return bytes.Equal(c.RawIssuer, c.RawSubject) }

func issuer(c *x509.Certificate) string {
	if c.Issuer.CommonName != "" {
		return c.Issuer.CommonName
	}
	return strings.Join(c.Issuer.Organization, " ")
}

func without(all, gone []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(n string) bool { return slices.Contains(gone, n) })
}

func folder(e *model.Endpoint) string { return path.Dir(e.File.Path) }
