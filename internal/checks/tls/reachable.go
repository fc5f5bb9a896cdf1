package tls

import (
	"fmt"
	"net/netip"
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
	list, _ := n.TLS.Open(h)
	var bad []string
	var v4ok, v6bad bool
	for _, e := range list {
		shake, state := e.Shake.Look(h)
		if state == fact.IsUnknown {
			continue
		}
		v6 := isV6(e.Addr)
		why, unsure := trouble(e, shake)
		switch {
		case why == "":
			v4ok = v4ok || !v6
		case unsure:
			h.Missed(fact.Why{Text: fmt.Sprintf("%s at %s, which is not an address of this host: %s", n.Name.Name, e.Addr, why),
				Hint: "try from another machine: curl -I https://" + n.Name.Name + "/"}, false)
		default:
			v6bad = v6bad || v6
			if !v6 || !v4ok {
				bad = append(bad, e.Addr+": "+why)
			}
		}
	}
	switch {
	case len(bad) == 0 && v6bad:
		return check.Warned(n.Name.Name+" answers over IPv4 alone", remedy(n)).Breaking(false)
	case len(bad) == 0:
		return check.Passed()
	}
	return check.Failed("https://"+n.Name.Name+" is not trusted or does not answer ("+strings.Join(bad, "; ")+")", remedy(n))
}

// trouble says why a handshake does not satisfy a browser, and whether that may
// be for reasons that only hold from here: an address beyond this host.
func trouble(e *model.Endpoint, s tape.Handshake) (why string, unsure bool) {
	switch {
	case s.Error != "":
		return s.Error, !e.Own
	case !s.Verified:
		return s.Reason, false
	}
	return "", false
}

func isV6(addr string) bool {
	a, err := netip.ParseAddrPort(addr)
	return err == nil && a.Addr().Is6() && !a.Addr().Is4In6()
}

func remedy(n model.SecureName) check.Remedy {
	return check.Remedy{
		Do:       "Get a certificate for every name, let nginx serve it with its full chain, and listen on 443.",
		Commands: []string{"sudo certbot --nginx -d " + n.Name.Name},
		Verify:   "curl -sSI https://" + n.Name.Name + "/",
		Minutes:  10,
	}
}
