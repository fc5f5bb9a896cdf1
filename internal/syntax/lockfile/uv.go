package lockfile

import (
	"errors"

	"github.com/pelletier/go-toml/v2"
)

type uvEdge struct {
	Name, Version, Marker string
	Extra                 []string
}

func uvEdges(list []uvEdge) (out []edge) {
	for _, e := range list {
		out = append(out, edge{e.Name, e.Version, e.Marker, e.Extra})
	}
	return out
}

// fromUV follows the app's own entry. Groups for development stand in
// dev-dependencies, which nothing leads to.
func fromUV(text string) ([]pin, error) {
	var lock struct {
		Package []struct {
			Name, Version string
			Source        map[string]any
			Only          []string `toml:"resolution-markers"`
			Dependencies  []uvEdge
			Optional      map[string][]uvEdge `toml:"optional-dependencies"`
			SDist         *file
			Wheels        []file
		}
	}
	if err := toml.Unmarshal([]byte(text), &lock); err != nil {
		return nil, err
	}
	var all []*node
	var roots []edge
	for _, p := range lock.Package {
		n := &node{pin: pin{name: p.Name, version: p.Version}, needs: uvEdges(p.Dependencies), extras: map[string][]edge{}, only: p.Only}
		if p.SDist != nil {
			p.Wheels = append(p.Wheels, *p.SDist)
		}
		n.hashes = hashes(p.Wheels)
		for x, list := range p.Optional {
			n.extras[normal(x)] = uvEdges(list)
		}
		if _, index := p.Source["registry"]; !index {
			for kind := range p.Source {
				n.elsewhere = kind
			}
		}
		if p.Source["virtual"] == "." || p.Source["editable"] == "." {
			roots = n.needs
		}
		all = append(all, n)
	}
	if roots == nil {
		return nil, errors.New("none of its packages is the app itself\nhint: " + export["uv.lock"])
	}
	return reached(roots, all)
}
