package tape

// History before the app's name asks for the history of the git repository that
// the folder is part of, instead of the files.
const History = "history "

// LeakReport is the body of Leaks: where values of live secrets stand below a
// folder, or in the history of its repository. Names and places only.
type LeakReport struct {
	Secrets []string `json:"secrets"`        // the names of what was searched for
	Files   int      `json:"files"`          // that were read; of the history: versions of files
	More    string   `json:"more,omitempty"` // why not all of them
	Top     string   `json:"top,omitempty"`  // of the git working tree, "" where there is none
	Git     string   `json:"git,omitempty"`  // why it is not known what git tracks
	Hits    []Leak   `json:"hits,omitempty"`
}

// Leak is one place.
type Leak struct {
	Path    string `json:"path"` // below the folder
	Line    int    `json:"line"`
	Name    string `json:"name"`           // of the secret: SECRET_KEY, "password of DATABASE_URL", or what it looks like
	Live    bool   `json:"live,omitempty"` // it is the running app's own
	Tracked bool   `json:"tracked,omitempty"`
	// Of the history, of which Path is from the top: "" where the file's name is not known.
	Object string `json:"object,omitempty"` // that holds it: 40 digits
	Commit string `json:"commit,omitempty"` // the oldest that has it, of those on this host
	Loose  bool   `json:"loose,omitempty"`  // no commit on this host has it
}
