package flask

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "flask.trusted-hosts",
	Title:    "requests for names that are not the site's are turned away",
	Severity: check.High,
	Stage:    model.StageCode,
	Guide:    "beyond the guides",
	Why:      "Links that the app makes with a full address take the name from the request: in a mail for a new password it is the attacker's.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Strangers, trustedHosts),
})

func trustedHosts(h *check.Hearing, x *model.Stranger) check.Verdict {
	if x.By.Where == "" {
		return check.Passed()
	}
	r, _ := x.Reply.Open(h)
	switch {
	case r.Error != "", r.Status == 0, r.Status >= 400 && r.Status < 500:
		return check.Passed()
	case r.Status >= 500:
		return check.DoesNotApply(fmt.Sprintf("the app answers %d to everybody", r.Status))
	}
	h.Saw(x.By)
	cure := check.Remedy{
		Do:       "Let nginx turn unknown names away: a default server of its own for each port. From Flask 3.1 on, TRUSTED_HOSTS does it in the app as well.",
		Commands: []string{"# a file in /etc/nginx/sites-enabled", "server {", "    listen 80 default_server;", "    listen 443 ssl default_server;", "    ssl_reject_handshake on;", "    return 444;", "}", "sudo nginx -t && sudo systemctl reload nginx"},
		Verify:   "curl -sk -o /dev/null -w '%{http_code}\\n' -H 'Host: " + model.StrangeHost + "' " + x.URL(),
		Minutes:  10,
	}
	if reflected(r) {
		return check.Failed("the app builds addresses with whatever Host it is asked for: "+model.StrangeHost+" stands in its answer, and no default_server of nginx turns unknown names away", cure)
	}
	return check.Warned("nginx hands requests for any Host to the app, since no default_server turns unknown names away", cure).At(check.Low)
}

func reflected(r tape.HTTPReply) bool {
	return strings.Contains(r.Body, model.StrangeHost) || strings.Contains(r.Get("location"), model.StrangeHost)
}
