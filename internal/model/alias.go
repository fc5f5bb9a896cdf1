package model

import (
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"assay/internal/fact"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// Alias is a prefix location without a slash at its end whose alias has one:
// what stands behind the prefix is glued to the folder, so "/static" + "../x"
// leads to the folder above. Only one level: nginx resolves "/../" before.
type Alias struct {
	Path    string // of the location
	Dir     string // of the alias, with its slash
	Source  fact.Source
	Kept    bool   // not everybody may ask
	Inner   bool   // internal: nobody can ask
	URI     string // a public file by way of the folder above; "" where there is none to ask for
	Refused string // a test of the configuration that refuses such paths
	Served  fact.Of[tape.ServedReply]
	Beside  fact.Of[[]tape.Entry] // what lies in the folder above
	loc     *syntax.Directive
	site    *Site
}

// Subject is the site and the location.
func (a *Alias) Subject() string { return a.site.Subject() + a.Path }

// Node is the location.
func (a *Alias) Node() Node { return a.site.Node() + Node("/alias"+a.Path) }

// Site is the block.
func (a *Alias) Site() *Site { return a.site }

// Block is the location itself.
func (a *Alias) Block() fact.Source { return directiveSource(a.loc) }

// OpenAliases are the locations of a deployment that lead out of their folder.
func (d *Deployment) OpenAliases() fact.Of[[]*Alias] {
	return fromSites(d, func(s *Site) []*Alias { return s.aliases })
}

// StrayAliases are those of blocks that no deployment has.
func (m *Model) StrayAliases() fact.Of[[]*Alias] {
	return fact.Then(m.strays(), func(sites []*Site) []*Alias {
		var out []*Alias
		for _, s := range sites {
			out = append(out, s.aliases...)
		}
		return out
	})
}

func (b *builder) aliases(s *Site) []*Alias {
	var out []*Alias
	for _, d := range s.Server.All("location") {
		l, ok := syntax.ParseLocation(d)
		to := d.Find("alias")
		if !ok || len(to) == 0 || l.Modifier != "" && l.Modifier != "^~" || strings.HasSuffix(l.Path, "/") || handlesItself(d) {
			continue
		}
		dir := to[len(to)-1].Arg(0)
		if !strings.HasSuffix(dir, "/") || !strings.HasPrefix(dir, "/") || strings.Contains(dir, "$") || path.Clean(dir) == "/" {
			continue
		}
		a := &Alias{Path: l.Path, Dir: dir, Source: directiveSource(to[len(to)-1]), Kept: kept(d), Inner: len(d.Find("internal")) > 0, loc: d, site: s}
		b.m.Needs[a.Node()] = []Node{NodeNginx}
		b.climb(a)
		out = append(out, a)
	}
	return out
}

// climb asks for a file that is public anyway, by way of the folder above.
func (b *builder) climb(a *Alias) {
	a.Beside = b.f.Tree(path.Dir(path.Clean(a.Dir)))
	a.Refused = refusal(a.loc, a.Path+"../"+path.Base(a.Dir)+"/x")
	tree, state := b.f.Tree(path.Clean(a.Dir)).Look(&b.notes)
	if state == fact.IsUnknown {
		a.Served = fact.Unknown[tape.ServedReply](b.lastWhy())
		return
	}
	for _, e := range tree {
		uri := a.Path + "../" + path.Base(a.Dir) + "/" + e.Path
		if e.Type != "file" || e.Size == 0 || hidden(e.Path) || a.site.Server.Match(uri).Location != a.loc {
			continue
		}
		a.URI = uri
		end, host := a.site.Endpoint()
		a.Served = b.f.Served(path.Join(a.Dir, e.Path), end, host, escaped(uri))
		return
	}
	a.Served = fact.Absent[tape.ServedReply]()
}

func escaped(uri string) string { return (&url.URL{Path: uri}).EscapedPath() }

// refusal is a test around a location that ends requests for the path.
func refusal(loc *syntax.Directive, uri string) string {
	for d := loc; d != nil && d.Name != "http"; d = d.Parent {
		for _, f := range d.Find("if") {
			if len(f.Args) != 3 || len(f.Find("return")) == 0 || !slices.Contains([]string{"$uri", "$request_uri", "$document_uri"}, f.Arg(0)) {
				continue
			}
			if re, err := regexp.Compile(f.Arg(2)); err == nil && strings.HasPrefix(f.Arg(1), "~") && re.MatchString(uri) {
				return directiveSource(f).String()
			}
		}
	}
	return ""
}

// handlesItself says that a location answers without looking at the disk.
func handlesItself(d *syntax.Directive) bool {
	return len(d.Find(append([]string{"return", "stub_status", "empty_gif"}, passes...)...)) > 0
}
