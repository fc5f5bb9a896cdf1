package dns

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "dns.backend-names",
	Title:    "every server that the app names has an address",
	Severity: check.High,
	Stage:    model.StageCode,
	Guide:    "000 step 15: host of the database; 001: MAIL_SERVER",
	Why:      "What needs it fails while a visitor waits, and the site as such looks well.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Backends, backendName),
})

func backendName(h *check.Hearing, x *model.Backend) check.Verdict {
	a, as := x.A.Look(h)
	aaaa, aaaas := x.AAAA.Look(h)
	switch {
	case x.Inside != "":
		return check.CannotTell(x.Inside+" has a network of its own, where names may have other addresses", "sudo nsenter -n -t $(systemctl show -p MainPID --value "+x.Inside+") getent hosts "+x.Host)
	case len(a.Addrs)+len(aaaa.Addrs) > 0:
		return check.Proven()
	case as == fact.IsUnknown || aaaas == fact.IsUnknown:
		return check.Passed() // unknown, since a look was blind
	}
	if own, _ := x.Hosts.Open(h); own {
		return check.Passed()
	}
	for _, f := range x.Search {
		if r, _ := f.Open(h.Aside()); len(r.Addrs) > 0 {
			return check.Passed()
		}
	}
	for _, r := range []string{a.Rcode, aaaa.Rcode} {
		if r != "NOERROR" && r != "NXDOMAIN" {
			return check.CannotTell("the name server "+a.Server+" answers "+r+" for "+x.Host, "ask another one: dig "+x.Host+" @9.9.9.9; where that answers, /etc/resolv.conf of this host is at fault")
		}
	}
	_, _ = x.A.Open(h)
	h.Saw(x.Told)
	not := "does not exist in the DNS (NXDOMAIN)"
	if a.Rcode == "NOERROR" {
		not = "has no address in the DNS"
	}
	first := []string{"# " + x.Told.String(), "getent ahosts " + x.Host}
	if x.Told.Line == 0 {
		first = first[1:]
	}
	v := check.Failed(fmt.Sprintf("the server that the app names for %s, %s, %s", x.For, x.Host, not), check.Remedy{
		Do:       "Correct the name where the app is told it; a name of a private network belongs into that network's DNS, or into /etc/hosts.",
		Commands: first,
		Verify:   "getent ahosts " + x.Host, Minutes: 10,
	})
	switch x.For {
	case "mails":
		return v.Because("Each mail ends in an error: who has forgotten his password gets none, and mostly a page with 500.")
	case "errors":
		return v.At(check.Medium).Because("No error reaches whoever waits for them: it looks as if there were none.")
	}
	return v
}
