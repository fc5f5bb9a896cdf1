package dns

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "dns.points-here",
	Title:    "every record of a served name leads to this host",
	Severity: check.Critical,
	Stage:    model.StageDNS,
	Breaks:   true,
	Guide:    "000 step 9: DNS",
	Why:      "Visitors see another machine, while all looks well from here.",
	Cure:     check.Elsewhere,
	Ask:      check.Each((*model.Deployment).Pointers, pointsHere),
})

func pointsHere(h *check.Hearing, p *model.Points) check.Verdict {
	if p.Internal {
		return check.DoesNotApply("a name that is not in the public DNS by design")
	}
	if local, _ := p.Hosts.Open(h); local {
		return check.DoesNotApply("the name is a private one of /etc/hosts, by design")
	}
	switch addrs, _ := p.Addresses().Open(h); {
	case len(addrs) == 0:
		return check.DoesNotApply("the name does not resolve")
	case p.Twin:
		return check.DoesNotApply("as " + p.First.Name + ", which leads to the same addresses")
	}
	var away, twins, silent []string
	for _, e := range p.Others {
		r, state := e.Reply.Look(h)
		if state == fact.IsUnknown {
			continue
		}
		came, seen := e.Came.Look(h)
		switch {
		case seen == fact.IsKnown && came:
		case seen == fact.IsUnknown:
		case !answered(e, r) && p.Beside(e):
			silent = append(silent, e.Addr)
		case !answered(e, r):
			doubt(h, p, e, "nobody answered from here: "+r.Error)
		case between(r):
			doubt(h, p, e, "a CDN or a balancer answered and kept the request")
		case !p.Public || !e.Public:
			doubt(h, p, e, "what answered may be a router in front of this host")
		default:
			switch same, known := e.Same.Look(h); {
			case same:
				twins = append(twins, e.Addr)
			case known != fact.IsUnknown:
				away = append(away, e.Addr)
			}
		}
	}
	switch {
	case len(away) > 0:
		return check.Failed(said(p, away), correct(p, away))
	case len(silent) > 0:
		return check.Warned(fmt.Sprintf("%s leads to this host and to %s, where nobody answers", p.Name.Name, check.List(silent)), correct(p, silent)).
			At(check.High).
			Because("Who is sent there waits, or gets an error, while the site works for everybody else: it was asked from this host, and is none of its addresses.")
	case len(twins) > 0:
		return check.Warned(fmt.Sprintf("%s also leads to %s, another machine with the same certificate", p.Name.Name, check.List(twins)), correct(p, twins)).
			At(check.Medium).Breaking(false).
			Because("A second web server may be meant; so look at it, too. What was left behind by a move goes on serving the old code.")
	}
	return check.Passed()
}

func answered(e *model.Elsewhere, r tape.HTTPReply) bool { return r.Status > 0 && e.Asked != "" }

func doubt(h *check.Hearing, p *model.Points, e *model.Elsewhere, why string) {
	h.Missed(fact.Why{
		Text: fmt.Sprintf("see where %s leads: its address %s is none of this host's (%s), and %s", p.Name.Name, e.Addr, check.List(p.Own), why),
		Hint: "ask for a page from another machine and see whether it stands in nginx's access log",
	}, false)
}

// marks are what the well-known CDNs put into their answers.
var marks = []string{"cf-ray", "x-amz-cf-id", "x-served-by", "x-akamai-request-id", "x-azure-ref", "x-sucuri-id", "x-cdn", "via"}

func between(r tape.HTTPReply) bool {
	for _, m := range marks {
		if r.Get(m) != "" {
			return true
		}
	}
	return strings.Contains(strings.ToLower(r.Get("server")), "cloudflare")
}

func said(p *model.Points, away []string) string {
	what := "which is another machine"
	if len(away) > 1 {
		what = "which are other machines"
	}
	if len(p.Here) > 0 {
		return fmt.Sprintf("%s leads to this host and to %s, %s", p.Name.Name, check.List(away), what)
	}
	return fmt.Sprintf("%s leads to %s, %s", p.Name.Name, check.List(away), what)
}

func correct(p *model.Points, away []string) check.Remedy {
	r := check.Remedy{
		Do:       "Correct the record at your DNS provider; take away what is stale, AAAA records too. Visitors follow once its time to live is over.",
		Commands: []string{"# at the DNS provider"},
		Verify:   "dig +short " + p.Name.Name + " A " + p.Name.Name + " AAAA",
		Minutes:  15,
	}
	for _, a := range away {
		r.Commands = append(r.Commands, "# take away: "+p.Name.Name+". "+kind(a)+" "+a)
	}
	for _, a := range p.Name.Here {
		if len(p.Here) == 0 {
			r.Commands = append(r.Commands, p.Name.Name+". "+kind(a)+" "+a)
		}
	}
	return r
}

func kind(addr string) string {
	if strings.Contains(addr, ":") {
		return "AAAA"
	}
	return "A"
}
