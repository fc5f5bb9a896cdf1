package model

import (
	"html"
	"net/url"
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/regex"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// Linked is what a site's front page asks a browser to fetch from the site
// itself: style sheets and scripts.
type Linked struct {
	*Front
	Files []LinkedFile
}

// LinkedFile is one of them.
type LinkedFile struct {
	URI string
	// Versioned: its address changes with it, by a part that only a build makes
	// or by what stands behind a question mark.
	Versioned bool
	File      string // where nginx looks for it, "" where it does not answer from the disk
	Reply     fact.Of[tape.HTTPReply]
}

// Node is what the page is made of.
func (x *Linked) Node() Node { return x.Front.Node() + "/linked" }

const maxLinked = 6

// Linkeds are the front pages with what they ask for.
func (d *Deployment) Linkeds() fact.Of[[]*Linked] {
	return fact.Then(d.Fronts(), func([]*Front) []*Linked { return d.linked })
}

func (b *builder) linked(d *Deployment) {
	for _, f := range d.met {
		x := &Linked{Front: f}
		r, _ := f.Reply.Look(&b.notes)
		needs := []Node{}
		for _, to := range links(r, f.Host) {
			uri := to.path
			l := LinkedFile{URI: uri, Versioned: to.query || hashed.MatchString(path.Base(uri)) || hashed.MatchString(path.Base(path.Dir(uri))), Reply: b.f.HTTP(f.Endpoint, f.Host, uri)}
			if m := f.Site.Server.Match(uri); m.Location != nil {
				if file, ok := syntax.FileFor(m.Location, uri); ok && !handsOn(m.Location) {
					l.File = path.Clean(file)
				}
				for _, st := range f.Site.Statics {
					if st.loc == m.Location {
						needs = append(needs, st.Node())
					}
				}
			}
			x.Files = append(x.Files, l)
		}
		b.m.Needs[x.Node()] = append(needs, f.Site.Node()+"/files", f.Site.Node())
		d.linked = append(d.linked, x)
	}
}

var (
	linkTag  = regex.New(`(?is)<(link|script)\b([^>]*)>`)
	linkAttr = regex.New(`(?is)\b(rel|href|src)\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)`)
	comment  = regex.New(`(?s)<!--.*?-->`)
)

// hashed is a name with a part that a build makes from the file's content, or
// with a version: app.3f2a9c1d.js, main-BxKvtQzw.css, app-4QJ5KXYZ.js, 1.4.2.
// What only looks like one is let go.
var hashed = regex.New(`(^|[._-])([0-9a-f]{7,64}|[A-Za-z_]*\d[A-Za-z0-9_-]{6,}|\w*[a-z]\w*[A-Z]\w*|[A-Z0-9]{8}|v?\d+(\.\d+)+)([._-]|$)`)

// link is where a page leads: without and with what stands behind a question mark.
type link struct {
	path  string
	query bool
}

// links are the style sheets and scripts of the site itself that the beginning
// of a page asks for.
func links(r tape.HTTPReply, host string) []link {
	kind, _, _ := strings.Cut(r.Get("content-type"), ";")
	if r.Status != 200 || strings.TrimSpace(kind) != "text/html" {
		return nil
	}
	var out []link
	for _, tag := range linkTag.FindAllStringSubmatch(comment.ReplaceAllString(r.Body, ""), -1) {
		at := map[string]string{}
		for _, a := range linkAttr.FindAllStringSubmatch(tag[2], -1) {
			at[strings.ToLower(a[1])] = html.UnescapeString(strings.Trim(a[2], `"'`))
		}
		to := at["src"]
		if strings.EqualFold(tag[1], "link") {
			if to = at["href"]; !slices.Contains(strings.Fields(strings.ToLower(at["rel"])), "stylesheet") {
				continue
			}
		}
		uri := ownPath(to, host)
		if uri != "" && len(out) < maxLinked && !slices.ContainsFunc(out, func(l link) bool { return l.path == uri }) {
			out = append(out, link{uri, strings.Contains(to, "?")})
		}
	}
	return out
}

// ownPath is the path of a link of the page at "/", "" where it leads elsewhere.
func ownPath(to, host string) string {
	u, err := url.Parse(strings.TrimSpace(to))
	if err != nil || u.Path == "" || u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https" || u.Host != "" && u.Hostname() != host {
		return ""
	}
	p := path.Clean("/" + u.EscapedPath())
	if len(p) > 200 || p == "/" {
		return ""
	}
	return p
}
