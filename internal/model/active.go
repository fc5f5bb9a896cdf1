package model

import (
	"net/url"
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/tape"
)

// Served is a folder of uploads that nginx serves by itself, with what lies in
// it that a browser runs.
type Served struct {
	*Static
	Told   fact.Source // the setting that names the folder
	Files  fact.Of[[]tape.Entry]
	Active []ActiveFile
}

// ActiveFile is a page, or a picture that may hold scripts.
type ActiveFile struct {
	URI   string
	File  string
	Reply fact.Of[tape.HTTPReply]
}

// Node is what nginx serves of the folder.
func (x *Served) Node() Node { return x.Static.Node() + "/active" }

// runs are the endings of what browsers run as a page of the site's: by nginx's
// mime.types they come as HTML, XHTML, SVG and XML.
var runs = []string{".html", ".htm", ".shtml", ".xhtml", ".svg", ".svgz", ".xml"}

const maxActive = 2

// ServedUploads are the locations for uploads.
func (d *Deployment) ServedUploads() fact.Of[[]*Served] {
	if _, state := d.StaticPlaces().Look(&fact.Notes{}); state == fact.IsKnown && len(d.served) == 0 && d.Server != nil && !d.Server.Idle {
		return fact.Then(d.Uploads(), func([]*Upload) []*Served { return nil })
	}
	return fact.Then(d.StaticPlaces(), func([]*Static) []*Served { return d.served })
}

func (b *builder) servedUploads(d *Deployment) {
	list, _ := d.Uploads().Look(&b.notes)
	sites, _ := d.Sites.Look(&b.notes)
	for _, s := range sites {
		for _, st := range s.Statics {
			i := slices.IndexFunc(list, func(u *Upload) bool {
				return st.Dir != "" && (u.Folder == st.Dir || strings.HasPrefix(u.Folder, st.Dir+"/"))
			})
			if i < 0 {
				continue
			}
			x := &Served{Static: st, Told: list[i].Told, Files: b.f.Tree(list[i].Folder)}
			files, _ := x.Files.Look(&b.notes)
			for _, e := range files {
				rel := path.Join(strings.TrimPrefix(list[i].Folder, st.Dir), e.Path)
				uri := strings.TrimSuffix(st.Path, "/") + "/" + strings.TrimPrefix(rel, "/")
				if e.Type != "file" || !slices.Contains(runs, strings.ToLower(path.Ext(e.Path))) || len(x.Active) == maxActive || s.Server.Match(uri).Location != st.loc {
					continue
				}
				end, host := s.Endpoint()
				escaped := (&url.URL{Path: uri}).EscapedPath()
				x.Active = append(x.Active, ActiveFile{escaped, path.Join(list[i].Folder, e.Path), b.f.HTTP(end, host, escaped)})
			}
			d.served = append(d.served, x)
		}
	}
}
