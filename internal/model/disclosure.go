package model

import (
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// Disclosure is a block with the files that it could give out and should not.
type Disclosure struct {
	*Site
	Looked []fact.Of[[]tape.Entry] // the folders that it serves from
	Files  []*Given
	Unseen []fact.Why // parts of the configuration that could not be read
	of     *AppServer
	alone  bool // no site leads to the app
}

// App is the address of the app that the block is there for, and that no site
// leads to; "" where that is not certain.
func (x *Disclosure) App() string {
	var n fact.Notes
	if x.of == nil || !x.alone {
		return ""
	}
	l, state := x.of.Listens.Look(&n)
	if state != fact.IsKnown || len(l) != 1 {
		return ""
	}
	return l[0].Addr
}

// Given is one such file.
type Given struct {
	URI    string
	File   string
	Kind   string // secrets, repository, database, key, backup, source
	Size   int64
	By     fact.Source // the root or alias
	Folder string      // that it names
	Served fact.Of[tape.ServedReply]
}

// Node is the block's files.
func (x *Disclosure) Node() Node { return x.Site.Node() + "/given" }

// Disclosures are the blocks of a deployment that serve from the disk.
func (d *Deployment) Disclosures() fact.Of[[]*Disclosure] { return fromSites(d, disclosureOf) }

// StrayDisclosures are those that no deployment has.
func (m *Model) StrayDisclosures() fact.Of[[]*Disclosure] {
	return fact.Then(m.strays(), func(sites []*Site) []*Disclosure {
		var out []*Disclosure
		for _, s := range sites {
			out = append(out, disclosureOf(s)...)
		}
		return out
	})
}

func disclosureOf(s *Site) []*Disclosure {
	if s.disclosure == nil {
		return nil
	}
	return []*Disclosure{s.disclosure}
}

const (
	maxGiven   = 8 // requests to one block
	maxOfKind  = 2
	maxFolders = 12
)

// disclosure finds what a block would give out, and asks for it.
func (b *builder) disclosure(s *Site, a *AppServer) *Disclosure {
	if len(s.Server.Find("return")) > 0 && len(s.Server.Locations()) == 0 {
		return nil
	}
	x := &Disclosure{Site: s}
	b.m.Needs[x.Node()] = []Node{NodeNginx}
	if cfg, _ := s.nginx.Config.Look(&b.notes); cfg.Config != nil {
		x.Unseen = cfg.Unseen
	}
	code := b.codeFolder(a)
	var found []*Given
	for _, to := range folders(s.Server) {
		dir := path.Clean(to.Arg(0))
		tree := b.f.Tree(dir)
		x.Looked = append(x.Looked, tree)
		entries, _ := tree.Look(&b.notes)
		if code != "" && dir != code && under(code, dir) { // the bound of a listing may end before
			more := b.f.Tree(code)
			x.Looked = append(x.Looked, more)
			list, _ := more.Look(&b.notes)
			for _, e := range list {
				e.Path = path.Join(strings.TrimPrefix(strings.TrimPrefix(code, dir), "/"), e.Path)
				entries = append(slices.Clone(entries), e)
			}
		}
		others := b.othersWrite(dir, a)
		for _, e := range entries {
			kind := givenKind(e.Path, path.Join(dir, e.Path), code, others)
			if e.Type != "file" || e.Size == 0 || kind == "" {
				continue
			}
			if uri, ok := uriOf(s.Server, to, dir, e.Path); ok && !slices.ContainsFunc(found, func(g *Given) bool { return g.URI == uri }) {
				found = append(found, &Given{URI: uri, File: path.Join(dir, e.Path), Kind: kind, Size: e.Size, By: directiveSource(to), Folder: dir})
			}
		}
	}
	x.Files = chosen(found)
	end, host := s.Endpoint()
	for _, g := range x.Files {
		g.Served = b.f.Served(g.File, end, host, escaped(g.URI))
	}
	return x
}

// chosen are a few of each kind, the worst first.
func chosen(found []*Given) []*Given {
	var out []*Given
	for _, kind := range givenKinds {
		n := 0
		for _, g := range found {
			if g.Kind == kind && n < maxOfKind && len(out) < maxGiven {
				out = append(out, g)
				n++
			}
		}
	}
	return out
}

// folders are the root and alias directives in force anywhere in a block.
func folders(server *syntax.Directive) []*syntax.Directive {
	all := append(slices.Clone(syntax.Effective(server, "root")), server.All("root")...)
	all = append(all, server.All("alias")...)
	var out []*syntax.Directive
	for _, d := range all {
		dir := d.Arg(0)
		if strings.HasPrefix(dir, "/") && !strings.Contains(dir, "$") && !slices.Contains(out, d) && len(out) < maxFolders {
			out = append(out, d)
		}
	}
	return out
}

// uriOf is the path by which nginx gives out a file of a folder to everybody,
// if it does: the location that has the path leads to that file, from the disk.
func uriOf(server, to *syntax.Directive, dir, rel string) (string, bool) {
	uri := "/" + rel
	if to.Name == "alias" {
		l, ok := syntax.ParseLocation(to.Parent)
		if !ok || l.IsRegex() {
			return "", false
		}
		uri = l.Path + strings.TrimPrefix(path.Join(dir, rel), strings.TrimSuffix(to.Arg(0), "/"))
		if strings.HasSuffix(to.Arg(0), "/") {
			uri = l.Path + rel
		}
	}
	m := server.Match(uri)
	loc := m.Location
	if loc == nil {
		loc = server
	}
	file, ok := syntax.FileFor(loc, uri)
	if m.CannotTell != "" {
		return uri, true // the request itself will tell
	}
	return uri, ok && path.Clean(file) == path.Join(dir, rel) && m.Redirect == "" && fromDisk(loc) && !kept(loc)
}

// fromDisk says that a location, or the block itself, answers with files.
func fromDisk(loc *syntax.Directive) bool {
	if handlesItself(loc) || len(loc.Find("internal")) > 0 {
		return false
	}
	for d := loc; d != nil && d.Name != "http"; d = d.Parent {
		if d.Name == "server" && len(d.Find("return")) > 0 {
			return false
		}
	}
	for _, t := range loc.Find("try_files") {
		return slices.Contains(t.Args, "$uri")
	}
	return true
}

func under(p, dir string) bool {
	return p == dir || strings.HasPrefix(p, strings.TrimSuffix(dir, "/")+"/")
}

// codeFolder is where the app is loaded from, "" when that is not known.
func (b *builder) codeFolder(a *AppServer) string {
	if a == nil {
		return ""
	}
	for _, f := range []fact.Of[string]{a.Chdir, a.Cwd} {
		if dir, state := f.Look(&b.notes); state == fact.IsKnown && dir != "/" && dir != "" {
			return path.Clean(strings.TrimSuffix(dir, " (deleted)"))
		}
	}
	return ""
}

// othersWrite says that a folder is one for uploads: the app's own user has it,
// so what lies there came from visitors and is meant for them.
func (b *builder) othersWrite(dir string, a *AppServer) bool {
	if slices.Contains([]string{"uploads", "upload", "media", "files"}, path.Base(dir)) {
		return true
	}
	if a == nil {
		return false
	}
	st, _ := b.f.Stat(dir, false).Look(&b.notes)
	u, state := a.User.Look(&b.notes)
	return state == fact.IsKnown && u.UID != 0 && st.UID == u.UID
}
