package model

import (
	"net"
	"path"
	"slices"
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
	Own     fact.Of[string] // the app's folder for these URLs, by Flask's conventions
	Folder  fact.Of[tape.Stat]
	Reader  fact.Of[User]              // nginx's user
	Enter   fact.Of[tape.AccessReport] // may it enter the folder
	Samples fact.Of[[]*Sample]
	site    *Site
	loc     *syntax.Directive
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

// Sample is one file asked for by its URL.
type Sample struct {
	URI     string
	File    string // where nginx looks for it
	OwnFile string // where the app has it, "" when that is not known
	Stat    fact.Of[tape.Stat]
	OwnStat fact.Of[tape.Stat]
	Access  fact.Of[tape.AccessReport]
	HTTP    fact.Of[tape.HTTPReply]
}

// Subject is the site and the location.
func (s *Static) Subject() string { return s.site.Subject() + s.Path }

// Node is the location.
func (s *Static) Node() Node { return s.site.Node() + Node("/static"+s.Path) }

// Site is the block that the location belongs to.
func (s *Static) Site() *Site { return s.site }

// Assets says that the location is the one for Flask's own static files:
// static_url_path is "/static" unless the app says otherwise (Flask 3.1).
func (s *Static) Assets() bool { return strings.HasPrefix(s.Path, "/static") }

const maxSamples = 5

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

// Guarded says that not everybody may fetch from the location.
func (s *Static) Guarded() bool {
	for _, d := range []string{"deny", "auth_request", "auth_basic", "secure_link", "valid_referers", "internal"} {
		if len(syntax.Effective(s.loc, d)) > 0 {
			return true
		}
	}
	return false
}

// sample picks files and asks for each by its URL.
func (b *builder) sample(st *Static, d *Deployment) {
	st.Reader = fact.Bind(b.m.Nginx, func(n *Nginx) fact.Of[User] { return n.User })
	if st.Dir == "" {
		st.Enter = fact.Unknown[tape.AccessReport](fact.Why{Text: "the path of " + st.Source.String() + " holds a variable"})
		st.Samples = fact.Unknown[[]*Sample](fact.Why{Text: "the path of " + st.Source.String() + " holds a variable"})
		return
	}
	st.Folder = b.f.Stat(st.Dir, false)
	st.Enter = b.nginxAccess(st.Dir, "x")
	st.Own = fact.Absent[string]()
	if st.Assets() {
		st.Own = b.staticFolder(d.Server)
	}
	var n fact.Notes
	own, state := st.Own.Look(&n)
	from := st.Dir
	if state == fact.IsKnown {
		from = own
	}
	st.Samples = fact.Then(b.f.Tree(from), func(tree []tape.Entry) []*Sample {
		var out []*Sample
		for _, e := range tree {
			if e.Type != "file" || hidden(e.Path) || len(out) == maxSamples {
				continue
			}
			if x := b.ask(st, d, e.Path); x != nil {
				if state == fact.IsKnown {
					x.OwnFile = path.Join(own, e.Path)
					x.OwnStat = b.f.Stat(x.OwnFile, true)
				}
				out = append(out, x)
			}
		}
		return out
	})
}

func hidden(p string) bool {
	return strings.HasPrefix(p, ".") || strings.Contains(p, "/.")
}

// ask follows one URL through nginx's own rules and then really asks for it.
func (b *builder) ask(st *Static, d *Deployment, rel string) *Sample {
	uri := strings.TrimSuffix(st.Path, "/") + "/" + rel
	if m := st.site.Server.Match(uri); m.Location != st.loc {
		return nil // another location has it, a regex for images say
	}
	file, ok := syntax.FileFor(st.loc, uri)
	if !ok {
		return nil
	}
	x := &Sample{URI: uri, File: path.Clean(file)}
	x.Stat = b.f.Stat(x.File, true)
	x.Access = b.nginxAccess(x.File, "r")
	end, host := st.site.Endpoint()
	x.HTTP = b.f.HTTP(end, host, uri)
	return x
}

// nginxAccess asks the kernel what nginx's workers may do with a path, in their
// own mount namespace where it is not the host's.
func (b *builder) nginxAccess(file, want string) fact.Of[tape.AccessReport] {
	return fact.Bind(b.m.Nginx, func(n *Nginx) fact.Of[tape.AccessReport] { return b.accessFor(n, file, want) })
}

func (b *builder) accessFor(n *Nginx, file, want string) fact.Of[tape.AccessReport] {
	return fact.Bind(n.User, func(u User) fact.Of[tape.AccessReport] {
		id := tape.Identity{UID: u.UID, GID: u.GID, Groups: u.Groups}
		for _, w := range n.Workers {
			if w.MntNS != "" {
				id.PID = w.PID
			}
		}
		return b.f.Access(file, want, id)
	})
}

// staticFolder is the app's folder of static files by Flask's convention: the
// folder "static" beside the module that makes the app. The app's code is not
// run: the folder is known only when exactly one candidate exists.
func (b *builder) staticFolder(s *AppServer) fact.Of[string] {
	if s == nil {
		return fact.Absent[string]()
	}
	return fact.Bind(s.Cwd, func(cwd string) fact.Of[string] {
		cwd = strings.TrimSuffix(cwd, " (deleted)")
		return fact.Bind(b.f.Glob(path.Join(cwd, "static")), func(top []string) fact.Of[string] {
			return fact.Bind(b.f.Glob(path.Join(cwd, "*/static")), func(sub []string) fact.Of[string] {
				all := append(slices.Clone(top), sub...)
				if pkg := packageOf(s.App); pkg != "" {
					if own := path.Join(cwd, pkg, "static"); slices.Contains(sub, own) {
						all = []string{own}
					}
				}
				if len(all) != 1 {
					return fact.Absent[string]()
				}
				return fact.Known(all[0])
			})
		})
	})
}

// packageOf is the folder of the module in an app target: shop.wsgi:app -> shop.
func packageOf(app string) string {
	mod, _, _ := strings.Cut(app, ":")
	return strings.ReplaceAll(mod, ".", "/")
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
