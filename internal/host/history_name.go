package host

import (
	"cmp"
	"slices"

	"assay/internal/syntax/gitobject"
	"assay/internal/tape"
)

const (
	treeDepth = 32
	pathSize  = 300
)

// name says for each object that was found the oldest commit that has it, and
// under which path.
func (p *past) name() {
	at := map[gitobject.ID]map[int]string{} // what holds a hit: by hit, the path below it
	for i, h := range p.found {
		if at[h.id] == nil {
			at[h.id] = map[int]string{}
		}
		at[h.id][i] = ""
	}
	front := at
	for n := 0; n < treeDepth && len(front) > 0 && p.ctx.Err() == nil; n++ {
		front = p.above(front)
		p.roots(front)
	}
	p.tell()
}

// above are the trees that hold what is in front.
func (p *past) above(front map[gitobject.ID]map[int]string) map[gitobject.ID]map[int]string {
	up := map[gitobject.ID]map[int]string{}
	for _, t := range p.trees {
		if p.ctx.Err() != nil {
			return nil
		}
		for name, id := range gitobject.Entries(t.Body) {
			for i, below := range front[id] {
				if _, has := up[t.ID][i]; has || len(below)+len(name) > pathSize {
					continue
				}
				if up[t.ID] == nil {
					up[t.ID] = map[int]string{}
				}
				full := string(name)
				if below != "" {
					full += "/" + below
				}
				up[t.ID][i] = full
			}
		}
	}
	return up
}

// roots takes the commits whose whole tree is among those.
func (p *past) roots(trees map[gitobject.ID]map[int]string) {
	for _, c := range p.commits {
		for i, name := range trees[c.Tree] {
			h := &p.found[i]
			older := cmp.Or(cmp.Compare(c.When, h.when), slices.Compare(c.id[:], h.commit[:])) < 0
			if !h.named || older {
				h.named, h.path, h.commit, h.when = true, name, c.id, c.When
			}
		}
	}
}

// tell puts what was found in order, each path once.
func (p *past) tell() {
	whole := p.report.More == "" && p.kept <= historyTrees && p.ctx.Err() == nil
	slices.SortStableFunc(p.found, func(a, b pastHit) int {
		if a.named != b.named {
			if a.named {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.secret, b.secret), cmp.Compare(a.when, b.when), cmp.Compare(a.path, b.path), slices.Compare(a.id[:], b.id[:]))
	})
	for _, h := range p.found {
		x := tape.Leak{Path: h.path, Line: h.line, Name: p.secrets[h.secret].name, Live: true, Object: h.id.String(), Loose: !h.named && whole}
		if h.named {
			x.Commit = h.commit.String()
		}
		known := slices.ContainsFunc(p.report.Hits, func(l tape.Leak) bool { return l.Name == x.Name && l.Path == x.Path && x.Path != "" })
		if !known && len(p.report.Hits) < leakHits {
			p.report.Hits = append(p.report.Hits, x)
		}
	}
}
