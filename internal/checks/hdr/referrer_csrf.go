package hdr

import (
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "hdr.referrer-csrf",
	Title:    "Referrer-Policy lets Flask-WTF see where a form came from",
	Severity: check.High,
	Stage:    model.StageCode,
	Guide:    "001 security: headers",
	Why:      "Over https Flask-WTF wants the Referer of every form (WTF_CSRF_SSL_STRICT), and browsers that obey the policy send none: each form comes back with \"The referrer header is missing.\"",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Showings, referrer),
})

// known are the words that browsers understand; of several the last counts
// (Referrer Policy, 8.1).
var known = []string{"no-referrer", "no-referrer-when-downgrade", "same-origin", "origin", "strict-origin", "origin-when-cross-origin", "strict-origin-when-cross-origin", "unsafe-url"}

func (p page) referrer() string {
	said := ""
	for _, text := range append(p.reply.All("referrer-policy"), p.meta("referrer")) {
		for w := range strings.SplitSeq(strings.ToLower(text), ",") {
			if w = strings.TrimSpace(w); slices.Contains(known, w) {
				said = w
			}
		}
	}
	return said
}

func referrer(h *check.Hearing, x *model.Showing) check.Verdict {
	const header, wanted = "Referrer-Policy", "strict-origin-when-cross-origin"
	shown := html(answers(h, x))
	var none, all []page
	for _, p := range shown {
		switch p.referrer() {
		case "no-referrer":
			none = append(none, p)
		case "unsafe-url":
			all = append(all, p)
		}
	}
	secure := slices.DeleteFunc(slices.Clone(none), func(p page) bool { return !p.Secure() })
	switch {
	case len(shown) == 0:
		return nothing(x, "no page answers that a browser would show")
	case len(secure) > 0 && x.Server != nil:
		app, is := x.Server.Code.Open(h)
		if !is || !app.Extended("flask_wtf.csrf.CSRFProtect") {
			break
		}
		if https, _ := x.HTTPS.Open(h); !https || !on(app, "WTF_CSRF_ENABLED") || !on(app, "WTF_CSRF_SSL_STRICT") {
			break
		}
		secure[0].saw(h, header)
		c, _ := app.Setting("WTF_CSRF_SSL_STRICT")
		h.Saw(app.From(c))
		r := change(h, x, secure[0], header, wanted)
		r.Do = "Let browsers send at least their origin to your own site: same-origin does, and strict-origin-when-cross-origin, which is what they do by themselves."
		return check.Failed("no form of the app gets through: "+of(secure)+" "+come(secure)+" with Referrer-Policy: no-referrer, and Flask-WTF refuses forms without a Referer", r).Breaking(true)
	case len(all) > 0:
		all[0].saw(h, header)
		r := change(h, x, all[0], header, wanted)
		r.Do = "Let other sites see the origin alone, which is what browsers do by themselves."
		return check.Warned(of(all)+" "+come(all)+" with Referrer-Policy: unsafe-url: each link tells other sites the whole address", r).At(check.Low).
			Because("Addresses hold what was searched for, and tokens to set a password anew.")
	}
	return check.Passed()
}

func on(app *model.App, key string) bool {
	c, ok := app.Setting(key)
	return !ok || model.Is(c)
}
