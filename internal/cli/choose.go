package cli

import (
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/tape"
)

// choose reads --only and --skip: ids, former ids, or beginnings of ids up to
// a dot. One that means no check is an error, so that a typing error never
// leaves something unchecked.
func choose(only, skip []string, families []*check.Family) (func(check.Check) bool, error) {
	var all []check.Check
	for _, f := range families {
		all = append(all, f.Checks()...)
	}
	wanted, err := patterns("only", only, all)
	if err != nil {
		return nil, err
	}
	unwanted, err := patterns("skip", skip, all)
	if err != nil {
		return nil, err
	}
	if len(wanted) == 0 && len(unwanted) == 0 {
		return nil, nil
	}
	chosen := func(c check.Check) bool {
		return (len(wanted) == 0 || slices.ContainsFunc(wanted, means(c))) && !slices.ContainsFunc(unwanted, means(c))
	}
	if !slices.ContainsFunc(all, chosen) {
		return nil, usagef("--only and --skip leave no check (assay checks lists them)")
	}
	return chosen, nil
}

func patterns(flag string, given []string, all []check.Check) ([]string, error) {
	var out []string
	for _, g := range given {
		for p := range strings.SplitSeq(g, ",") {
			if p = strings.TrimSpace(p); p == "" {
				return nil, usagef("--%s %q: want ids, with commas (assay checks lists them)", flag, g)
			}
			bare := strings.TrimSuffix(strings.TrimSuffix(p, "*"), ".")
			if !slices.ContainsFunc(all, func(c check.Check) bool { return means(c)(bare) }) {
				return nil, usagef("--%s: no check is called %q%s (assay checks lists them)", flag, p, didYouMean(bare, beginnings(all), ""))
			}
			out = append(out, bare)
		}
	}
	return out, nil
}

// means says whether a pattern means the check.
func means(c check.Check) func(string) bool {
	return func(p string) bool {
		for _, id := range append([]string{c.ID}, c.Formerly...) {
			if id == p || strings.HasPrefix(id, p+".") {
				return true
			}
		}
		return false
	}
}

// beginnings are all ids and what they begin with, for nearest.
func beginnings(all []check.Check) []string {
	var out []string
	for _, c := range all {
		for i, r := range c.ID + "." {
			if r == '.' && !slices.Contains(out, c.ID[:i]) {
				out = append(out, c.ID[:i])
			}
		}
	}
	return out
}

// find is the check with this id, now or formerly.
func find(id string, families []*check.Family) (check.Check, *check.Family, error) {
	var ids []string
	for _, f := range families {
		for _, c := range f.Checks() {
			if c.ID == id || slices.Contains(c.Formerly, id) {
				return c, f, nil
			}
			ids = append(ids, c.ID)
		}
	}
	return check.Check{}, nil, usagef("no check is called %q%s (assay checks lists them)", id, didYouMean(id, ids, "assay explain "))
}

// appsOf reads --app. Where no deployment was found at all, the report says so.
func (a *app) appsOf(wanted []string, t *tape.Tape) (func(string) bool, error) {
	if len(wanted) == 0 {
		return nil, nil
	}
	var names []string
	for _, d := range a.Works.Model(t).Deployments {
		names = append(names, d.Name)
	}
	for _, w := range wanted {
		if len(names) > 0 && !slices.Contains(names, w) {
			return nil, usagef("no deployment is called %q; found: %s", w, strings.Join(names, ", "))
		}
	}
	return func(name string) bool { return slices.Contains(wanted, name) }, nil
}
