package dns

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "dns.www-apex",
	Title:    "who types the name with www, or without, gets to the site too",
	Severity: check.Low,
	Stage:    model.StageDNS,
	Guide:    "000 step 9: DNS of the name and of www",
	Why:      "Browsers put https before what is typed: these visitors get an error, and take the site for down.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Counterparts, typed),
})

func typed(h *check.Hearing, c *model.Counterpart) check.Verdict {
	addrs, _ := c.Addrs.Open(h)
	www := strings.HasPrefix(c.Other, "www.")
	switch {
	case len(addrs) == 0 && www:
		return check.DoesNotApply("there is no " + c.Other + ", and nobody needs it")
	case len(addrs) == 0:
		return check.Warned(fmt.Sprintf("%s has no address in the DNS: the site is %s alone", c.Other, c.Main.Name), check.Remedy{
			Do:       "Add the record at your DNS provider, and send who comes by it to " + c.Main.Name + ".",
			Commands: append([]string{"# at the DNS provider", c.Other + ". A <the public address of this machine>"}, certified(c)...),
			Verify:   "curl -sI https://" + c.Other + "/", Minutes: 20, Cure: check.Elsewhere,
		}).Because("Many type a name without www: they find nothing.")
	case c.Here == "":
		return check.DoesNotApply(c.Other + " leads to another machine")
	}
	s, _ := c.Shake.Open(h)
	why := ""
	switch {
	case s.Class == "refused":
		return check.DoesNotApply("nothing listens on port 443")
	case s.Error != "":
		why = "https is refused"
	case !s.Verified:
		why = "browsers warn: " + s.Reason
	case c.Site == nil && c.At.Where != "":
		h.Saw(c.At)
		why = fmt.Sprintf("another site answers, that of %s:%d", c.At.Where, c.At.Line)
	default:
		return check.Passed()
	}
	if c.At.Where != "" {
		h.Saw(c.At)
	}
	return check.Failed(fmt.Sprintf("https://%s leads to this host and does not open as https://%s does: %s", c.Other, c.Main.Name, why), check.Remedy{
		Do:       "Let the certificate have both names, and nginx send the one to the other; or take the record back.",
		Commands: certified(c), Verify: "curl -sI https://" + c.Other + "/", Minutes: 15,
	})
}

// certified gives the other name a certificate and a block that sends on.
func certified(c *model.Counterpart) []string {
	return []string{"sudo certbot certonly --nginx --expand -d " + c.Main.Name + " -d " + c.Other,
		"# a block of its own, with the certificate of " + c.Main.Name, "server {", "    listen 443 ssl;", "    listen [::]:443 ssl;", "    server_name " + c.Other + ";",
		"    return 301 https://" + c.Main.Name + "$request_uri;", "}", "sudo nginx -t && sudo systemctl reload nginx"}
}
