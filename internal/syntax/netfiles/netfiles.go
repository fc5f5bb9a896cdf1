// Package netfiles reads the small files of libc: resolv.conf(5), hosts(5),
// passwd(5), group(5), as glibc 2.36 does.
package netfiles

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Resolv is /etc/resolv.conf.
type Resolv struct {
	Nameservers []Entry // glibc asks the first three
	Search      []string
	Options     []string // "ndots:2", "edns0" ...
	Problems    []Problem
}

// Entry is an address with its line.
type Entry struct {
	Addr netip.Addr
	Line int
}

// Problem is a line that libc ignores.
type Problem struct {
	Line int
	Text string
}

// ParseResolv reads resolv.conf: a keyword at the very start of a line; of
// search and domain the last line counts; no nameserver means 127.0.0.1, which
// is left to the caller.
func ParseResolv(text string) Resolv {
	var r Resolv
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if line == "" || strings.ContainsAny(line[:1], "#; \t") {
			continue
		}
		f := strings.Fields(line)
		if len(f) < 2 {
			if len(f) == 1 {
				r.Problems = append(r.Problems, Problem{i + 1, "no value: " + f[0]})
			}
			continue
		}
		switch f[0] {
		case "nameserver":
			a, err := netip.ParseAddr(f[1])
			if err != nil {
				r.Problems = append(r.Problems, Problem{i + 1, "not an address: " + f[1]})
				continue
			}
			r.Nameservers = append(r.Nameservers, Entry{a, i + 1})
		case "domain":
			r.Search = f[1:2]
		case "search":
			r.Search = f[1:]
		case "options":
			r.Options = append(r.Options, f[1:]...)
		case "sortlist":
		default:
			r.Problems = append(r.Problems, Problem{i + 1, "unknown keyword: " + f[0]})
		}
	}
	return r
}

// Hosts is /etc/hosts: lower-case name to its addresses, in order.
type Hosts map[string][]Entry

// ParseHosts reads hosts; a comment may stand anywhere in a line.
func ParseHosts(text string) Hosts {
	h := Hosts{}
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		a, err := netip.ParseAddr(f[0])
		if err != nil {
			continue
		}
		for _, n := range f[1:] {
			n = strings.ToLower(n)
			if !slices.ContainsFunc(h[n], func(e Entry) bool { return e.Addr == a }) {
				h[n] = append(h[n], Entry{a, i + 1})
			}
		}
	}
	return h
}

// Lookup are the addresses of a name; case and a final dot do not matter.
func (h Hosts) Lookup(name string) []Entry {
	return h[strings.TrimSuffix(strings.ToLower(name), ".")]
}

// User is a line of passwd, without the password field.
type User struct {
	Name        string
	UID, GID    int
	Gecos       string
	Home, Shell string // an empty shell is /bin/sh
	Line        int
}

// Group is a line of group.
type Group struct {
	Name    string
	GID     int
	Members []string
	Line    int
}

// Accounts are the users and groups of the files; those of LDAP and the like
// are not here.
type Accounts struct {
	Users    []User
	Groups   []Group
	Problems []Problem // of either file
}

// ParseAccounts reads passwd and group. Of two lines with one name, and of two
// with one id, the first counts, as for getpwnam and getpwuid.
func ParseAccounts(passwd, group string) Accounts {
	var a Accounts
	for i, f := range records(passwd) {
		uid, err := strconv.Atoi(at(f, 2))
		gid, err2 := strconv.Atoi(at(f, 3))
		if len(f) < 7 || err != nil || err2 != nil || f[0] == "" {
			a.bad(i, "passwd", f)
			continue
		}
		shell := f[6]
		if shell == "" {
			shell = "/bin/sh"
		}
		a.Users = append(a.Users, User{f[0], uid, gid, f[4], f[5], shell, i + 1})
	}
	for i, f := range records(group) {
		gid, err := strconv.Atoi(at(f, 2))
		if len(f) < 3 || err != nil || f[0] == "" {
			a.bad(i, "group", f)
			continue
		}
		g := Group{Name: f[0], GID: gid, Line: i + 1}
		for m := range strings.SplitSeq(at(f, 3), ",") {
			if m = strings.TrimSpace(m); m != "" {
				g.Members = append(g.Members, m)
			}
		}
		a.Groups = append(a.Groups, g)
	}
	return a
}

func (a *Accounts) bad(i int, file string, f []string) {
	if len(f) > 1 || at(f, 0) != "" && !strings.ContainsAny(f[0][:1], "#+-") {
		a.Problems = append(a.Problems, Problem{i + 1, "not a line of " + file})
	}
}

func records(text string) [][]string {
	var out [][]string
	for line := range strings.SplitSeq(text, "\n") {
		out = append(out, strings.Split(strings.TrimSuffix(line, "\r"), ":"))
	}
	return out
}

func at(f []string, i int) string {
	if i < len(f) {
		return f[i]
	}
	return ""
}

// User finds a user by name, or by number if the name is one.
func (a Accounts) User(name string) (User, bool) {
	for _, u := range a.Users {
		if u.Name == name {
			return u, true
		}
	}
	if n, err := strconv.Atoi(name); err == nil {
		return a.UID(n)
	}
	return User{}, false
}

// UID finds a user by its number.
func (a Accounts) UID(uid int) (User, bool) {
	for _, u := range a.Users {
		if u.UID == uid {
			return u, true
		}
	}
	return User{}, false
}

// Group finds a group by name, or by number if the name is one.
func (a Accounts) Group(name string) (Group, bool) {
	for _, g := range a.Groups {
		if g.Name == name {
			return g, true
		}
	}
	if n, err := strconv.Atoi(name); err == nil {
		return a.GID(n)
	}
	return Group{}, false
}

// GID finds a group by its number.
func (a Accounts) GID(gid int) (Group, bool) {
	for _, g := range a.Groups {
		if g.GID == gid {
			return g, true
		}
	}
	return Group{}, false
}

// GroupIDs are the ids that initgroups(3) gives a user: its own first, then
// those that name it as a member, sorted. A user who is not in passwd has none.
func (a Accounts) GroupIDs(user string) []int {
	u, ok := a.User(user)
	if !ok {
		return nil
	}
	var ids []int
	for _, g := range a.Groups {
		if g.GID != u.GID && slices.Contains(g.Members, u.Name) {
			ids = append(ids, g.GID)
		}
	}
	slices.Sort(ids)
	return append([]int{u.GID}, slices.Compact(ids)...)
}
