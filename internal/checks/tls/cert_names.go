package tls

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
)

var _ = Family.Add(check.Check{
	ID:       "tls.cert.names",
	Title:    "the served certificate covers the name that was asked for",
	Severity: check.Critical,
	Stage:    model.StageTLS,
	Breaks:   true,
	Guide:    "000 step 10: HTTPS for every name",
	Why:      "Browsers refuse this name, while others may work.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Endpoints, names),
})

func names(h *check.Hearing, e *model.Endpoint) check.Verdict {
	switch {
	case !e.Of().Secure():
		return check.DoesNotApply("no block serves the name with TLS")
	case e.Of().Internal:
		return check.DoesNotApply("a name that is not in the public DNS by design")
	}
	if local, _ := e.Of().Hosts.Open(h); local {
		return check.DoesNotApply("the name is a private one of /etc/hosts, by design")
	}
	chain, _, v := served(h, e)
	if chain == nil {
		return v
	}
	c := chain[0]
	if c.VerifyHostname(e.Name) != nil {
		has := "is for " + check.List(c.DNSNames)
		if len(c.DNSNames) == 0 {
			has = "names no host: browsers do not read the common name"
		}
		said := fmt.Sprintf("the certificate served for %s %s", e.Name, has)
		if disk := onDisk(h, e); disk != nil && disk.VerifyHostname(e.Name) == nil {
			return check.Failed(said+"; nginx has not loaded the one in "+e.File.Path, notLoaded(e))
		}
		if e.File != nil && len(e.File.Better) > 0 {
			return check.Failed(said, better(e))
		}
		return check.Failed(said, check.Remedy{
			Do:       "Get a certificate that has every name of the block, and let the block serve it.",
			Commands: []string{line(e), certbot(e, withName(e))},
			Verify:   "curl -sSI https://" + e.Name + "/",
			Minutes:  10,
		})
	}
	if !e.First || e.File == nil {
		return check.Passed()
	}
	if dead, _ := e.Dead.Look(h); len(dead) > 0 {
		if over, state := e.File.HTTP.Look(h); state == fact.IsKnown && over {
			live := without(c.DNSNames, dead)
			return check.Warned(fmt.Sprintf("the certificate of %s also names %s, which does not resolve", e.Name, check.List(dead)), check.Remedy{
				Do:       "Get the certificate anew without the dead name, or bring the name back.",
				Commands: []string{"sudo certbot certonly --nginx --cert-name " + e.File.Lineage + " -d " + strings.Join(live, " -d ")},
				Verify:   "sudo certbot renew --dry-run --cert-name " + e.File.Lineage,
				Minutes:  10,
			}).Because("certbot asks for every name over HTTP when it renews, and fails as a whole.").Breaking(false)
		}
	}
	return check.Passed()
}

// better is the certificate that certbot keeps for the names of the block.
func better(e *model.Endpoint) check.Remedy {
	r := check.Remedy{Do: "Serve the certificate that certbot keeps for the names of the block.", Verify: "curl -sSI https://" + e.Name + "/", Minutes: 3}
	var steps [][]plan.Step
	for _, b := range e.File.Better {
		r.Commands = append(r.Commands, fmt.Sprintf("# %s:%d", b.At.File, b.At.Line), b.To)
		steps = append(steps, plan.Nginx("serve the certificate that certbot keeps for these names", b.At).Replace(b.To))
	}
	r.Commands, r.Steps = append(r.Commands, "sudo nginx -t && sudo systemctl reload nginx"), plan.All(steps...)
	return r
}

// withName are the names of the certificate that the block should serve.
func withName(e *model.Endpoint) []string {
	var out []string
	for _, s := range e.Of().Sites {
		for _, n := range s.Names {
			if s.Secure() && len(without([]string{n}, out)) > 0 {
				out = append(out, n)
			}
		}
	}
	return out
}
