package tape

// Writes is the body of a Writes ask: the logs that some processes hold open
// for writing, which may have lost the name that they were opened by.
type Writes struct {
	PIDs  []int       `json:"pids"` // those that still live, ascending
	Files []WriteFile `json:"files"`
}

// MaxWrites bounds the files of one answer.
const MaxWrites = 64

// WriteFile is one regular file that is held open for writing.
type WriteFile struct {
	Path    string `json:"path"`              // as its holder sees it now: a renamed file has its new name
	Deleted bool   `json:"deleted,omitempty"` // Path is the last name that it had
	Dev     uint64 `json:"dev"`
	Inode   uint64 `json:"inode"`
	Size    int64  `json:"size"` // that it takes on the disk
	PIDs    []int  `json:"pids"`
	Space   Room   `json:"space"`
}

// Room is the body of a Disk ask, in bytes and in inodes. Free is what is left
// to those who are not root; a file system that counts no inodes has none.
type Room struct {
	Dev        uint64 `json:"dev"`
	Total      uint64 `json:"total"`
	Used       uint64 `json:"used"`
	Free       uint64 `json:"free"`
	Inodes     uint64 `json:"inodes,omitempty"`
	InodesFree uint64 `json:"inodes_free,omitempty"`
	ReadOnly   bool   `json:"readonly,omitempty"`
}
