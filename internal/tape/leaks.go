package tape

// LeakReport is the body of Leaks: where values of live secrets stand below a
// folder. Names and places only.
type LeakReport struct {
	Secrets []string `json:"secrets"`        // the names of what was searched for
	Files   int      `json:"files"`          // that were read
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
}
