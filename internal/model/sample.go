package model

import (
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

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

const maxSamples = 5

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
	if may, state := st.Enter.Look(&b.notes); state == fact.IsKnown && !may.OK { // what lies there is met after that
		b.m.Needs[st.Node()] = append(b.m.Needs[st.Node()], (&StaticSite{Site: st.site}).Node())
	}
	st.Own = fact.Absent[string]()
	st.URL = staticURL(d.Server)
	st.prefix, _ = st.URL.Look(&fact.Notes{})
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

// staticFolder is the app's folder of static files, as the app itself says. An
// app that could not be loaded has it by Flask's convention, where exactly one
// folder fits; else it is unknown.
func (b *builder) staticFolder(s *AppServer) fact.Of[string] {
	if s == nil {
		return fact.Absent[string]()
	}
	var n fact.Notes
	a, state := s.Code.Look(&n)
	if state == fact.IsKnown {
		return b.ownStatic(s, a)
	}
	guess := b.guessedStatic(s)
	if _, found := guess.Look(&fact.Notes{}); found == fact.IsAbsent && state == fact.IsUnknown {
		return fact.Unknown[string](n.Why())
	}
	return guess
}

// staticURL is where the app's static files are in its URLs: as the app says,
// or "/static" (Flask 3.1) where no app is known at all.
func staticURL(s *AppServer) fact.Of[string] {
	if s == nil {
		return fact.Known("/static")
	}
	return fact.Then(s.Code, func(a *App) string {
		if u := a.App.App.StaticURL; strings.HasPrefix(u, "/") {
			return strings.TrimSuffix(u, "/")
		}
		return "/static"
	})
}

// ownStatic takes the app's word for a folder that its user can read.
func (b *builder) ownStatic(s *AppServer, a *App) fact.Of[string] {
	dir := a.App.App.StaticFolder
	if !a.App.App.HasStatic || !path.IsAbs(dir) {
		return fact.Absent[string](a.Source)
	}
	return fact.Bind(s.User, func(u User) fact.Of[string] {
		may := b.f.Access(dir, "r", tape.Identity{UID: u.UID, GID: u.GID, Groups: u.Groups})
		return fact.Bind(may, func(r tape.AccessReport) fact.Of[string] {
			if !r.OK {
				return fact.Absent[string](a.Source)
			}
			return fact.Known(path.Clean(dir))
		})
	})
}

func (b *builder) guessedStatic(s *AppServer) fact.Of[string] {
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
