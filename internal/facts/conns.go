package facts

import (
	"fmt"
	"strconv"
	"strings"

	"assay/internal/fact"
	"assay/internal/tape"
)

// Conns are the connections that some processes of one network hold.
func (f *Facts) Conns(pids []int) fact.Of[tape.Conns] {
	var list []string
	for _, p := range pids {
		list = append(list, strconv.Itoa(p))
	}
	a := tape.Ask{Kind: tape.KindConns, Name: strings.Join(list, ",")}
	return read(f, a, "connections of process "+strings.Join(list, ", "), func(c tape.Conns) string {
		return fmt.Sprintf("%d connections", len(c.List))
	})
}
