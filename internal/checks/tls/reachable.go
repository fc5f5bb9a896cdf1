package tls

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
	"assay/internal/syntax/nginx"
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

func reachable(h *check.Hearing, s model.Secured) check.Verdict {
	switch {
	case s.Internal:
		return check.DoesNotApply("a name that is not in the public DNS by design")
	case !s.Secure() && !s.Served():
		return check.DoesNotApply("the name only redirects on port 80")
	}
	var by grouped
	asked, good4, bad4 := false, false, false
	var first *model.Endpoint
	for _, n := range s.Names {
		if addrs, _ := n.Addresses().Open(h); len(addrs) == 0 || n.Internal {
			continue
		}
		asked = true
		var bad []string
		ends, _ := n.TLS.Open(h)
		for _, e := range ends {
			shake, state := e.Shake.Look(h)
			if state == fact.IsUnknown {
				continue
			}
			gate, _ := e.Gate.Look(h)
			switch why, unsure := trouble(e, shake, gate); {
			case why == "":
				good4 = good4 || !isV6(e.Addr)
			case unsure:
				h.Missed(fact.Why{Text: fmt.Sprintf("reach %s at %s, which is not an address of this host: %s", n.Name, e.Addr, why),
					Hint: "try from another machine: curl -I https://" + n.Name + "/"}, false)
			default:
				bad4 = bad4 || !isV6(e.Addr)
				bad = append(bad, e.Addr+": "+why)
				if first == nil {
					first = e
				}
			}
		}
		if len(bad) > 0 {
			by.add(n.Name, strings.Join(bad, "; "))
		}
	}
	switch {
	case !asked:
		return check.DoesNotApply("the name does not resolve")
	case len(by) == 0:
		return check.Passed()
	case good4 && !bad4:
		return check.Warned(by.say("works over IPv4 and not over IPv6", "work over IPv4 and not over IPv6"), remedy(s, first)).Breaking(false).
			Because("Who has IPv6 waits for it to fail, or does not get through at all.")
	}
	said, cure := by.say("does not work", "do not work"), remedy(s, first)
	if d := first.Explains(); d.Where != "" {
		h.Saw(d)
		said += fmt.Sprintf(": %s in %s:%d", d.Text, d.Where, d.Line)
		cure = mend(first, d, first.Explained())
	}
	if steps := restored(s); steps != nil && s.Plain() {
		block := s.Sites[0].Source()
		cure.Do = "The certificate for these names is there, in " + s.Kept + ": let the block serve it on 443, and send what comes to port 80 there."
		cure.Commands, cure.Minutes, cure.Steps = []string{fmt.Sprintf("# the server block at %s:%d, in place of its listen lines", block.Where, block.Line), "listen 443 ssl;",
			"ssl_certificate " + s.Kept + "/fullchain.pem;", "ssl_certificate_key " + s.Kept + "/privkey.pem;",
			"# and one of its own: listen 80; the same server_name; return 301 https://$host$request_uri;", "sudo nginx -t && sudo systemctl reload nginx"}, 5, steps
	}
	if s.Plain() && s.Login.Where != "" {
		h.Saw(s.Login)
		return check.Failed(said+", and over http nobody can log in, since the session cookie is Secure", cure).
			Because("Browsers send a Secure cookie over https alone: whoever logs in is a stranger again on the next page.")
	}
	v := check.Failed(said, cure).Breaking(!s.Plain())
	if g, _ := first.Gate.Look(&fact.Notes{}); g.Shut {
		v = v.Because("No visitor gets through on port 443: browsers wait, and give up.")
	}
	return v
}

// mend is for a line that makes the handshake fail.
func mend(e *model.Endpoint, d fact.Source, at *nginx.Directive) check.Remedy {
	r := check.Remedy{Do: "Let the listen speak TLS.", Verify: "curl -sSI https://" + e.Name + "/", Minutes: 5,
		Commands: []string{fmt.Sprintf("# %s:%d: %s", d.Where, d.Line, d.Text), "listen 443 ssl;", "sudo nginx -t && sudo systemctl reload nginx"}}
	if strings.HasPrefix(d.Text, "ssl_protocols") {
		r.Commands[1] = "ssl_protocols TLSv1.2 TLSv1.3;"
		r.Do = "Offer what today's clients speak, in this server block and in the default one of the address, which decides."
		var lines [][]plan.Step
		for _, x := range e.Dated() {
			lines = append(lines, plan.Nginx("offer what today's clients speak", x).Replace("ssl_protocols TLSv1.2 TLSv1.3;"))
		}
		r.Steps = plan.All(lines...)
		return r
	}
	if at.Name != "listen" || len(nginx.Effective(at.Parent, "ssl_certificate")) == 0 || len(nginx.Effective(at.Parent, "ssl_certificate_key")) == 0 {
		return r
	}
	var plain [][]plan.Step
	for _, x := range at.Parent.Find("listen") {
		if l, ok := nginx.ParseListen(x); ok && l.Port == 443 && !l.TLS {
			plain = append(plain, plan.Nginx("let the listen speak TLS", x).Replace("listen "+strings.Join(x.Args, " ")+" ssl;"))
		}
	}
	r.Steps = plan.All(plain...)
	return r
}

// restored serves a block that stands on port 80 alone over https, with the
// certificate that certbot keeps for it, and sends who comes to port 80 there.
func restored(n model.Secured) []plan.Step {
	if n.Kept == "" || len(n.Sites) != 1 {
		return nil
	}
	block := n.Sites[0].Server
	listens, names := block.Find("listen"), block.Find("server_name")
	if len(listens) == 0 || len(names) != 1 || len(block.Find("ssl_certificate")) > 0 {
		return nil
	}
	say, plain := "serve the names over https, with the certificate that certbot keeps for them", []string{}
	var parts [][]plan.Step
	for i, d := range listens {
		l, ok := nginx.ParseListen(d)
		if !ok || l.Unix != "" || l.Port != 80 || len(l.Options) > 0 {
			return nil
		}
		plain = append(plain, "listen "+d.Args[0]+";")
		where := "443"
		switch {
		case l.V6():
			where = "[" + l.Addr + "]:443"
		case !l.Wildcard():
			where = l.Addr + ":443"
		}
		parts = append(parts, plan.Nginx(say, d).Replace("listen "+where+" ssl;"))
		if i == len(listens)-1 {
			parts = append(parts, plan.Nginx(say, d).After("ssl_certificate "+n.Kept+"/fullchain.pem;", "ssl_certificate_key "+n.Kept+"/privkey.pem;"))
		}
	}
	redirect := []string{"server {"}
	for _, l := range append(plain, "server_name "+strings.Join(names[0].Args, " ")+";", "return 301 https://$host$request_uri;") {
		redirect = append(redirect, "    "+l)
	}
	parts = append(parts, plan.Nginx("send who comes over http there", block).Before(append(redirect, "}", "")...))
	return plan.All(parts...)
}

// sixth lets a block that speaks TLS on 443 do so over IPv6 too.
func sixth(n model.Secured) []plan.Step {
	for _, s := range n.Sites {
		for _, d := range s.Server.Find("listen") {
			if l, ok := nginx.ParseListen(d); ok && l.TLS && l.Port == 443 && !l.V6() {
				return plan.Nginx("listen on IPv6 too", d).After("listen [::]:443 ssl;")
			}
		}
	}
	return nil
}

// grouped is the names that have the same trouble.
type grouped []group

type group struct {
	why   string
	names []string
}

func (g *grouped) add(name, why string) {
	i := slices.IndexFunc(*g, func(o group) bool { return o.why == why })
	if i < 0 {
		i = len(*g)
		*g = append(*g, group{why: why})
	}
	(*g)[i].names = append((*g)[i].names, "https://"+name)
}

func (g grouped) say(one, many string) string {
	var out []string
	for _, x := range g {
		verb := one
		if len(x.names) > 1 {
			verb = many
		}
		out = append(out, fmt.Sprintf("%s %s (%s)", check.List(x.names), verb, x.why))
	}
	return strings.Join(out, ", ")
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

func remedy(n model.Secured, e *model.Endpoint) check.Remedy {
	r := check.Remedy{
		Do:       "Get a certificate for every name of the block and let nginx serve it on 443.",
		Commands: []string{certbot(e, public(n))},
		Verify:   "curl -sSI https://" + e.Name + "/",
		Minutes:  10,
	}
	s, _ := e.Shake.Look(&fact.Notes{})
	block := n.Sites[0].Source()
	if i := slices.IndexFunc(n.Sites, (*model.Site).Secure); i >= 0 {
		block = n.Sites[i].Source()
	}
	switch {
	case s.Error == "" && s.Verified:
		r.Do = "Let port 443 through the firewall, in the file that its rules come from."
		r.Commands = []string{"sudo nft list ruleset", "# a rule: tcp dport 443 accept; with ufw: sudo ufw allow 443/tcp"}
		r.Verify = "# from another machine: curl -sSI https://" + e.Name + "/"
		g, _ := e.Gate.Look(&fact.Notes{})
		r = check.Through(r, g, "let visitors in at port 443")
	case s.Class == "refused" && n.Secure() && isV6(e.Addr) && !listens6(n):
		r.Do = "Let the block listen on IPv6 too, or take the AAAA record back."
		r.Commands = []string{fmt.Sprintf("# in the server block at %s:%d", block.Where, block.Line), "listen [::]:443 ssl;", "sudo nginx -t && sudo systemctl reload nginx"}
		r.Verify = "curl -6 -sSI https://" + e.Name + "/"
		r.Steps = sixth(n)
	case s.Class == "refused" && n.Secure():
		r.Do = "Nobody listens on this address, though the configuration says so: see its listen lines, and reload nginx."
		r.Commands = []string{fmt.Sprintf("# the server block at %s:%d", block.Where, block.Line), "sudo nginx -t && sudo systemctl reload nginx", "sudo ss -ltnp | grep :443"}
	}
	return r
}

func listens6(n model.Secured) bool {
	return slices.ContainsFunc(n.Sites, func(s *model.Site) bool {
		for _, l := range s.Listens {
			if l.TLS && l.V6() {
				return true
			}
		}
		return false
	})
}

// public are the names of the blocks, as certbot is told them.
func public(n model.Secured) []string {
	var out []string
	for _, x := range n.Names {
		if !x.Internal {
			out = append(out, x.Name)
		}
	}
	return out
}
