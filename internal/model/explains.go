package model

import (
	"net"
	"slices"
	"strconv"

	"assay/internal/fact"
	"assay/internal/facts"
	syntax "assay/internal/syntax/nginx"
)

// Explains is the line of nginx's configuration for which a handshake with the
// endpoint cannot work: a listen without ssl, or protocols that nobody speaks
// any more. Where is "" when no line does.
func (e *Endpoint) Explains() fact.Source {
	if d := e.Explained(); d != nil {
		return facts.DirectiveSource(d)
	}
	return fact.Source{}
}

// Explained is the statement itself.
func (e *Endpoint) Explained() *syntax.Directive {
	var n fact.Notes
	shake, state := e.Shake.Look(&n)
	if state != fact.IsKnown || !e.Own || shake.Error == "" || shake.Class == "refused" || shake.Class == "timeout" {
		return nil
	}
	ip, p, err := net.SplitHostPort(e.Addr)
	port, _ := strconv.Atoi(p)
	if err != nil || len(e.name.Sites) == 0 {
		return nil
	}
	var all []*syntax.Directive
	for _, s := range e.name.Sites[0].nginx.Sites {
		all = append(all, s.Server)
	}
	at := syntax.SelectServer(all, ip, port, e.Name, true)
	if at.Server == nil {
		return nil
	}
	if !at.TLS {
		for _, d := range at.Server.Find("listen") {
			if l, ok := syntax.ParseListen(d); ok && l.Port == port {
				return d
			}
		}
	}
	return dated(at.Server)
}

// dated is a block's line of protocols that nobody speaks any more.
func dated(server *syntax.Directive) *syntax.Directive {
	set := syntax.Effective(server, "ssl_protocols")
	if len(set) == 0 {
		return nil
	}
	last := set[len(set)-1]
	if slices.Contains(last.Args, "TLSv1.2") || slices.Contains(last.Args, "TLSv1.3") {
		return nil
	}
	return last
}

// Dated are these lines in the block of the name and in the default one of the
// address, which decides before nginx knows the name.
func (e *Endpoint) Dated() []*syntax.Directive {
	ip, p, err := net.SplitHostPort(e.Addr)
	port, _ := strconv.Atoi(p)
	if err != nil || len(e.name.Sites) == 0 {
		return nil
	}
	var all, out []*syntax.Directive
	for _, s := range e.name.Sites[0].nginx.Sites {
		all = append(all, s.Server)
	}
	for _, name := range []string{e.Name, ""} {
		if d := dated(syntax.SelectServer(all, ip, port, name, true).Server); d != nil && !slices.Contains(out, d) {
			out = append(out, d)
		}
	}
	return out
}
