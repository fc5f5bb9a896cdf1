package model

import (
	"net"
	"path"
	"strconv"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// Static is a location that nginx answers from the disk.
type Static struct {
	Path    string // of the location
	Dir     string // where it leads, "" when the text alone does not say
	Source  fact.Source
	Own     fact.Of[string] // the app's folder for these URLs
	Folder  fact.Of[tape.Stat]
	Reader  fact.Of[User]              // nginx's user
	Enter   fact.Of[tape.AccessReport] // may it enter the folder
	Samples fact.Of[[]*Sample]
	site    *Site
	loc     *syntax.Directive
	prefix  string // of the app's static URLs, "" where it is not known
	// URL is where the app's static files are.
	URL fact.Of[string]
}

// StaticSite is a block with all that it serves from the disk.
type StaticSite struct {
	*Site
	Places []*Static
}

// Node is what the block's files stand on.
func (s *StaticSite) Node() Node { return s.Site.Node() + "/files" }

// StaticSites are the blocks that serve something from the disk.
func (d *Deployment) StaticSites() fact.Of[[]*StaticSite] {
	return fromSites(d, func(s *Site) []*StaticSite {
		if len(s.Statics) == 0 {
			return nil
		}
		return []*StaticSite{{s, s.Statics}}
	})
}

// Subject is the site and the location.
func (s *Static) Subject() string { return s.site.Subject() + s.Path }

// Node is the location.
func (s *Static) Node() Node { return s.site.Node() + Node("/static"+s.Path) }

// Site is the block that the location belongs to.
func (s *Static) Site() *Site { return s.site }

// Assets says that the location is the one for Flask's own static files.
func (s *Static) Assets() bool {
	return s.prefix == "" && strings.HasPrefix(s.Path, "/static") || s.prefix != "" && strings.HasPrefix(s.Path, s.prefix)
}

// statics are the prefix locations of a proxying site that hold a root or an
// alias and hand nothing on.
func (b *builder) statics(s *Site) []*Static {
	var out []*Static
	for _, l := range s.Server.Locations() {
		if l.IsRegex() || l.Modifier == "@" || l.Modifier == "=" || l.Path == "/" {
			continue
		}
		d := l.Directive
		to := d.Find("alias", "root")
		if len(to) == 0 && strings.HasPrefix(l.Path, "/static") {
			to = syntax.Effective(d, "root")
		}
		if len(to) == 0 || handsOn(d) {
			continue
		}
		st := &Static{Path: l.Path, site: s, loc: d, Source: facts.DirectiveSource(to[len(to)-1])}
		if dir, ok := syntax.FileFor(d, l.Path); ok {
			st.Dir = path.Clean(dir)
		}
		b.m.Needs[st.Node()] = []Node{NodeNginx}
		out = append(out, st)
	}
	return out
}

// handsOn says that a location passes requests on or answers by itself, also
// when the file is not there. "try_files $uri =404" is what nginx does anyway.
func handsOn(d *syntax.Directive) bool {
	for _, t := range d.Find("try_files") {
		if n := len(t.Args); n < 2 || t.Args[0] != "$uri" || !strings.HasPrefix(t.Args[n-1], "=") {
			return true
		}
	}
	names := append([]string{"return"}, passes...)
	return len(d.Find(names...)) > 0
}

// Block is the location itself.
func (s *Static) Block() fact.Source { return facts.DirectiveSource(s.loc) }

// Location is the location itself.
func (s *Static) Location() *syntax.Directive { return s.loc }

// Guarded says that not everybody may fetch from the location.
func (s *Static) Guarded() bool { return guarded(s.loc) }

func guarded(at *syntax.Directive) bool {
	for _, d := range []string{"deny", "auth_request", "auth_basic", "secure_link", "valid_referers", "internal"} {
		if len(syntax.Effective(at, d)) > 0 {
			return true
		}
	}
	return false
}

// Endpoint is where the block is asked on this host, and under which name.
func (s *Site) Endpoint() (endpoint, host string) {
	host = "localhost"
	if len(s.Names) > 0 {
		host = s.Names[0]
	}
	for _, want := range []bool{true, false} {
		for _, l := range s.Listens {
			if l.Unix == "" && l.TLS == want && !l.Proxy {
				return s.at(l), host
			}
		}
	}
	for _, l := range s.Listens {
		if l.Unix != "" {
			return "unix:" + l.Unix, host
		}
	}
	return "tcp:127.0.0.1:80", host
}

func (s *Site) at(l syntax.Listen) string {
	scheme := "tcp:"
	if l.TLS {
		scheme = "tls:"
	}
	return scheme + net.JoinHostPort(probeIP(l), strconv.Itoa(l.Port))
}

// SourceOf is where a directive stands.
func SourceOf(d *syntax.Directive) fact.Source { return facts.DirectiveSource(d) }

func directiveSource(d *syntax.Directive) fact.Source { return facts.DirectiveSource(d) }
