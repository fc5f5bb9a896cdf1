package hdr

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "hdr.cookies.session",
	Guide:    "000 step 16: production security configuration",
	Title:    "session and remember cookies are Secure, HttpOnly and SameSite on the wire",
	Severity: check.High,
	Stage:    model.StageCode,
	Why:      "Who reads the line, or gets a script into a page, takes over the visitor's login.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Logins, sessionCookies),
})

// fault is what is wrong with one cookie, and where.
type fault struct {
	cookie string
	says   string
	urls   []string
	sure   bool // a warning otherwise
	breaks bool
}

func sessionCookies(h *check.Hearing, x *model.Login) check.Verdict {
	var found []fault
	answered, cookies := false, false
	for _, p := range x.Pages {
		r, state := p.Reply.Look(h.Aside())
		switch {
		case state != fact.IsKnown:
			continue
		case r.Error != "" && (r.Class == "denied" || r.Class == "timeout"):
			h.Missed(fact.Why{Text: "ask " + p.URL() + ": " + r.Error, Hint: "look again when it answers"}, false)
			continue
		case r.Error != "" || r.Status >= 502 && r.Status <= 504:
			continue
		}
		answered = true
		for _, c := range p.Cookies(r) {
			cookies = true
			if f := judge(h, x, p, c); f.says != "" {
				_, _ = p.Reply.Open(h)
				found = merge(found, f, p.URL())
			}
		}
	}
	switch {
	case len(found) > 0:
		return told(h, x, found)
	case !answered:
		return check.DoesNotApply("nothing answers")
	case !cookies:
		return byRule(h, x)
	}
	return check.Passed()
}

// byRule judges what the app's configuration says, where no page showed a cookie.
func byRule(h *check.Hearing, x *model.Login) check.Verdict {
	rule, ok := x.Rule().Open(h)
	if !ok {
		return check.DoesNotApply("no page that was asked sets a session cookie, and no session is kept by the app's code")
	}
	for _, p := range x.Pages {
		lacks := rule.Missing()
		if !p.Secure() {
			lacks = slices.DeleteFunc(lacks, func(a string) bool { return a == "Secure" })
			if plain, _ := x.Plain[p.Surface.Host].Look(h); plain && rule.Secure {
				f := fault{cookie: rule.Name, says: "is Secure on a site without TLS, so browsers keep it back and nobody can log in", urls: []string{p.Surface.URL()}, sure: true, breaks: true}
				h.Saw(rule.Sources["Secure"], rule.Used)
				return told(h, x, []fault{f})
			}
		}
		if len(lacks) == 0 || p.Rewrites() {
			continue
		}
		for _, a := range lacks {
			h.Saw(rule.Sources[a])
		}
		h.Saw(rule.Used)
		f := fault{cookie: rule.Name, says: "lacks " + check.List(lacks) + ", by the app's configuration", urls: []string{p.Surface.URL()}, sure: true}
		return told(h, x, []fault{f})
	}
	if rule.SameSite == "" && !slices.ContainsFunc(x.Pages, (*model.Page).Rewrites) {
		h.Saw(rule.Sources["SameSite"], rule.Used)
		return told(h, x, []fault{{cookie: rule.Name, says: "does not say SameSite, by the app's configuration", urls: []string{x.Pages[0].Surface.URL()}}})
	}
	return check.Passed()
}

// judge says what is wrong with a cookie on the page that sets it.
func judge(h *check.Hearing, x *model.Login, p *model.Page, c model.Cookie) fault {
	var lacks []string
	if p.Secure() && !c.Secure {
		lacks = append(lacks, "Secure")
	}
	if !c.HTTPOnly {
		lacks = append(lacks, "HttpOnly")
	}
	plain := false
	if c.Secure && !p.Secure() {
		plain, _ = x.Plain[p.Surface.Host].Look(h)
	}
	switch {
	case plain:
		return fault{cookie: c.Name, says: "is Secure on a site without TLS, so browsers keep it back and nobody can log in", sure: true, breaks: true}
	case c.SameSite == "None" && !c.Secure:
		return fault{cookie: c.Name, says: "has SameSite=None without Secure, so browsers refuse it and nobody can log in", sure: true, breaks: true}
	case len(lacks) > 0:
		return fault{cookie: c.Name, says: "lacks " + check.List(lacks), sure: true}
	case c.SameSite == "":
		return fault{cookie: c.Name, says: "does not say SameSite"}
	}
	return fault{}
}

func merge(all []fault, f fault, url string) []fault {
	i := slices.IndexFunc(all, func(o fault) bool { return o.cookie == f.cookie && o.says == f.says })
	if i < 0 {
		i = len(all)
		all = append(all, f)
	}
	if !slices.Contains(all[i].urls, url) {
		all[i].urls = append(all[i].urls, url)
	}
	return all
}

func told(h *check.Hearing, x *model.Login, found []fault) check.Verdict {
	slices.SortStableFunc(found, func(a, b fault) int { return rank(b) - rank(a) })
	worst := found[0]
	var says []string
	for _, f := range found {
		if f.sure || !worst.sure {
			says = append(says, fmt.Sprintf("the cookie %s of %s %s", f.cookie, check.List(f.urls), f.says))
		}
	}
	r := settings(x, found)
	switch summary := strings.Join(says, "; "); {
	case worst.breaks:
		return check.Failed(summary, r).Breaking(true).Because("The login form comes back as if nothing had been typed, for everybody.")
	case worst.sure:
		return check.Failed(summary, r)
	default:
		return check.Warned(summary, r).
			Because("Chrome takes it for Lax; Firefox and Safari send it with every request that another site makes, which is what CSRF needs.")
	}
}

func rank(f fault) int {
	switch {
	case f.breaks:
		return 2
	case f.sure:
		return 1
	}
	return 0
}

// settings are the keys that mend the faults: Flask's own, and Flask-Login's.
func settings(x *model.Login, found []fault) check.Remedy {
	r := check.Remedy{
		Do:      "Set the attributes in the app's configuration and restart it.",
		Verify:  "# " + found[0].urls[0] + " in a browser's developer tools: the attributes of Set-Cookie",
		Minutes: 10,
	}
	tls := !slices.ContainsFunc(found, func(f fault) bool { return strings.HasPrefix(f.says, "is Secure on") })
	if !tls {
		r.Do = "Serve the site over TLS (certbot --nginx), for a login over plain http is open to everybody on the way; until then these are what lets it work."
	}
	for _, of := range []string{"SESSION", "REMEMBER"} {
		if slices.ContainsFunc(found, func(f fault) bool { return (f.cookie == model.Remember) == (of == "REMEMBER") }) {
			secure := "True"
			if !tls {
				secure = "False"
			}
			r.Commands = append(r.Commands, of+"_COOKIE_SECURE = "+secure, of+"_COOKIE_HTTPONLY = True", of+`_COOKIE_SAMESITE = "Lax"`)
		}
	}
	if x.Server != nil && x.Server.UnitName() != "" {
		r.Commands = append(r.Commands, "sudo systemctl restart "+x.Server.UnitName())
	}
	for _, p := range x.Pages {
		if p.URL() == found[0].urls[0] {
			r.Verify = strings.Replace(p.Surface.Curl(p.Path), "curl -s", "curl -si", 1) + " | grep -i set-cookie"
		}
	}
	return r
}
