package facts

import (
	"fmt"
	"strconv"
	"strings"

	"assay/internal/fact"
	"assay/internal/tape"
)

// Writes are the logs that some processes hold open for writing.
func (f *Facts) Writes(pids []int) fact.Of[tape.Writes] {
	var list []string
	for _, p := range pids {
		list = append(list, strconv.Itoa(p))
	}
	a := tape.Ask{Kind: tape.KindWrites, Name: strings.Join(list, ",")}
	return read(f, a, "open files of process "+strings.Join(list, ", "), func(w tape.Writes) string {
		return fmt.Sprintf("%d logs", len(w.Files))
	})
}

// Disk is what is left of the file system below a path.
func (f *Facts) Disk(path string) fact.Of[tape.Room] {
	return read(f, tape.Ask{Kind: tape.KindDisk, Name: path}, "file system of "+path, func(s tape.Room) string {
		return fmt.Sprintf("%d of %d bytes are left, %d of %d inodes", s.Free, s.Total, s.InodesFree, s.Inodes)
	})
}
