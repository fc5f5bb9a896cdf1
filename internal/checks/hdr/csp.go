package hdr

import (
	"strings"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "hdr.csp",
	Title:    "a Content-Security-Policy says which scripts may run",
	Severity: check.Medium,
	Stage:    model.StageCode,
	Guide:    "001 security: Content-Security-Policy",
	Why:      "One text of a visitor that a template puts out unescaped is a script that acts as whoever reads it.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Showings, csp),
})

func csp(h *check.Hearing, x *model.Showing) check.Verdict {
	const header = "Content-Security-Policy"
	shown := html(answers(h, x))
	var without, open, tried []page
	why := ""
	nonces := map[string]page{}
	for _, p := range shown {
		own := policies(p.reply.All("content-security-policy"))
		own = append(own, policies([]string{p.meta("content-security-policy")})...)
		closed := false
		for _, c := range own {
			closed = closed || c.open() == ""
			if first, again := nonces[c.nonce()]; c.nonce() != "" && again && first.Page != p.Page {
				return repeated(h, x, first, p)
			}
			nonces[c.nonce()] = p
		}
		switch {
		case closed:
		case len(own) > 0:
			open = append(open, p)
			if why == "" {
				why = own[0].open()
			}
		case p.reply.Get("content-security-policy-report-only") != "":
			tried = append(tried, p)
		default:
			without = append(without, p)
		}
	}
	switch {
	case len(shown) == 0:
		return nothing(x, "no page answers that a browser would show")
	case len(without) > 0:
		p := without[0]
		p.saw(h, header)
		return check.Failed(of(without)+" "+come(without)+" without "+header+lost(h, p, header), talisman(x, p))
	case len(open) > 0:
		open[0].saw(h, header)
		r := change(h, x, open[0], header, strict)
		r.Do = "Let scripts come from files of your own, and give a nonce to those that stand in the page (Talisman's content_security_policy_nonce_in does)."
		return check.Failed("the "+header+" of "+of(open)+" stops no script: "+why, r)
	case len(tried) > 0:
		tried[0].saw(h, header+"-Report-Only")
		r := change(h, x, tried[0], header, tried[0].reply.Get("content-security-policy-report-only"))
		r.Do = "Once the reports are quiet, send it as Content-Security-Policy."
		return check.Warned(of(tried)+" "+come(tried)+" with a policy that only reports", r).Because("A script that somebody got into a page runs, and is reported.")
	}
	return check.Passed()
}

const strict = "default-src 'self'; base-uri 'self'; object-src 'none'; frame-ancestors 'self'"

func talisman(x *model.Showing, p page) check.Remedy {
	r := check.Remedy{
		Do: "Let the app send one, which knows what its pages need: Flask-Talisman, or an after_request function. Try it as Content-Security-Policy-Report-Only first: what is written into the pages (onclick=, <script>...</script>, style=) does not run under it.",
		Commands: []string{"from flask_talisman import Talisman  # nginx redirects to https: so force_https=False",
			`Talisman(app, force_https=False, content_security_policy={"default-src": "'self'", "base-uri": "'self'", "object-src": "'none'", "frame-ancestors": "'self'"})`},
		Verify:  strings.Replace(p.Surface.Curl(p.Path), "curl -s", "curl -si", 1) + " | grep -i content-security-policy",
		Minutes: 60,
	}
	if x.Server != nil && x.Server.UnitName() != "" {
		r.Commands = append(r.Commands, "sudo systemctl restart "+x.Server.UnitName())
	}
	return r
}

// repeated: a nonce is for one answer alone (CSP 3, 7.1).
func repeated(h *check.Hearing, x *model.Showing, a, b page) check.Verdict {
	a.saw(h, "Content-Security-Policy")
	b.saw(h, "Content-Security-Policy")
	r := change(h, x, b, "Content-Security-Policy", "script-src 'nonce-...'")
	r.Do = "Make a new nonce for every answer: secrets.token_urlsafe(16) in a before_request function, or Talisman's. An answer with one is not to be cached by a proxy."
	return check.Failed("the nonce in the Content-Security-Policy of "+of([]page{a, b})+" is one and the same", r).
		Because("Whoever reads it off a page writes it into the script that he smuggles in, and browsers run that.")
}
