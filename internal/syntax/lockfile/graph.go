package lockfile

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// node is a package of a lock that says who needs whom.
type node struct {
	pin
	needs  []edge
	extras map[string][]edge
	only   []string // markers, one of which holds, where other versions are locked beside it
}

// edge is what a package, or the app itself, needs.
type edge struct {
	name, version, marker string
	extras                []string
}

// reached are the packages that the app needs, each with the conditions under
// which it does: a package is wanted where one of the ways to it is open.
func reached(roots []edge, all []*node) ([]pin, error) {
	type at struct {
		n     *node
		extra string
	}
	ways := map[at][][]string{}
	var order []*node
	var walk func(e edge, under []string) error
	walk = func(e edge, under []string) error {
		found := slices.DeleteFunc(slices.Clone(all), func(n *node) bool {
			return normal(n.name) != normal(e.name) || e.version != "" && n.version != e.version
		})
		if len(found) == 0 {
			return fmt.Errorf("%s is needed, and not locked", e.name)
		}
		for _, n := range found {
			way := both(under, e.marker)
			if len(found) > 1 {
				if len(n.only) == 0 {
					return fmt.Errorf("%s is locked in several versions, and which one is wanted where is not said", e.name)
				}
				way = both(way, either(n.only))
			}
			for _, extra := range append([]string{""}, e.extras...) {
				here := at{n, extra}
				if extra == "" && ways[here] == nil {
					order = append(order, n)
				}
				if slices.ContainsFunc(ways[here], func(wider []string) bool { return within(way, wider) }) {
					continue
				}
				ways[here] = append(ways[here], way)
				next := n.needs
				if extra != "" {
					next = n.extras[normal(extra)]
				}
				for _, e := range next {
					if err := walk(e, way); err != nil {
						return err
					}
				}
			}
		}
		return nil
	}
	for _, e := range roots {
		if err := walk(e, nil); err != nil {
			return nil, err
		}
	}
	var out []pin
	for _, n := range order {
		p := n.pin
		if list := ways[at{n, ""}]; !slices.ContainsFunc(list, func(way []string) bool { return len(way) == 0 }) {
			p.marker = either(words(list))
		}
		out = append(out, p)
	}
	return out, nil
}

// within says that a way is open only where a wider one is.
func within(way, wider []string) bool {
	return !slices.ContainsFunc(wider, func(c string) bool { return !slices.Contains(way, c) })
}

func words(ways [][]string) (out []string) {
	for _, w := range ways {
		out = append(out, strings.Join(w, " and "))
	}
	slices.Sort(out)
	return out
}

// both adds a condition to those that hold already.
func both(under []string, marker string) []string {
	if marker == "" || slices.Contains(under, marker) || slices.Contains(under, "("+marker+")") {
		return under
	}
	if strings.Contains(marker, " or ") {
		marker = "(" + marker + ")"
	}
	out := append(slices.Clone(under), marker)
	slices.Sort(out)
	return out
}

func either(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	var out []string
	for _, c := range list {
		out = append(out, "("+c+")")
	}
	return strings.Join(out, " or ")
}

var dependency = regexp.MustCompile(`^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?([^;]*)(?:;(.*))?$`)

// parse reads a dependency as PEP 508 writes it.
func parse(s string) edge {
	m := dependency.FindStringSubmatch(s)
	if m == nil {
		return edge{}
	}
	e := edge{name: m[1], marker: strings.TrimSpace(m[4])}
	for _, x := range strings.Split(m[2], ",") {
		if x = strings.TrimSpace(x); x != "" {
			e.extras = append(e.extras, x)
		}
	}
	return e
}
