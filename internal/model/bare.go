package model

import "assay/internal/fact"

// BareServer is an app server to which no site of this host leads.
type BareServer struct{ *AppServer }

// Node is what its app is told of its visitors.
func (x *BareServer) Node() Node { return forwardedNode(x.Name) }

// Root is the folder of an app's code.
func (x *BareServer) Root(a *App) string {
	if a.App.App != nil {
		return a.App.App.RootPath
	}
	return "."
}

// Bare is the app server, where no site leads to it.
func (d *Deployment) Bare() fact.Of[[]*BareServer] {
	return of(d, func() fact.Of[[]*BareServer] {
		return fact.Then(d.Sites, func(sites []*Site) []*BareServer {
			if len(sites) > 0 || d.Server == nil || d.Server.Idle {
				return nil
			}
			return []*BareServer{{d.Server}}
		})
	})
}
