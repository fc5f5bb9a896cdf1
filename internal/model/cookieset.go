package model

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// CookieRule is what the app's configuration says of its session cookie.
type CookieRule struct {
	Cookie
	Used    fact.Source            // where the app's code keeps a session
	Sources map[string]fact.Source // by attribute: Secure, HttpOnly, SameSite
}

// Rule is what the app says of its session cookie, for when no page showed one.
// Absent: it is no Flask app, or its code keeps no session.
func (x *Login) Rule() fact.Of[CookieRule] {
	if x.Server == nil {
		return fact.Absent[CookieRule]()
	}
	return fact.Bind(x.Server.Code, func(a *App) fact.Of[CookieRule] {
		used, ok := a.keepsSession()
		if !ok {
			return fact.Absent[CookieRule](fact.Source{Where: a.Source.Where, Text: "its code keeps no session", Ask: a.Source.Ask})
		}
		r := CookieRule{Used: used, Sources: map[string]fact.Source{}}
		r.Name = a.sessionCookie()
		for attr, key := range map[string]string{"Secure": "SESSION_COOKIE_SECURE", "HttpOnly": "SESSION_COOKIE_HTTPONLY", "SameSite": "SESSION_COOKIE_SAMESITE"} {
			c, _ := a.Setting(key)
			r.Sources[attr] = a.From(c)
			switch attr {
			case "Secure":
				r.Secure = Is(c)
			case "HttpOnly":
				r.HTTPOnly = Is(c)
			default:
				r.SameSite = Text(c)
			}
		}
		return fact.Known(r)
	})
}

func (a *App) sessionCookie() string {
	c, _ := a.Setting("SESSION_COOKIE_NAME")
	return cmp.Or(Text(c), "session")
}

// keepsSession is where the app's own code puts something into a session.
func (a *App) keepsSession() (fact.Source, bool) {
	for _, s := range a.Signs {
		if slices.Contains([]string{"session", "flash", "login_user", "LoginManager", "FlaskForm", "CSRFProtect"}, s.What) {
			return a.At(&tape.Frame{File: s.File, Line: s.Line}, "imports "+s.What+" from "+s.Module), true
		}
	}
	for _, name := range sortedKeys(a.Views) {
		v := a.Views[name]
		for _, use := range []string{"session", "flash"} {
			if slices.Contains(v.Uses, use) {
				return a.At(&tape.Frame{File: v.File, Line: v.Line}, v.Name+" uses "+use), true
			}
		}
	}
	return fact.Source{}, false
}

// Rewrites says that nginx changes the app's cookies on the page's way out.
func (p *Page) Rewrites() bool {
	if p.Surface.Site == nil {
		return false
	}
	return slices.ContainsFunc(p.Surface.Site.Routes, func(r *Route) bool {
		return len(syntax.Effective(r.Pass.Parent, "proxy_cookie_flags"))+len(syntax.Effective(r.Pass.Parent, "proxy_cookie_path")) > 0
	})
}

// plainRules are the routes that a GET may ask for as they stand, by their paths.
func (b *builder) plainRules(d *Deployment) []tape.AppRule {
	if d.Server == nil {
		return nil
	}
	a, state := d.Server.Code.Look(&b.notes)
	if state != fact.IsKnown {
		return nil
	}
	out := slices.DeleteFunc(slices.Clone(a.Rules), func(r tape.AppRule) bool {
		return !slices.Contains(r.Methods, "GET") || strings.ContainsAny(r.Rule, "<> \"\\") || r.Host != "" || r.Subdomain != "" ||
			b.lasts(d, r.Rule)
	})
	slices.SortStableFunc(out, func(x, y tape.AppRule) int { return strings.Compare(x.Rule, y.Rule) })
	return out
}

// forms are the last words of the paths of login forms: a GET shows them and
// does nothing.
var forms = []string{"login", "log-in", "signin", "sign-in", "register", "signup", "sign-up"}

const maxPages = 6

// pagePaths are where a stranger may be given a session: the root and the login
// forms, those of the app where it was loaded, else where they use to be.
func (b *builder) pagePaths(d *Deployment) []string {
	out := []string{"/"}
	for _, r := range b.plainRules(d) {
		if slices.Contains(forms, strings.ToLower(path.Base(r.Rule))) && len(out) < maxPages {
			out = append(out, r.Rule)
		}
	}
	if len(out) == 1 {
		return loginPaths
	}
	return out
}

// apiFolders are the folders of the app's routes that are called an API: what
// is asked there need not exist to be answered with CORS, and does nothing.
func (b *builder) apiFolders(d *Deployment) []string {
	if d.Server == nil {
		return nil
	}
	a, _ := d.Server.Code.Look(&b.notes)
	if a == nil {
		return nil
	}
	var out []string
	for _, r := range a.Rules {
		fixed, _, _ := strings.Cut(r.Rule, "<")
		dir := fixed[:strings.LastIndexByte(fixed, '/')+1]
		if strings.Contains(strings.ToLower(dir), "api") && !strings.ContainsAny(dir, " \"\\") && !slices.Contains(out, dir) {
			out = append(out, dir)
		}
	}
	slices.Sort(out)
	return out
}

// openedViews are the routes that flask-cors opens one by one: it answers their
// OPTIONS itself, so that the view does not run.
func (b *builder) openedViews(d *Deployment) []string {
	var out []string
	for _, r := range b.plainRules(d) {
		a, _ := d.Server.Code.Look(&b.notes)
		if slices.ContainsFunc(a.Views[r.Endpoint].Wraps, func(w tape.Wrap) bool { return strings.HasPrefix(w.Module, "flask_cors") }) {
			out = append(out, r.Rule)
		}
	}
	return out
}

// Missing are the attributes that a page of a site over TLS needs and the rule
// does not give.
func (r CookieRule) Missing() []string {
	var out []string
	if !r.Secure {
		out = append(out, "Secure")
	}
	if !r.HTTPOnly {
		out = append(out, "HttpOnly")
	}
	return out
}

// secureLogin is the cookie, or the setting, by which browsers send the session
// over https alone.
func (d *Deployment) secureLogin() fact.Source {
	var n fact.Notes
	for _, p := range d.pages {
		r, state := p.Reply.Look(&n)
		if state == fact.IsKnown && slices.ContainsFunc(p.Cookies(r), func(c Cookie) bool { return c.Secure }) {
			return n.Sources[len(n.Sources)-1]
		}
	}
	rule, state := (&Login{Server: d.Server}).Rule().Look(&n)
	if state != fact.IsKnown || !rule.Secure {
		return fact.Source{}
	}
	return rule.Sources["Secure"]
}
