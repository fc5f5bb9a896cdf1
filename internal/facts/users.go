package facts

import (
	"strconv"

	"assay/internal/fact"
	"assay/internal/syntax/netfiles"
)

// Accounts are the users and groups of this host's own files; those of LDAP
// and the like are not among them.
func (f *Facts) Accounts() fact.Of[netfiles.Accounts] {
	return Remember(f, "accounts", func() fact.Of[netfiles.Accounts] {
		return fact.Bind(f.File("/etc/passwd"), func(passwd string) fact.Of[netfiles.Accounts] {
			return fact.Then(f.File("/etc/group"), func(group string) netfiles.Accounts {
				return netfiles.ParseAccounts(passwd, group)
			})
		})
	})
}

// UserName is the name of a uid, or its number where there is none.
func UserName(a netfiles.Accounts, uid int) string {
	if u, ok := a.UID(uid); ok {
		return u.Name
	}
	return strconv.Itoa(uid)
}

// Hosts is /etc/hosts.
func (f *Facts) Hosts() fact.Of[netfiles.Hosts] {
	return fact.Then(f.File("/etc/hosts"), netfiles.ParseHosts)
}
