package dns

import (
	"strings"

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
		return check.DoesNotApply("the name is a private one of /etc/hosts, by design")
	}
	for _, r := range []string{a.Rcode, aaaa.Rcode} {
		if r != "NOERROR" && r != "NXDOMAIN" {
			// The same word for a resolver that is broken, a delegation that leads
			// nowhere and a signature that does not fit: from here they look alike.
			return check.CannotTell("the name server "+a.Server+" answers "+r+" for "+n.Name,
				"ask another one: dig "+n.Name+" @9.9.9.9; where that answers, /etc/resolv.conf of this host is at fault")
		}
	}
	h.Saw(n.Source)
	what := n.Name + " does not exist in the DNS (NXDOMAIN)"
	if a.Rcode == "NOERROR" {
		what = n.Name + " has no address in the DNS"
	}
	if n.Primary {
		return check.Failed(what, remedy(n))
	}
	if n.First != n {
		f, _ := n.First.A.Open(h)
		f6, _ := n.First.AAAA.Open(h)
		if len(f.Addrs)+len(f6.Addrs) == 0 {
			return check.DoesNotApply("nor does " + n.First.Name + ", the site itself")
		}
	}
	return check.Warned(what+", and nginx serves it as a second name", remedy(n)).
		Because("Who types this name does not reach the site, and a certificate that has it cannot be renewed.").Breaking(false)
}

func remedy(n *model.Name) check.Remedy {
	to := "<the public address of this machine>"
	if len(n.Here) > 0 {
		to = n.Here[0]
	}
	kind := "A"
	if strings.Contains(to, ":") {
		kind = "AAAA"
	}
	return check.Remedy{
		Do:       "Add the record at your DNS provider, or take the name out of server_name. If the record is there, see whether the domain's registration has lapsed.",
		Commands: []string{"# at the DNS provider", n.Name + ". " + kind + " " + to},
		Verify:   "dig +short " + n.Name + " " + kind,
		Minutes:  15,
	}
}
