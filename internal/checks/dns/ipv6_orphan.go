package dns

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "dns.ipv6-orphan",
	Title:    "over IPv6 visitors get the same site as over IPv4",
	Severity: check.High,
	Stage:    model.StageServer,
	Breaks:   true,
	Guide:    "000 step 9: DNS, AAAA",
	Why:      "Who has IPv6, mobile phones above all, does not see the site, while every test over IPv4 is well.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Sixes, orphan),
})

func orphan(h *check.Hearing, x *model.OverSix) check.Verdict {
	secure, tls := x.Secure.Open(h.Aside())
	open, plain := x.Open.Open(h.Aside())
	switch {
	case tls && secure.Four.Status == 0, !tls && plain && open.Four.Status == 0:
		return check.DoesNotApply("nginx does not answer over IPv4 either")
	case tls && (secure.Unreachable || secure.Shut):
		return check.DoesNotApply("https is not reached over IPv6, which tls.reachable says")
	}
	for _, end := range []struct {
		is   bool
		v    model.Both
		of   fact.Of[model.Both]
		url  string
		line string
	}{{tls, secure, x.Secure, "https://" + x.Subject(), "listen [::]:443 ssl;"}, {plain, open, x.Open, "http://" + x.Subject(), "listen [::]:80;"}} {
		how := end.v.Differs()
		if !end.is || how == "" {
			continue
		}
		_, _ = end.of.Open(h)
		h.Saw(end.v.At4, end.v.At6)
		return check.Failed(fmt.Sprintf("%s over IPv6 (%s) is %sthe block at %s:%d answers (%s), over IPv4 that at %s:%d (%s)", end.url, x.Addr6, how,
			end.v.At6.Where, end.v.At6.Line, model.Status(end.v.Six.Status), end.v.At4.Where, end.v.At4.Line, model.Status(end.v.Four.Status)), listen(x, end.v.At4, end.line))
	}
	if !plain || open.Four.Status == 0 || open.Six.Status != 0 && !open.Shut {
		return check.Passed()
	}
	_, _ = x.Open.Open(h)
	r := listen(x, open.At4, "listen [::]:80;")
	said := fmt.Sprintf("http://%s answers over IPv4, and not over IPv6 (%s): ", x.Subject(), x.Addr6)
	switch {
	case open.Six.Error != "":
		said += open.Six.Error
	case open.Shut:
		said += "dropped by this host's firewall, in " + open.By
		r.Do, r.Commands = "Let port 80 through over IPv6 as over IPv4, or delete the AAAA record.", []string{"sudo nft list ruleset", "# a rule for both kinds of addresses: tcp dport { 80, 443 } accept"}
	}
	if !tls {
		return check.Failed(said, r)
	}
	return check.Warned(said, r).Breaking(false).
		Because("Who types the name without https waits or gets an error; and an authority that checks the name before a renewal asks over IPv6 first.")
}

func listen(x *model.OverSix, at fact.Source, line string) check.Remedy {
	return check.Remedy{
		Do:       "Let the same block listen on IPv6, or delete the AAAA record.",
		Commands: []string{fmt.Sprintf("# in the server block at %s:%d", at.Where, at.Line), line, "sudo nginx -t && sudo systemctl reload nginx"},
		Verify:   "curl -6 -sI http://" + x.Subject() + "/", Minutes: 5,
	}
}
