package model

import (
	"slices"
	"strings"

	"assay/internal/fact"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// Smuggled is a block that lets headers with an underscore through to gunicorn:
// SCRIPT_NAME is one (gunicorn/http/wsgi.py), by which the app takes a part of the
// path for its own mount point.
type Smuggled struct {
	By    *syntax.Directive
	URL   string
	Curl  string
	With  fact.Of[tape.HTTPReply] // asked with SCRIPT_NAME
	Plain fact.Of[tape.HTTPReply] // and without
	site  *Site
}

// Subject is the block.
func (x *Smuggled) Subject() string { return x.site.Subject() }

// Node is the block.
func (x *Smuggled) Node() Node { return x.site.Node() + "/smuggled" }

// Site is the block.
func (x *Smuggled) Site() *Site { return x.site }

// Smuggleds are such blocks of a deployment that gunicorn serves.
func (d *Deployment) Smuggleds() fact.Of[[]*Smuggled] {
	if d.Server == nil || !d.Server.Gunicorn() {
		return fact.Known[[]*Smuggled](nil)
	}
	return fromWhole(d, func(s *Site) []*Smuggled {
		if s.smuggled == nil {
			return nil
		}
		return []*Smuggled{s.smuggled}
	})
}

// NoPage is a path that no app has.
const NoPage = "/assay-no-such-page"

// smuggle asks for a page that does not exist, once with the word that it is
// below a mount point of that very name: then it is the app's first page.
func (b *builder) smuggle(s *Site) *Smuggled {
	by := underscores(s.Server)
	if by == nil || len(s.Routes) == 0 {
		return nil
	}
	i := slices.IndexFunc(s.Routes, func(r *Route) bool {
		return r.Pass.Name == "proxy_pass" && s.Server.Match(NoPage).Location == r.Pass.In("location")
	})
	if i < 0 || named(syntax.Effective(s.Routes[i].Pass.Parent, "proxy_set_header"), "SCRIPT_NAME") != nil || kept(s.Routes[i].Pass) {
		return nil
	}
	end, host := s.Endpoint()
	sf := &Surface{Endpoint: end, Host: host}
	q := tape.Request{Method: "GET", Host: host, Path: NoPage}
	x := &Smuggled{By: by, URL: sf.URL() + NoPage, site: s, Plain: b.f.Request(end, q)}
	q.Header = []string{"SCRIPT_NAME: " + NoPage}
	x.With = b.f.Request(end, q)
	x.Curl = strings.Replace(sf.Curl(NoPage), "curl ", "curl -o /dev/null -w '%{http_code}\\n' -H '"+q.Header[0]+"' ", 1)
	return x
}

// underscores is the line that lets headers with an underscore through.
func underscores(server *syntax.Directive) *syntax.Directive {
	if v, d := syntax.Value(server, "underscores_in_headers"); v == "on" {
		return d
	}
	if v, d := syntax.Value(server, "ignore_invalid_headers"); v == "off" {
		return d
	}
	return nil
}
