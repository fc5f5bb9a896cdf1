package model

import (
	"path"

	"assay/internal/fact"
	"assay/internal/regex"
	"assay/internal/tape"
)

// Upload is a folder that the app keeps what visitors send in.
type Upload struct {
	Setting string
	Folder  string
	Told    fact.Source
	Server  *AppServer
	// Writes is whether the service's user may make files there, in the
	// service's own view of the disk.
	Writes fact.Of[tape.AccessReport]
	// Outside is the same in the host's view, where the service's own refuses.
	Outside fact.Of[tape.AccessReport]
}

// Subject is the folder.
func (x *Upload) Subject() string { return x.Folder }

// Node is the folder as the app needs it.
func (x *Upload) Node() Node { return Node("upload:" + x.Folder) }

// uploadSetting is what the folders for uploads are called, by Flask's own
// documentation (UPLOAD_FOLDER), Flask-Uploads (UPLOADED_x_DEST,
// UPLOADS_DEFAULT_DEST) and by habit.
var uploadSetting = regex.New(`^(UPLOADS?_?(FOLDER|DIR|DIRECTORY|PATH|ROOT)|UPLOADS?|UPLOADED_\w+_DEST|UPLOADS_DEFAULT_DEST|MEDIA_?(FOLDER|DIR|DIRECTORY|PATH|ROOT))$`)

const maxUploads = 4

// uploads are the folders that the app's settings name.
func (b *builder) uploads(s *AppServer) fact.Of[[]*Upload] {
	if s.Idle || s.Container != "" {
		return fact.Known[[]*Upload](nil)
	}
	return fact.Then(s.Code, func(a *App) []*Upload {
		var out []*Upload
		for _, c := range a.Config {
			folder := Text(c)
			if !uploadSetting.MatchString(c.Key) || folder == "" || len(out) == maxUploads {
				continue
			}
			if !path.IsAbs(folder) {
				continue // what it is relative to, the app's code decides
			}
			x := &Upload{Setting: c.Key, Folder: path.Clean(folder), Told: a.From(c), Server: s}
			id := b.identity(s)
			x.Writes = b.f.Access(x.Folder, "w", id)
			x.Outside = x.Writes
			var n fact.Notes
			if r, state := x.Writes.Look(&n); state == fact.IsKnown && !r.OK && id.PID != 0 {
				id.PID = 0
				x.Outside = b.f.Access(x.Folder, "w", id)
			}
			out = append(out, x)
		}
		return out
	})
}

// Uploads are the folders for what visitors send.
func (d *Deployment) Uploads() fact.Of[[]*Upload] {
	return fact.Bind(d.Codes(), func(list []Code) fact.Of[[]*Upload] {
		if len(list) == 0 {
			return fact.Known[[]*Upload](nil)
		}
		return list[0].Uploads
	})
}
