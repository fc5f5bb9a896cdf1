package hdr

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "hdr.hsts.subdomains-safe",
	Title:    "HSTS for all subdomains shuts none of them out",
	Severity: check.Medium,
	Stage:    model.StageTLS,
	Guide:    "001 security: HSTS",
	Why:      "Whoever was on the site once cannot open the subdomain any more, and no visitor can click that away.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Stricts, subdomainsSafe),
})

func subdomainsSafe(h *check.Hearing, x *model.Strict) check.Verdict {
	r, _ := x.Reply.Open(h)
	sts := r.Get("strict-transport-security")
	if !strings.Contains(strings.ToLower(sts), "includesubdomains") {
		return check.DoesNotApply("its HSTS is for its own name alone")
	}
	if len(x.Below) == 0 {
		return check.Passed()
	}
	var names, blocks []string
	for _, s := range x.Below {
		names = append(names, x.Name(s))
		h.Saw(s.Source())
		blocks = append(blocks, "sudo certbot --nginx -d "+x.Name(s))
	}
	v := check.Failed(fmt.Sprintf("%s says that all its subdomains have https (Strict-Transport-Security: includeSubDomains), and %s has none", x.Host, check.List(names)), check.Remedy{
		Do:       "Give the subdomain TLS first; or take includeSubDomains out, which browsers learn at their next visit.",
		Commands: blocks,
		Verify:   "curl -sI https://" + names[0] + "/",
		Minutes:  15,
	})
	if strings.Contains(strings.ToLower(sts), "preload") {
		v = v.Because("With preload the name may stand in the browsers' own list: then nobody at all can open the subdomain, and it takes months to come off that list.")
	}
	return v
}
