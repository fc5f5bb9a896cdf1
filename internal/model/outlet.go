package model

import (
	"net/url"
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/regex"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// UploadWay is a folder of uploads with the ways out of it to visitors.
type UploadWay struct {
	*Upload
	Stat    fact.Of[tape.Stat]    // of the folder, or of what its name leads to
	Real    fact.Of[string]       // where its name leads
	Files   fact.Of[[]tape.Entry] // what lies there; Absent where no way of nginx's was found
	Outlets []Outlet
	App     fact.Of[*App]
}

// Node is the folder as visitors come to it.
func (x *UploadWay) Node() Node { return x.Upload.Node() + "/ways" }

// Outlet is a location of nginx's that answers for the uploads from the disk.
type Outlet struct {
	Site   *Site
	Static *Static
	Prefix string // of the URLs: /uploads/
	Dir    string // where nginx looks for them
	Rule   string // of the app's own view that sends them, "" for none
	View   *tape.AppView
	Stat   fact.Of[tape.Stat] // of Dir
	// URI is one of the files by this way, Direct the same asked of the app.
	URI         string
	Got, Direct fact.Of[tape.HTTPReply]
}

// UploadWays are the folders for uploads, each with its ways.
func (d *Deployment) UploadWays() fact.Of[[]*UploadWay] {
	if why, some := d.unseenConfig(); some && d.Server != nil && !d.Contained() {
		return fact.Unknown[[]*UploadWay](why)
	}
	return fact.Bind(d.Sites, func([]*Site) fact.Of[[]*UploadWay] { // any of them may answer for the folder
		return fact.Then(d.Uploads(), func([]*Upload) []*UploadWay { return d.ways })
	})
}

// trailing is a rule with one part that changes, at its end.
var trailing = regex.New(`^(/[^<>]*/)<(?:(?:path|string)(?:\([^)]*\))?:)?\w+>$`)

// uploadWays looks for them once the sites are known.
func (b *builder) uploadWays(d *Deployment) {
	list, _ := d.Uploads().Look(&b.notes)
	sites, _ := d.Sites.Look(&b.notes)
	for _, u := range list {
		x := &UploadWay{Upload: u, Stat: b.followed(u.Folder), Files: fact.Absent[[]tape.Entry](), App: u.Server.Code}
		x.Real = fact.Then(u.Writes, func(r tape.AccessReport) string { // the last step of the way there has no link in it
			if n := len(r.Steps); n > 0 && r.OK {
				return r.Steps[n-1].Path
			}
			return u.Folder
		})
		a, _ := u.Server.Code.Look(&b.notes)
		for _, s := range sites {
			if len(s.Routes) > 0 || len(s.Statics) > 0 {
				x.Outlets = append(x.Outlets, b.waysOf(x, s, a)...)
			}
		}
		if len(x.Outlets) > 0 {
			x.Files = b.f.Tree(u.Folder)
			for i := range x.Outlets {
				b.walk(d, x, &x.Outlets[i])
			}
		}
		d.ways = append(d.ways, x)
	}
}

// followed is what a name leads to.
func (b *builder) followed(name string) fact.Of[tape.Stat] {
	return fact.Bind(b.f.Stat(name, false), func(s tape.Stat) fact.Of[tape.Stat] {
		switch {
		case s.Type != "link":
			return fact.Known(s)
		case s.Real == "":
			return fact.Absent[tape.Stat]()
		}
		return b.f.Stat(s.Real, false)
	})
}

func (b *builder) waysOf(x *UploadWay, s *Site, a *App) []Outlet {
	var out []Outlet
	add := func(prefix, rule string, view *tape.AppView) {
		m := s.Server.Match(prefix + "x")
		i := slices.IndexFunc(s.Statics, func(st *Static) bool { return st.loc == m.Location && st.Dir != "" })
		if i < 0 || m.CannotTell != "" || slices.ContainsFunc(out, func(w Outlet) bool { return w.Prefix == prefix }) {
			return
		}
		file, ok := syntax.FileFor(s.Statics[i].loc, prefix+"x")
		if !ok {
			return
		}
		w := Outlet{Site: s, Static: s.Statics[i], Prefix: prefix, Dir: path.Dir(path.Clean(file)), Rule: rule, View: view}
		w.Stat, w.Got, w.Direct = b.followed(w.Dir), fact.Absent[tape.HTTPReply](), fact.Absent[tape.HTTPReply]()
		out = append(out, w)
	}
	if a != nil {
		for _, r := range a.Rules {
			if m := trailing.FindStringSubmatch(r.Rule); m != nil && slices.Contains(a.Senders[r.Endpoint], x.Setting) {
				v := a.Views[r.Endpoint]
				add(m[1], r.Rule, &v)
			}
		}
	}
	for _, st := range s.Statics {
		if rel, below := strings.CutPrefix(x.Folder+"/", strings.TrimSuffix(st.Dir, "/")+"/"); st.Dir != "" && below {
			add(strings.TrimSuffix(st.Path, "/")+"/"+rel, "", nil)
		} else if path.Base(path.Clean(st.Path)) == path.Base(x.Folder) && !st.Assets() {
			add(strings.TrimSuffix(st.Path, "/")+"/", "", nil)
		}
	}
	return out
}

// walk asks for a file by a way, and of the app itself where it has a view for it.
func (b *builder) walk(d *Deployment, x *UploadWay, w *Outlet) {
	var n fact.Notes
	files, state := x.Files.Look(&n)
	if state == fact.IsUnknown {
		w.Got, w.Direct = fact.Unknown[tape.HTTPReply](n.Why()), fact.Unknown[tape.HTTPReply](n.Why())
	}
	for _, e := range files {
		if e.Type != "file" || hidden(e.Path) {
			continue
		}
		uri := (&url.URL{Path: w.Prefix + e.Path}).EscapedPath()
		if w.Site.Server.Match(w.Prefix+e.Path).Location != w.Static.loc {
			continue
		}
		w.URI = uri
		end, host := w.Site.Endpoint()
		w.Got = b.f.HTTP(end, host, uri)
		i := slices.IndexFunc(d.surfaces, func(s *Surface) bool { return s.Direct })
		r, state := w.Got.Look(&n)
		switch {
		case w.Rule != "" && i < 0:
			w.Direct = fact.Bind(d.Server.Listens, func([]*Listener) fact.Of[tape.HTTPReply] { return fact.Absent[tape.HTTPReply]() })
		case w.Rule == "" || i < 0:
		case state == fact.IsUnknown:
			w.Direct = fact.Unknown[tape.HTTPReply](n.Why())
		case r.Status == 200:
			w.Direct = b.f.HTTP(d.surfaces[i].Endpoint, host, uri)
		}
		return
	}
}

// Same says that nginx looks where the app keeps the files.
func (x *UploadWay) Same(w fact.Witness, y *Outlet) (same, known bool) {
	if y.Dir == x.Folder {
		return true, true
	}
	a, as := x.Stat.Look(w)
	o, os := y.Stat.Look(w)
	if as != fact.IsKnown || os == fact.IsUnknown {
		return false, false
	}
	return os == fact.IsKnown && a.Dev == o.Dev && a.Inode == o.Inode, true
}
