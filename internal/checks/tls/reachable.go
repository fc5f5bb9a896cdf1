package tls

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "tls.reachable",
	Title:    "HTTPS answers for every name with a certificate that browsers trust",
	Severity: check.Critical,
	Stage:    model.StageTLS,
	Breaks:   true,
	Guide:    "000 step 10: HTTPS",
	Why:      "Browsers refuse the site or warn of it; passwords and sessions travel in the clear where only http answers.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).SecureNames, reachable),
})

func reachable(h *check.Hearing, n model.SecureName) check.Verdict {
	if n.Internal {
		return check.DoesNotApply("a name that is not in the public DNS by design")
	}
	if !n.Secure() && !n.Served() {
		return check.DoesNotApply("the name only redirects on port 80")
	}
	addrs, _ := n.Addresses().Open(h)
	if len(addrs) == 0 {
		return check.DoesNotApply("the name does not resolve")
	}
	ends, _ := n.TLS.Open(h)
	var bad []string
	var first *model.Endpoint
	good4, bad4 := false, false
	for _, e := range ends {
		shake, state := e.Shake.Look(h)
		if state == fact.IsUnknown {
			continue
		}
		gate, _ := e.Gate.Look(h)
		why, unsure := trouble(e, shake, gate)
		switch {
		case why == "":
			good4 = good4 || !isV6(e.Addr)
		case unsure:
			h.Missed(fact.Why{Text: fmt.Sprintf("reach %s at %s, which is not an address of this host: %s", n.Name.Name, e.Addr, why),
				Hint: "try from another machine: curl -I https://" + n.Name.Name + "/"}, false)
		default:
			bad4 = bad4 || !isV6(e.Addr)
			bad = append(bad, e.Addr+": "+why)
			if first == nil {
				first = e
			}
		}
	}
	switch said := strings.Join(bad, "; "); {
	case len(bad) == 0:
		return check.Passed()
	case good4 && !bad4:
		return check.Warned("https://"+n.Name.Name+" works over IPv4 and not over IPv6 ("+said+")", remedy(n, first)).Breaking(false).
			Because("Who has IPv6 waits for it to fail, or does not get through at all.")
	default:
		return check.Failed("https://"+n.Name.Name+" does not work ("+said+")", remedy(n, first))
	}
}

// trouble says why a handshake does not satisfy a browser, and whether that may
// be for reasons that only hold from here: an address beyond this host.
func trouble(e *model.Endpoint, s tape.Handshake, g model.Gate) (why string, unsure bool) {
	switch {
	case s.Error != "":
		return s.Error, !e.Own
	case !s.Verified:
		return reason(s), false
	case g.Shut:
		return "dropped by this host's firewall, in " + g.By, false
	}
	return "", false
}

// reason is why the certificate is not trusted; Go's words for an end that is
// over hold the time of the look.
func reason(s tape.Handshake) string {
	chain := model.Chain(s)
	switch {
	case strings.HasPrefix(s.Reason, "certificate has expired or is not yet valid"):
		return "the certificate has expired or is not valid yet"
	case len(chain) == 1 && selfSigned(chain[0]):
		return "the certificate is signed by nobody but itself"
	}
	return s.Reason
}

func isV6(addr string) bool {
	a, err := netip.ParseAddrPort(addr)
	return err == nil && a.Addr().Is6() && !a.Addr().Is4In6()
}

func remedy(n model.SecureName, e *model.Endpoint) check.Remedy {
	r := check.Remedy{
		Do:       "Get a certificate for every name of the block and let nginx serve it on 443.",
		Commands: []string{certbot(e, public(n))},
		Verify:   "curl -sSI https://" + n.Name.Name + "/",
		Minutes:  10,
	}
	if e == nil {
		return r
	}
	s, _ := e.Shake.Look(&fact.Notes{})
	switch {
	case s.Error == "" && s.Verified:
		r.Do, r.Commands, r.Cure = "Let port 443 through the firewall.", []string{"sudo nft list ruleset", "# a rule that accepts tcp dport 443, in the file that the rules come from", "sudo ufw allow 443/tcp  # where ufw made the rules"}, check.OnHost
		r.Verify = "# from another machine: curl -sSI https://" + n.Name.Name + "/"
	case s.Class == "refused" && n.Secure():
		r.Do = "Nobody listens on this address, though the configuration says so: see the listen lines, and reload nginx."
		r.Commands = []string{"grep -rn 'listen.*443' /etc/nginx/", "sudo nginx -t && sudo systemctl reload nginx", "sudo ss -ltnp | grep :443"}
	}
	return r
}

// public are the names of the blocks that serve the name, as certbot is told them.
func public(n model.SecureName) []string {
	out := []string{}
	for _, s := range n.Sites {
		for _, name := range s.Names {
			if !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out
}
