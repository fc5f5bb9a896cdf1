package model

import (
	"net/netip"
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	syntax "assay/internal/syntax/nginx"
)

// Challenge is where a request for the answer to an ACME challenge ends, for
// one name (RFC 8555, 8.3: always on port 80, and redirects are followed).
type Challenge struct {
	Name    string
	Webroot string // where the client writes, "" for one that steers nginx itself
	File    string // where nginx looks for it, "" for nowhere
	Denied  bool   // nobody may ask
	Passed  bool   // it is handed to the app
	At      fact.Source
	Server  *syntax.Directive // that answers
}

// challengePath is a file that no client is writing now.
const challengePath = "/.well-known/acme-challenge/assay"

// challenge follows the path of a name's challenge through nginx's text.
func (b *builder) challenge(r *Renewal, name *Name) {
	c, state := r.Conf.Look(&b.notes)
	ways, _ := r.Ways.Look(&b.notes)
	if state != fact.IsKnown || c.Get("authenticator") != "webroot" || slices.ContainsFunc(ways, func(w *Challenge) bool { return w.Name == name.Name }) {
		return
	}
	n, _ := b.m.Nginx.Look(&b.notes)
	if n == nil {
		return
	}
	root := c.Get(name.Name) // [[webroot_map]] has a line for each name
	if root == "" {
		root, _, _ = strings.Cut(c.Get("webroot_path"), ",")
	}
	w := &Challenge{Name: name.Name, Webroot: strings.TrimSpace(root)}
	if w.Webroot == "" || !w.follow(n) {
		return
	}
	r.Ways = fact.Known(append(ways, w))
}

// follow says where the request ends; false where the text does not tell.
func (w *Challenge) follow(n *Nginx) bool {
	var all []*syntax.Directive
	for _, s := range n.Sites {
		all = append(all, s.Server)
	}
	port, tls := 80, false
	for range 2 {
		at := syntax.SelectServer(all, visitedAddr(all, port), port, w.Name, tls)
		if at.Server == nil || at.CannotTell != "" {
			return false
		}
		m := at.Server.Match(challengePath)
		if m.CannotTell != "" || m.Redirect != "" {
			return false
		}
		where := m.Location
		if where == nil {
			where = at.Server
		}
		w.At, w.Server = facts.DirectiveSource(where), at.Server
		if to := leads(at.Server, m.Location); to != "" {
			if tls || !strings.HasPrefix(to, "https://") {
				return false
			}
			port, tls = 443, true
			continue
		}
		return w.end(where)
	}
	return false
}

// visitedAddr is an address that no listen names, or one that some listen has.
func visitedAddr(all []*syntax.Directive, port int) string {
	for _, s := range all {
		for _, l := range s.Listens() {
			if _, err := netip.ParseAddr(l.Addr); l.Port == port && err == nil && !l.Wildcard() {
				return l.Addr
			}
		}
	}
	return ""
}

// leads is where a redirect of the block or of the location goes to, "" for none.
func leads(server, loc *syntax.Directive) string {
	for _, block := range []*syntax.Directive{server, loc} {
		if block == nil {
			continue
		}
		all := block.Find("return")
		for _, cond := range block.Find("if") {
			if cond.Arg(0) == "$host" {
				all = append(all, cond.Find("return")...)
			}
		}
		for _, d := range all {
			if len(d.Args) == 2 && strings.HasPrefix(d.Arg(0), "30") {
				return d.Arg(1)
			}
		}
	}
	return ""
}

func (w *Challenge) end(where *syntax.Directive) bool {
	for _, d := range syntax.Effective(where, "deny") {
		if d.Arg(0) == "all" && len(syntax.Effective(where, "allow")) == 0 {
			w.Denied, w.At = true, facts.DirectiveSource(d)
			return true
		}
	}
	for _, d := range where.Find("return") {
		if strings.HasPrefix(d.Arg(0), "4") || strings.HasPrefix(d.Arg(0), "5") {
			w.Denied, w.At = true, facts.DirectiveSource(d)
			return true
		}
	}
	if len(where.Find("rewrite", "try_files", "auth_request")) > 0 {
		return false
	}
	if pass := where.Find(passes...); len(pass) > 0 {
		w.Passed, w.At = true, facts.DirectiveSource(pass[0])
		return true
	}
	file, ok := syntax.FileFor(where, challengePath)
	w.File = path.Clean(file)
	return ok
}

// Lost says that what the client writes is not what nginx gives.
func (w *Challenge) Lost() bool {
	return w.Denied || w.Passed || w.File != path.Join(w.Webroot, challengePath)
}
