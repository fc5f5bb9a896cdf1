package model

import (
	"net/netip"
	"slices"
	"strings"

	"assay/internal/fact"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// Cookie is a Set-Cookie header without its value.
type Cookie struct {
	Name             string
	Secure, HTTPOnly bool
	SameSite         string // Lax, Strict, None; "" where it does not say
}

// cookieOf reads a Set-Cookie header (RFC 6265, 5.2: an attribute's case does
// not matter). ok is false for one that takes the cookie back.
func cookieOf(header string) (c Cookie, ok bool) {
	parts := strings.Split(header, ";")
	name, value, _ := strings.Cut(parts[0], "=")
	gone := strings.Trim(strings.TrimSpace(value), `"`) == ""
	c.Name = strings.TrimSpace(name)
	for _, p := range parts[1:] {
		k, v, _ := strings.Cut(strings.TrimSpace(p), "=")
		switch strings.ToLower(k) {
		case "secure":
			c.Secure = true
		case "max-age":
			gone = gone || strings.TrimSpace(v) == "0"
		case "httponly":
			c.HTTPOnly = true
		case "samesite":
			if v = strings.TrimSpace(v); v != "" {
				c.SameSite = strings.ToUpper(v[:1]) + strings.ToLower(v[1:])
			}
		}
	}
	return c, c.Name != "" && !gone
}

// Remember is Flask-Login's cookie (REMEMBER_COOKIE_NAME's default).
const Remember = "remember_token"

// keepsLogin knows the cookies that stand for a login by their names: Flask's
// own is "session" unless SESSION_COOKIE_NAME says otherwise.
func keepsLogin(name string) bool {
	return name == Remember || strings.Contains(strings.ToLower(name), "session")
}

// Page is one answer that may set cookies.
type Page struct {
	Surface *Surface
	Path    string
	Reply   fact.Of[tape.HTTPReply]
	session string // the cookie's name, as the app has it
}

// URL is the page's address.
func (p *Page) URL() string { return p.Surface.URL() + p.Path }

// Secure says that the page came over TLS.
func (p *Page) Secure() bool { return strings.HasPrefix(p.Surface.Endpoint, "tls:") }

// Cookies are those of the page that stand for a login.
func (p *Page) Cookies(r tape.HTTPReply) []Cookie {
	var out []Cookie
	for _, h := range r.All("set-cookie") {
		if c, ok := cookieOf(h); ok && (c.Name == p.session || keepsLogin(c.Name)) {
			out = append(out, c)
		}
	}
	return out
}

// Login is an app with the pages on which it may hand out a session.
type Login struct {
	Name   string
	Pages  []*Page
	Server *AppServer               // nil: none is known
	Plain  map[string]fact.Of[bool] // by host: visitors have no TLS, not even before this host
}

// Subject is the app.
func (x *Login) Subject() string { return x.Name }

// Node is the app's sessions.
func (x *Login) Node() Node { return Node("session:" + x.Name) }

func sessionNode(d *Deployment) Node { return Node("session:" + d.Name) }

// Logins is the app, if it is served anywhere.
func (d *Deployment) Logins() fact.Of[[]*Login] {
	return of(d, func() fact.Of[[]*Login] {
		if len(d.pages) == 0 {
			return fact.Known[[]*Login](nil)
		}
		x := &Login{Name: d.Name, Pages: d.pages, Server: d.Server, Plain: map[string]fact.Of[bool]{}}
		for _, p := range d.pages {
			x.Plain[p.Surface.Host] = d.plainFor(p.Surface)
		}
		return fact.Known([]*Login{x})
	})
}

// loginPaths are where apps hand out a session: a page with a form has its
// CSRF token there.
var loginPaths = []string{"/", "/login", "/auth/login", "/account/login"}

func (b *builder) pages(d *Deployment) {
	name := "session"
	if d.Server != nil {
		if a, _ := d.Server.Code.Look(&b.notes); a != nil {
			name = a.sessionCookie()
		}
	}
	for _, s := range d.fronts() {
		for _, p := range b.pagePaths(d) {
			q := tape.Request{Method: "GET", Host: s.Host, Path: p}
			d.pages = append(d.pages, &Page{Surface: s, Path: p, session: name, Reply: b.f.Request(s.Endpoint, q, "Set-Cookie")})
		}
	}
	b.m.Needs[sessionNode(d)] = append(b.m.Needs[sessionNode(d)], NodeNginx)
}

// plainFor says whether visitors of a site have no TLS at all. The name must
// lead to this host itself, since a balancer or a CDN may end TLS before it, and
// nobody here may answer to TLS for the name.
func (d *Deployment) plainFor(s *Surface) fact.Of[bool] {
	i := slices.IndexFunc(d.names, func(n *Name) bool { return n.Name == s.Host })
	if s.Site == nil || i < 0 || d.names[i].Secure() || s.Site.tlsBefore() {
		return fact.Known(false)
	}
	name := d.names[i]
	addresses := fact.Bind(d.model.Machine.Addresses, func([]Address) fact.Of[[]string] { return name.Addresses() })
	return fact.Bind(addresses, func(addrs []string) fact.Of[bool] {
		return fact.Bind(name.TLS, func(ends []*Endpoint) fact.Of[bool] {
			here := false
			var n fact.Notes
			for _, e := range ends {
				shake, state := e.Shake.Look(&n)
				at, _ := netip.ParseAddrPort(e.Addr)
				if state == fact.IsUnknown {
					return fact.Unknown[bool](n.Why())
				}
				if shake.Error == "" {
					return fact.Known(false)
				}
				here = here || e.Own && !at.Addr().IsLoopback() && slices.Contains(addrs, at.Addr().String())
			}
			return fact.Known(here)
		})
	})
}

// tlsBefore says that nginx is told of a proxy in front of it.
func (s *Site) tlsBefore() bool {
	for _, l := range s.Listens {
		if l.Proxy {
			return true
		}
	}
	for _, r := range s.Routes {
		if len(syntax.Effective(r.Pass.Parent, "set_real_ip_from")) > 0 {
			return true
		}
		for _, h := range syntax.Effective(r.Pass.Parent, "proxy_set_header") {
			if strings.EqualFold(h.Arg(0), "X-Forwarded-Proto") && h.Arg(1) != "$scheme" && h.Arg(1) != "http" {
				return true
			}
		}
	}
	return false
}
