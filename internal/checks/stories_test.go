package checks_test

import (
	"testing"

	"assay/internal/audit"
	"assay/internal/house"
)

// Bad is found with its exact words; good is silent: on the recordings.
func TestStoriesOnRecordings(t *testing.T) {
	for i, c := range house.Cases(t, ".") {
		if racing && i%10 != 0 {
			continue
		}
		t.Run(c.Title(), func(t *testing.T) {
			r, _ := audit.Judge(c.Tape(t), audit.Choice{})
			c.Compare(t, r)
		})
	}
}
