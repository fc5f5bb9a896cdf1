package model

import (
	"slices"
	"strings"

	syntax "assay/internal/syntax/nginx"
)

// TLS says that visitors come to the way by https, and that nginx itself ends it.
func (w *Approach) TLS() bool { return w.Hops[0].site.Secure() }

// HTTP says that the app is asked over HTTP, where headers are all that it gets.
func (w *Approach) HTTP() bool {
	return w.Last().Pass.Name == "proxy_pass" && !strings.HasPrefix(w.Last().Pass.Arg(0), "https:")
}

// Text is what the last hop's line makes of a header, as written; nil: no line
// names it.
func (w *Approach) Text(header string) (string, *syntax.Directive) {
	for _, d := range slices.Backward(syntax.Effective(w.Last().Pass.Parent, "proxy_set_header")) {
		if strings.EqualFold(d.Arg(0), header) {
			return d.Arg(1), d
		}
	}
	return "", nil
}

// Displaced is a line of an outer level that sets a header, and that the
// location has not, since a line of its own takes the place of all of them.
func (w *Approach) Displaced(header string) *syntax.Directive {
	own := syntax.Effective(w.Last().Pass.Parent, "proxy_set_header")
	if len(own) == 0 || named(own, header) != nil {
		return nil
	}
	for at := own[0].Parent.Parent; at != nil; at = at.Parent {
		if outer := at.Find("proxy_set_header"); len(outer) > 0 {
			return named(outer, header)
		}
	}
	return nil
}

func named(list []*syntax.Directive, header string) *syntax.Directive {
	for _, d := range list {
		if strings.EqualFold(d.Arg(0), header) {
			return d
		}
	}
	return nil
}

// schemeHeaders are those by which gunicorn and the apps learn how a visitor
// came (gunicorn, secure_scheme_headers; by habit).
var schemeHeaders = []string{"X-Forwarded-Proto", "X-Forwarded-Ssl", "X-Forwarded-Protocol", "X-Scheme", "X-Forwarded-Scheme", "Forwarded"}

// ToldScheme says that nginx writes one of the headers that tell the scheme.
func (w *Approach) ToldScheme() bool {
	return slices.ContainsFunc(schemeHeaders, func(h string) bool { v := w.Gets(h); return !v.Unchanged() && len(v.Entries) > 0 })
}

// PlainScheme is the line that tells the app of http where the visitor came by
// https: $scheme in a block that another one hands to, or the word itself.
func (w *Approach) PlainScheme() *syntax.Directive {
	text, d := w.Text("X-Forwarded-Proto")
	if d != nil && w.TLS() && (text == "http" || text == "$scheme" && !w.Last().site.Secure()) {
		return d
	}
	return nil
}

// remoteHeaders are those that carry a visitor's address.
var remoteHeaders = []string{"X-Forwarded-For", "X-Real-IP", "X-Client-IP", "CF-Connecting-IP", "True-Client-IP", "X-Cluster-Client-IP", "Forwarded"}

// ToldVisitor says that nginx writes one of the headers that tell the visitor's
// address.
func (w *Approach) ToldVisitor() bool {
	return slices.ContainsFunc(remoteHeaders, func(h string) bool { v := w.Gets(h); return !v.Unchanged() && len(v.Entries) > 0 })
}

// circles says that the app sends visitors in a circle.
func (d *Deployment) circles() bool {
	return slices.ContainsFunc(d.names, func(n *Name) bool {
		return slices.ContainsFunc(n.journeys, func(j *Journey) bool { return j.End == JourneyLoops && j.Steps[j.Cycle].App })
	})
}

// At names the location that a visitor asks for, in words.
func (w *Approach) At() string {
	location, site := w.Place()
	return "location " + location + " of " + site
}
