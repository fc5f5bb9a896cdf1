package model

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"assay/internal/fact"
	"assay/internal/tape"
)

// CacheDatabase is the app's cache in Redis, with what else the app keeps in the
// same database.
type CacheDatabase struct {
	tape.StoreUse
	Server *AppServer
	Beside []string                 // roles
	Reply  fact.Of[tape.RedisReply] // of that database; Absent: it could not be asked
}

// Subject is where it is.
func (x *CacheDatabase) Subject() string { return "cache at " + x.At }

// Node is the cache as the code has it.
func (x *CacheDatabase) Node() Node { return Node("cache:" + x.Server.Name + ":" + x.At) }

// CacheDatabases are the app's caches in Redis.
func (d *Deployment) CacheDatabases() fact.Of[[]*CacheDatabase] {
	return of(d, func() fact.Of[[]*CacheDatabase] {
		if d.Server == nil || d.Server.Idle {
			return fact.Known[[]*CacheDatabase](nil)
		}
		return fact.Then(d.Server.StoreUses(), func(uses []tape.StoreUse) []*CacheDatabase {
			var out []*CacheDatabase
			for _, u := range uses {
				if u.Role != "cache" || strings.HasPrefix(u.At, "file:") {
					continue
				}
				x := &CacheDatabase{StoreUse: u, Server: d.Server, Reply: d.replyOf(u)}
				for _, o := range uses {
					if o.Role != "cache" && o.DB == u.DB && samePlace(o.At, u.At) && !slices.Contains(x.Beside, o.Role) {
						x.Beside = append(x.Beside, o.Role)
					}
				}
				out = append(out, x)
			}
			return out
		})
	})
}

func (d *Deployment) replyOf(u tape.StoreUse) fact.Of[tape.RedisReply] {
	list, _ := d.Server.Stores.Look(&fact.Notes{})
	for _, s := range list {
		if n, err := strconv.Atoi(s.Database); !s.SQLKind() && err == nil && n == u.DB && samePlace(s.Addr, u.At) {
			return s.Redis
		}
	}
	return fact.Absent[tape.RedisReply]()
}

// PickleFolder is a folder out of which the app unpickles.
type PickleFolder struct {
	tape.StoreUse
	Folder  string
	Server  *AppServer
	Told    fact.Source
	Stat    fact.Of[tape.Stat]
	Owner   fact.Of[string]
	Private bool // the service has a /tmp of its own
}

// Subject is the folder.
func (x *PickleFolder) Subject() string { return x.Folder }

// Node is a place of its own.
func (x *PickleFolder) Node() Node { return Node("pickle:" + x.Folder) }

// PickleFolders are those of the app.
func (d *Deployment) PickleFolders() fact.Of[[]*PickleFolder] {
	return of(d, func() fact.Of[[]*PickleFolder] {
		if d.Server == nil || d.Server.Idle {
			return fact.Known[[]*PickleFolder](nil)
		}
		return d.Server.pickles
	})
}

// pickleFolders asks whose the folders are.
func (b *builder) pickleFolders(s *AppServer) fact.Of[[]*PickleFolder] {
	return fact.Then(s.StoreUses(), func(uses []tape.StoreUse) []*PickleFolder {
		var out []*PickleFolder
		a, _ := s.Code.Look(&b.notes)
		m, up := b.steady(s)
		for _, u := range uses {
			folder, ok := strings.CutPrefix(u.At, "file:")
			if !ok || !u.Pickles {
				continue
			}
			x := &PickleFolder{StoreUse: u, Folder: path.Clean(folder), Server: s, Told: a.At(nil, u.Class+" keeps its files in "+folder)}
			x.Stat = b.f.Stat(x.Folder, false)
			if st, state := x.Stat.Look(&b.notes); state == fact.IsKnown {
				x.Owner = fact.Known(b.userName(st.UID))
			}
			tmp := strings.HasPrefix(x.Folder, "/tmp/") || strings.HasPrefix(x.Folder, "/var/tmp/")
			x.Private = tmp && up && m.MntNS != ""
			out = append(out, x)
		}
		return out
	})
}
