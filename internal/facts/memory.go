package facts

import (
	"fmt"
	"strconv"
	"strings"

	"assay/internal/fact"
	"assay/internal/tape"
)

// Memory is what the processes of one service take, and what they may have.
func (f *Facts) Memory(pids []int) fact.Of[tape.Memory] {
	var list []string
	for _, p := range pids {
		list = append(list, strconv.Itoa(p))
	}
	a := tape.Ask{Kind: tape.KindMemory, Name: strings.Join(list, ",")}
	return read(f, a, "memory of process "+strings.Join(list, ", "), func(m tape.Memory) string {
		var sum int64
		for _, p := range m.Processes {
			sum += p.PSS
		}
		return fmt.Sprintf("%d MiB together; the machine has %d MiB, of which %d MiB are available", sum>>20, m.Total>>20, m.Available>>20)
	})
}
