package model

import (
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/regex"
	"assay/internal/syntax/netfiles"
)

// ServiceAccount is the user that an app runs as, with what it may besides.
type ServiceAccount struct {
	Server     *AppServer
	User       fact.Of[User]
	RootGroups fact.Of[[]string] // groups of its that are as good as root
	Sudo       fact.Of[string]   // the file that lets it be root without a password; Absent: none
	Shared     fact.Of[string]   // who else runs as it: nginx, another app
}

// Subject is the app's server.
func (x *ServiceAccount) Subject() string { return x.Server.Name }

// Node is the account.
func (x *ServiceAccount) Node() Node { return Node("account:" + x.Server.Name) }

// Accounts is the user that the app runs as.
func (d *Deployment) Accounts() fact.Of[[]*ServiceAccount] {
	return of(d, func() fact.Of[[]*ServiceAccount] {
		if d.Server == nil || d.Server.Idle || d.account == nil {
			return fact.Known[[]*ServiceAccount](nil)
		}
		return fact.Known([]*ServiceAccount{d.account})
	})
}

func (b *builder) account(d *Deployment) {
	s := d.Server
	if s == nil || s.Idle || d.Contained() {
		return
	}
	x := &ServiceAccount{Server: s, User: s.User}
	x.RootGroups = fact.Bind(s.User, func(u User) fact.Of[[]string] {
		return fact.Then(b.f.Accounts(), func(db netfiles.Accounts) []string {
			var out []string
			for _, gid := range append([]int{u.GID}, u.Groups...) {
				if g, ok := db.GID(gid); ok && slices.Contains(rootGroups, g.Name) && !slices.Contains(out, g.Name) {
					out = append(out, g.Name)
				}
			}
			return out
		})
	})
	x.Sudo = fact.Bind(s.User, b.sudoRule)
	x.Shared = fact.Bind(s.User, func(u User) fact.Of[string] { return b.sharesUser(d, u) })
	d.account = x
}

// sudoRule finds a line of sudoers that lets an account do everything without
// a password. Aliases and includes of other folders are not followed.
func (b *builder) sudoRule(u User) fact.Of[string] {
	if u.UID == 0 {
		return fact.Absent[string]()
	}
	var n fact.Notes
	files, _ := b.f.Glob("/etc/sudoers.d/*").Look(&n)
	for _, f := range append([]string{"/etc/sudoers"}, files[:min(len(files), maxTmpfiles)]...) {
		text, _ := b.f.File(f).Look(&n)
		for i, l := range strings.Split(text, "\n") {
			if m := allOfIt.FindStringSubmatch(strings.TrimSpace(l)); m != nil && m[1] == u.Name {
				return fact.Known(f, fact.Source{Where: f, Line: i + 1, Text: strings.TrimSpace(l)})
			}
		}
	}
	if n.Blind() {
		return fact.Unknown[string](n.Why())
	}
	return fact.Absent[string](fact.Source{Where: "/etc/sudoers", Text: "no rule lets " + u.Name + " be root without a password"})
}

// allOfIt is a rule for everything: "shop ALL=(ALL:ALL) NOPASSWD: ALL". A tape
// masks what follows NOPASSWD as a password of so many letters; a command begins
// with a slash and has more.
var allOfIt = regex.New(`^(\S+)\s+\S+\s*=\s*(?:\([^)]*\)\s*)?(?:[A-Z_]+:\s*)*NOPASSWD:\s*(?:[A-Z_]+:\s*)*(?:ALL|\[masked:3\b[^\]]*\])$`)

func (b *builder) sharesUser(d *Deployment, u User) fact.Of[string] {
	var n fact.Notes
	if x, state := b.m.Nginx.Look(&n); state == fact.IsKnown {
		w, known := x.User.Look(&n)
		_, runs := x.Master.Look(&n)
		if known == fact.IsKnown && runs == fact.IsKnown && w.UID == u.UID {
			return fact.Known("nginx", fact.Source{Where: "nginx's workers", Text: "run as " + w.Name})
		}
	}
	for _, o := range b.m.Deployments {
		if o == d || o.Server == nil || o.Server.Idle || o.Contained() || d.Server.twin(o.Server, &n) {
			continue
		}
		if w, known := o.Server.User.Look(&n); known == fact.IsKnown && w.UID == u.UID {
			return fact.Known("the app "+o.Name, fact.Source{Where: "the app " + o.Name, Text: "runs as " + w.Name})
		}
	}
	if n.Blind() {
		return fact.Unknown[string](n.Why())
	}
	return fact.Absent[string]()
}
