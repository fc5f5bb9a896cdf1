package check

import (
	"io/fs"
	"slices"
	"strings"
)

// Family is the checks that share an id prefix, with their stories.
type Family struct {
	Name    string
	Stories fs.FS // <slug>.txtar of each check
	checks  []Check
}

// NewFamily opens a family; checks add themselves to it when their package's
// variables are initialised, which Go does in the order of their need.
func NewFamily(name string, stories fs.FS) *Family {
	return &Family{Name: name, Stories: stories}
}

// Add takes a check in. A wrong prefix or a twin is a mistake in the source.
func (f *Family) Add(c Check) struct{} {
	if !strings.HasPrefix(c.ID, f.Name+".") {
		panic("check " + c.ID + " does not belong to family " + f.Name)
	}
	if slices.ContainsFunc(f.checks, func(o Check) bool { return o.ID == c.ID }) {
		panic("two checks are called " + c.ID)
	}
	f.checks = append(f.checks, c)
	return struct{}{}
}

// Checks are the family's checks by id.
func (f *Family) Checks() []Check {
	out := slices.Clone(f.checks)
	slices.SortFunc(out, func(a, b Check) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// StoryName is the file of a check's story: nginx.proxy.upstream-matches-bind
// is told in proxy_upstream_matches_bind.txtar.
func StoryName(id string) string {
	_, slug, _ := strings.Cut(id, ".")
	return strings.NewReplacer(".", "_", "-", "_").Replace(slug) + ".txtar"
}
