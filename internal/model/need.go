package model

import (
	"net/netip"
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/tape"
)

// Need is what the app must be able to do while it runs, and that its unit's own
// sandbox may forbid: write to a place, or reach a store.
type Need struct {
	What   string // "the log of app", "the database"
	Path   string // that is written to, "" for a store
	Store  *Store
	Server *AppServer
	Inside fact.Of[tape.AccessReport] // in the service's own view of the disk
	// Outside is the same in the host's view, where the service's own refuses.
	Outside fact.Of[tape.AccessReport]
}

// Subject is what is needed.
func (x *Need) Subject() string {
	if x.Path != "" {
		return x.Path
	}
	return x.Store.Subject()
}

// Node is a place of its own; a store's is what logging in to it stands on.
func (x *Need) Node() Node {
	if x.Store != nil {
		return x.Store.Node() + "/sandbox"
	}
	return Node("sandbox:" + x.Path)
}

// Needed are what the app must be able to do: of uploads another question is asked.
func (d *Deployment) Needed() fact.Of[[]*Need] {
	return fact.Bind(d.Apps(), func(l []*AppServer) fact.Of[[]*Need] {
		if len(l) == 0 {
			return fact.Known[[]*Need](nil)
		}
		if _, state := l[0].Unit.Look(&fact.Notes{}); state == fact.IsAbsent {
			return fact.Known[[]*Need](nil)
		}
		return fact.Then(l[0].Loaded, func(*App) []*Need { return d.needs })
	})
}

const maxNeeds = 12

func (b *builder) needed(d *Deployment) {
	s := d.Server
	if s == nil || s.Idle || d.Contained() {
		return
	}
	id := b.identity(s)
	add := func(what, file string) {
		file = path.Clean(file)
		if !path.IsAbs(file) || strings.HasPrefix(file, "/dev/") || strings.HasPrefix(file, "/proc/") || id.PID == 0 || len(d.needs) >= maxNeeds ||
			slices.ContainsFunc(d.needs, func(x *Need) bool { return x.Path == file }) {
			return
		}
		x := &Need{What: what, Path: file, Server: s, Inside: b.writes(file, id)}
		x.Outside = x.Inside
		if r, state := x.Inside.Look(&b.notes); state == fact.IsKnown && !r.OK {
			host := id
			host.PID = 0
			x.Outside = b.writes(file, host)
		}
		d.needs = append(d.needs, x)
	}
	stores, _ := s.Stores.Look(&b.notes)
	for _, st := range stores {
		if st.Kind == "SQLite" {
			add("the database", st.Addr)
			continue
		}
		d.needs = append(d.needs, &Need{What: "the database", Store: st, Server: s})
		b.m.Needs[st.Node()] = append(b.m.Needs[st.Node()], st.Node()+"/sandbox")
	}
	if env, state := b.environment(s).Look(&b.notes); state == fact.IsKnown {
		if v := env["PROMETHEUS_MULTIPROC_DIR"].Value; v != "" {
			add("the numbers that the workers share", v)
		}
	}
	a, state := s.Code.Look(&b.notes)
	if state != fact.IsKnown {
		return
	}
	for _, h := range a.Handlers {
		if h.File != "" {
			add("the app's log", h.File)
		}
	}
	for _, w := range a.Wrote {
		add("a file that the app opens for writing", w.Path)
	}
	for key, kind := range map[string]string{"CACHE_DIR": "CACHE_TYPE", "SESSION_FILE_DIR": "SESSION_TYPE"} {
		dir, _ := a.Setting(key)
		of, _ := a.Setting(kind)
		if strings.Contains(strings.ToLower(Text(of)), "filesystem") && Text(dir) != "" {
			add("what "+key+" names", Text(dir))
		}
	}
	slices.SortFunc(d.needs, func(x, y *Need) int { return strings.Compare(x.Subject(), y.Subject()) })
}

// writes asks of a file, or of the folder where it is to be made.
func (b *builder) writes(file string, id tape.Identity) fact.Of[tape.AccessReport] {
	own := b.f.Access(file, "w", id)
	r, state := own.Look(&b.notes)
	if state == fact.IsAbsent || state == fact.IsKnown && r.Error == "no such file or directory" {
		return b.f.Access(path.Dir(file), "w", id)
	}
	return own
}

// Cuts says which line of the unit's own keeps the app from a store; Absent:
// none does.
func (x *Need) Cuts() fact.Of[string] {
	return fact.Bind(x.Server.Unit, func(u *Unit) fact.Of[string] {
		unix := strings.HasPrefix(x.Store.Addr, "unix:") || path.IsAbs(x.Store.Addr)
		if lone := u.props["PrivateNetwork"]; lone == "yes" && !unix {
			return fact.Known("PrivateNetwork=yes", fact.Source{Where: "systemctl show " + u.Name, Text: "PrivateNetwork=yes", Ask: tape.Ask{Kind: tape.KindCommand, Name: "unit", Arg: u.Name}})
		}
		return fact.Bind(u.Property("RestrictAddressFamilies"), func(v string) fact.Of[string] {
			want := []string{"AF_UNIX"}
			if ip, err := netip.ParseAddr(x.Store.Host); !unix && err == nil && ip.Is4() {
				want = []string{"AF_INET"}
			} else if !unix && err == nil {
				want = []string{"AF_INET6"}
			} else if !unix {
				want = []string{"AF_INET", "AF_INET6"}
			}
			if allows(v, want) {
				return fact.Absent[string]()
			}
			return fact.Known("RestrictAddressFamilies="+v, fact.Source{Where: "systemctl show " + u.Name, Text: "RestrictAddressFamilies=" + v, Ask: tape.Ask{Kind: tape.KindCommand, Name: "unit", Arg: u.Name}})
		})
	})
}

// allows reads a list of families as systemctl prints it: those that are
// allowed, or after "~" those that are not.
func allows(list string, want []string) bool {
	denied, inverted := strings.CutPrefix(list, "~")
	named := strings.Fields(denied)
	return list == "" || slices.ContainsFunc(want, func(w string) bool { return slices.Contains(named, w) != inverted })
}
