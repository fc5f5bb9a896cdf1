package tape

// LogHandler is a handler of a logger; Class "" stands for the logger's level.
type LogHandler struct {
	Logger string `json:"logger"`
	Class  string `json:"class"`
	Level  string `json:"level"`
	File   string `json:"file,omitempty"`
	// Stream is where a StreamHandler writes: "<stderr>". Propagates, of the
	// logger itself: what it is told goes to the loggers above it as well.
	Stream     string `json:"stream,omitempty"`
	Propagates bool   `json:"propagates,omitempty"`
}

// Tracker is the client of an error tracker.
type Tracker struct {
	Version      string   `json:"version"`
	Client       bool     `json:"client,omitempty"` // init was called
	Host         string   `json:"host,omitempty"`   // of the DSN; "": it has none, and sends nothing
	Port         int      `json:"port,omitempty"`
	Project      string   `json:"project,omitempty"`
	Environment  string   `json:"environment,omitempty"`
	Release      string   `json:"release,omitempty"`
	Traces       *float64 `json:"traces_sample_rate,omitempty"`
	Profiles     *float64 `json:"profiles_sample_rate,omitempty"`
	Errors       *float64 `json:"sample_rate,omitempty"`
	Sampler      bool     `json:"sampler,omitempty"`
	Scrubs       bool     `json:"scrubs,omitempty"` // before_send
	PII          bool     `json:"pii,omitempty"`
	Debug        bool     `json:"debug,omitempty"`
	Integrations []string `json:"integrations,omitempty"`
}

// Saying is what the app's own code tells app.logger at a level, with the first
// of the places.
type Saying struct {
	Level string `json:"level"`
	Count int    `json:"count"`
	File  string `json:"file"`
	Line  int    `json:"line"`
}

// NamedFile is a view that opens a file by a path of the visitor's.
type NamedFile struct {
	Endpoint string `json:"endpoint"`
	Call     string `json:"call"`
	From     string `json:"from"` // request.args, the address ...
	File     string `json:"file"`
	Line     int    `json:"line"`
}

// Module is a file of the app's own code that was imported, a template or a
// configuration file; times are in seconds since 1970, 0 where not known.
type Module struct {
	Name  string  `json:"name,omitempty"`
	Path  string  `json:"path"`
	MTime float64 `json:"mtime"`
	CTime float64 `json:"ctime"`
	Born  float64 `json:"born,omitempty"` // when this very file was made, whatever times it was given
	// Compiled is when Python compiled a source of just this time and size.
	Compiled float64 `json:"compiled,omitempty"`
}

// When is the last time at which it may have changed.
func (m Module) When() float64 { return max(m.MTime, m.CTime) }

// Signer is an import, by the app's own code, of what signs with the app's key.
type Signer struct {
	Module string `json:"module"`
	What   string `json:"what"`
	File   string `json:"file"`
	Line   int    `json:"line"`
}

// KeyLine is the line of the app's own code that makes SECRET_KEY, where that
// is exactly one: from a variable, by chance, from text that stands there.
type KeyLine struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Env     string `json:"env,omitempty"`
	Random  string `json:"random,omitempty"` // the call: secrets.token_hex
	Literal bool   `json:"literal,omitempty"`
}

// Warning is a Python warning during the import.
type Warning struct {
	Kind string `json:"kind"`
	Text string `json:"text"`
	File string `json:"file"`
	Line int    `json:"line"`
	Own  bool   `json:"own,omitempty"`
}
