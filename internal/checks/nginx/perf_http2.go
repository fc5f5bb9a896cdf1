package nginx

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/regex"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.perf.http2",
	Title:    "browsers speak HTTP/2 with the site",
	Severity: check.Low,
	Stage:    model.StageTLS,
	Guide:    "001 TLS: listen 443 ssl http2",
	Why:      "A browser asks for a page's files six at a time, and each wait for one of them holds up those behind it.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).NamesHere, http2),
})

func http2(h *check.Hearing, n model.Secured) check.Verdict {
	ends, _ := n.TLS.Open(h)
	if !n.Secure() || !n.Served() {
		return check.DoesNotApply("no site with TLS")
	}
	for _, e := range ends {
		if !e.Own {
			continue // another machine speaks with the visitors
		}
		s, state := e.Shake.Look(h)
		if state == fact.IsUnknown || s.Error != "" || s.ALPN == "h2" {
			continue
		}
		h.Saw(n.Source)
		do, lines := spelling(n)
		return check.Failed(fmt.Sprintf("%s speaks only HTTP/1.1 over TLS: nginx offers no h2", n.Subject()), check.Remedy{
			Do:       do,
			Commands: append(append([]string{"# " + where(n.Source.Where, n.Source.Line) + ":"}, lines...), test),
			Verify:   "curl -sko /dev/null -w '%{http_version}\\n' https://" + n.Subject() + "/   # 2",
			Minutes:  5,
		})
	}
	_, _ = n.Addresses().Look(h) // of which any may lead to a block without
	return check.Passed()
}

// Distributions by the nginx of their packages: before 1.25.1, and later.
var (
	older = regex.New(`^(Debian GNU/Linux 1[0-2]|Ubuntu (18|20|22|24)\.)`)
	newer = regex.New(`^(Debian GNU/Linux 1[3-9]|Ubuntu (25|26)\.)`)
)

// spelling says how this nginx is told: by the word behind listen until 1.25.1,
// and then by a directive.
func spelling(n model.Secured) (do string, lines []string) {
	word := []string{"listen 443 ssl http2;", "listen [::]:443 ssl http2;"}
	switch {
	case older.MatchString(n.OS):
		return "Turn HTTP/2 on in the server block: the word http2 behind its listen.", word
	case newer.MatchString(n.OS):
		return "Turn HTTP/2 on in the server block.", []string{"http2 on;"}
	}
	return "Turn HTTP/2 on in the server block: `http2 on;` from nginx 1.25.1 on, the word http2 behind its listen before.",
		append([]string{"nginx -v", "# 1.25.1 and later:", "http2 on;", "# before:"}, word...)
}
