package tape

import "time"

// MaxDumps is how many files a Dumps ask tells of, and MaxOpened how many of them
// it opens: the newest.
const (
	MaxDumps  = 60
	MaxOpened = 16
)

// Dump is one file of a folder in which backups lie, the newest first. What is
// said of its content is read from its header and its lengths.
type Dump struct {
	Path     string    `json:"path"` // relative to the folder
	Size     int64     `json:"size"`
	MTime    time.Time `json:"mtime"`
	Kind     string    `json:"kind,omitempty"` // as syntax/dump names them, "" for any other file
	Packed   string    `json:"packed,omitempty"`
	Database string    `json:"database,omitempty"`
	Server   string    `json:"server,omitempty"`
	Tool     string    `json:"tool,omitempty"`
	Whole    bool      `json:"whole,omitempty"`
	Problem  string    `json:"problem,omitempty"`
	Unseen   string    `json:"unseen,omitempty"` // why it could not be opened
}
