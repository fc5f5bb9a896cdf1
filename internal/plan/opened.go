package plan

import (
	"maps"
	"slices"

	"assay/internal/model"
)

// Opened lets visitors in at a port of the firewall, in the file that its rules
// come from; nil where a person has to see.
func Opened(say string, g model.Gate) []Step {
	if g.Opening == nil {
		return nil
	}
	act := Act{Verb: "reload", Unit: g.Opening.Unit}
	if g.Opening.Anew {
		act.Verb = "restart"
	}
	var out []Step
	for _, file := range slices.Sorted(maps.Keys(g.Opening.Lines)) {
		out = append(out, Change(say, file, g.Opening.Lines[file], act)...)
	}
	return out
}
