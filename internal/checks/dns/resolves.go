package dns

import (
	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "dns.resolves",
	Title:    "every served name resolves",
	Severity: check.Critical,
	Stage:    model.StageDNS,
	Breaks:   true,
	Guide:    "000 step 9: DNS",
	Why:      "Visitors cannot find the site: \"server not found\".",
	Cure:     check.Elsewhere,
	Ask:      check.Each((*model.Deployment).ServedNames, resolves),
})

func resolves(h *check.Hearing, n *model.Name) check.Verdict {
	if n.Internal {
		return check.DoesNotApply("a name that is not in the public DNS by design")
	}
	a, as := n.A.Look(h)
	aaaa, aaaas := n.AAAA.Look(h)
	if len(a.Addrs) > 0 || len(aaaa.Addrs) > 0 {
		return check.Proven()
	}
	if as == fact.IsUnknown || aaaas == fact.IsUnknown {
		return check.Passed() // unknown, since a look was blind
	}
	if local, _ := n.Hosts.Open(h); local {
		return check.DoesNotApply("the name is in /etc/hosts of this machine, by design")
	}
	h.Saw(n.Source)
	r := check.Remedy{
		Do:       "Create the A record (and AAAA, if the machine has IPv6) at your DNS provider, or take the name out of server_name.",
		Commands: []string{"dig +short " + n.Name + " A", "# " + n.Name + ". A <the public address of this machine>"},
		Verify:   "dig +short " + n.Name,
		Minutes:  15,
	}
	why := a.Rcode
	if why == "NOERROR" || why == "" {
		why = "it has no address"
	}
	if n.Primary {
		return check.Failed(n.Name+" does not resolve: "+why, r)
	}
	return check.Warned(n.Name+", a second name of the site, does not resolve: "+why, r).
		Because("Who types this name does not reach the site; a certificate for it cannot be renewed.").Breaking(false)
}
