package model

import (
	"strconv"
	"strings"

	"assay/internal/fact"
	"assay/internal/regex"
)

// inUnitFile says that systemd reads a file as a unit's, and resolves what
// begins with % there; in an environment file it does not.
func inUnitFile(file string) bool {
	return strings.HasSuffix(file, ".service") || strings.HasSuffix(file, ".conf")
}

// maskLength is how long a secret is that a recording masks.
var maskLength = regex.New(`\[masked:(\d+)`)

func maskedLength(value string) int {
	total := 0
	for _, m := range maskLength.FindAllStringSubmatch(value, -1) {
		n, _ := strconv.Atoi(m[1])
		total += n
	}
	return total
}

// resolvedEdges lets a store that is told by a line which systemd changes stand
// on that line.
func (b *builder) resolvedEdges(d *Deployment, u *Unit) {
	list, state := d.Server.Stores.Look(&b.notes)
	if state != fact.IsKnown {
		return
	}
	for _, st := range list {
		for _, g := range u.Resolved {
			if st.Told.Where == g.At.Where && st.Told.Line == g.At.Line || st.Name == g.Key {
				u.Spoiled = u.Spoiled || st.Failed()
				b.m.Needs[st.Node()] = append(b.m.Needs[st.Node()], u.ExecNode())
			}
		}
	}
}
