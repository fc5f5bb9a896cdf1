package model

import (
	"time"

	"assay/internal/fact"
)

// Event is something that happened on the host.
type Event struct {
	At     time.Time
	Text   string
	Source fact.Source
}
