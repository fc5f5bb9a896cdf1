package tape

import "encoding/json"

// App is the body of KindApp: what the app became when it was loaded once, in
// the sandbox, the way its server loads it. The app itself has a hand in each
// word of it: it may lie about itself, and about nothing else.
type App struct {
	// Ended says why there is no result: the time limit, the memory limit, the
	// app ended its process. "" when the probe came to its end.
	Ended string `json:"ended,omitempty"`
	// Hasty: it was ended by a time limit shorter than an audit gives.
	Hasty  bool   `json:"hasty,omitempty"`
	Stage  string `json:"stage,omitempty"`  // how far it came: start, config, app, done
	Stderr string `json:"stderr,omitempty"` // the last of what it wrote there, at most 4 KiB

	Python     string `json:"python"`
	Executable string `json:"executable"`
	Prefix     string `json:"prefix"`
	Base       string `json:"base"`
	Cwd        string `json:"cwd"`
	Target     string `json:"target"`
	Callable   bool   `json:"callable"`
	Kind       string `json:"kind,omitempty"` // "flask", or the class of what was found

	Took  float64 `json:"took,omitempty"`  // seconds to import the target
	Total float64 `json:"total,omitempty"` // seconds with the server's configuration

	Error   *AppError `json:"error,omitempty"`
	Refused []Refusal `json:"refused,omitempty"` // what the sandbox did not let it do
	Trouble []string  `json:"trouble,omitempty"` // parts that could not be told
	// Wrote are files that it opened for writing and that the disk would not
	// take: it was given others, in memory.
	Wrote  []Written `json:"wrote,omitempty"`
	Nobody bool      `json:"nobody,omitempty"` // its service is root: it was loaded as nobody

	App        *AppFlask          `json:"app,omitempty"`
	Config     []AppSetting       `json:"config,omitempty"`
	Loads      []ConfigLoad       `json:"loads,omitempty"`
	Env        []EnvRead          `json:"env,omitempty"` // variables that the app's own code read
	Rules      []AppRule          `json:"rules,omitempty"`
	Views      map[string]AppView `json:"views,omitempty"` // by endpoint
	Hooks      []AppHook          `json:"hooks,omitempty"` // before_request
	After      []string           `json:"after,omitempty"` // what after_request functions tell the proxy, as in Speaks
	Chain      []Middleware       `json:"chain,omitempty"` // from the outermost
	Echo       *Echo              `json:"echo,omitempty"`
	Trial      *Trial             `json:"trial,omitempty"` // nil: not made
	Queues     []Queue            `json:"queues"`          // nil: not looked for
	Switches   map[string]string  `json:"switches"`        // that turn a protection off, as the import leaves them; nil: not looked for
	Extensions []Extension        `json:"extensions,omitempty"`
	Dists      map[string]string  `json:"dists,omitempty"` // installed distributions and their versions
	Debian     []string           `json:"debian"`          // those of Dists that the system brought; nil: not looked at
	Engines    []Engine           `json:"engines,omitempty"`
	Migrations Migrations         `json:"migrations"`
	Handlers   []LogHandler       `json:"handlers,omitempty"`
	Modules    []Module           `json:"modules,omitempty"` // the app's own
	Opened     []string           `json:"opened,omitempty"`  // the app's own files that were opened
	Threads    []string           `json:"threads,omitempty"` // running right after the import
	Jobs       []Job              `json:"jobs"`              // those of them that the app's own code made; nil: not looked for
	Templates  []Module           `json:"templates,omitempty"`
	ServerConf *Module            `json:"server_conf,omitempty"` // gunicorn's configuration file
	Signs      []Signer           `json:"signs,omitempty"`
	KeyLine    *KeyLine           `json:"key_line,omitempty"`
	Warnings   []Warning          `json:"warnings,omitempty"`
	Watchers   []Watcher          `json:"watchers"` // nil: not looked for
	// Health is how its health checks answer in the sandbox, where nothing that
	// they need can be reached; nil: not asked.
	Health []HealthCall `json:"health"`
	// Stores are the roles that a Redis or a folder has for the app; nil: not looked for.
	Stores     []StoreUse          `json:"stores"`
	Tracker    *Tracker            `json:"tracker,omitempty"` // sentry-sdk, where it was imported
	Says       []Saying            `json:"says"`              // what app.logger is told below WARNING
	NamedFiles []NamedFile         `json:"named_files"`       // views that open what a visitor names
	Senders    map[string][]string `json:"senders"`           // by endpoint: settings named by views that send files
	// Gunicorn holds its effective settings; a function is "callable:" with the
	// names that its code uses.
	Gunicorn map[string]any `json:"gunicorn,omitempty"`
	// Again is what a second import made of SECRET_KEY, where the first one's
	// stands in no variable and in no file: "same", "different", or "" when
	// there was none.
	Again string `json:"again,omitempty"`
}

// Job is a thread that the import left running: one of the app's own, with where
// it begins, or a scheduler's.
type Job struct {
	Name string `json:"name"`
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
}

// Watcher is a package for errors or numbers that the app imported; On: it has
// somewhere to send to, or needs nothing.
type Watcher struct {
	Name string `json:"name"`
	On   bool   `json:"on,omitempty"`
}

// HealthCall is one health check, called where no database and no network is.
type HealthCall struct {
	Rule     string `json:"rule"`
	Endpoint string `json:"endpoint"`
	Status   int    `json:"status,omitempty"`
	Late     bool   `json:"late,omitempty"` // no answer within two seconds
	Raised   string `json:"raised,omitempty"`
	// Databases are the kinds (postgresql, sqlite) that it tried to connect to, and
	// Reached the addresses that Python's own sockets were told.
	Databases []string `json:"databases,omitempty"`
	Reached   []string `json:"reached,omitempty"`
	// Tells is what its answer gives away: traceback, address, exception.
	Tells []string `json:"tells,omitempty"`
	Took  float64  `json:"took,omitempty"` // seconds
}

// AppError is the exception that ended the import.
type AppError struct {
	Type   string  `json:"type"`
	Module string  `json:"module"`
	Text   string  `json:"text"`
	Cause  string  `json:"cause,omitempty"` // the innermost exception, where it is another one
	Frames []Frame `json:"frames,omitempty"`
	// Refused: it failed because of the sandbox: "network", "disk" (it is
	// read-only), "hidden" (an empty /run or /tmp), "rights" (root's app is
	// loaded as nobody), "limit". "": it would fail in its service, too.
	Refused string `json:"refused,omitempty"`
}

// Frame is a line of a traceback, or where something was done.
type Frame struct {
	File string `json:"file"`
	Line int    `json:"line"`
	In   string `json:"in,omitempty"`
	Text string `json:"text,omitempty"`
	Own  bool   `json:"own,omitempty"` // the app's own code, no package's
}

// Refusal is a thing that the sandbox does not have, which was reached for.
type Refusal struct {
	What   string `json:"what"` // socket, address, connect, program
	Target string `json:"target,omitempty"`
	At     *Frame `json:"at,omitempty"`
}

// Written is a file or a folder that the import made or opened for writing.
type Written struct {
	Path string `json:"path"`
	At   *Frame `json:"at,omitempty"`
}

// AppFlask is the Flask object itself.
type AppFlask struct {
	Name            string     `json:"name"`
	ImportName      string     `json:"import_name"`
	RootPath        string     `json:"root_path"`
	InstancePath    string     `json:"instance_path"`
	StaticFolder    string     `json:"static_folder"`
	StaticURL       string     `json:"static_url"`
	HasStatic       bool       `json:"has_static"`
	TemplateFolder  string     `json:"template_folder"`
	Debug           AppSetting `json:"debug"`
	Testing         AppSetting `json:"testing"`
	Session         string     `json:"session"` // class of the session interface
	TemplatesReload bool       `json:"templates_reload"`
}

// AppSetting is one value of app.config. Plain values come whole, text only
// under names that are known to be harmless; everything else as a secret: its
// length, its kind, and a token in its place.
type AppSetting struct {
	Key      string                `json:"key,omitempty"`
	Type     string                `json:"type,omitempty"`
	Value    json.RawMessage       `json:"value,omitempty"`
	Items    map[string]AppSetting `json:"items,omitempty"`
	Count    int                   `json:"count,omitempty"`
	Secret   string                `json:"secret,omitempty"`
	Raw      string                `json:"raw,omitempty"` // on its way out of the sandbox only: never in an answer
	B64      string                `json:"b64,omitempty"` // Raw's bytes, where they are no text: never in an answer
	Len      int                   `json:"len,omitempty"`
	Bits     int                   `json:"bits,omitempty"`     // of entropy, at most
	Distinct int                   `json:"distinct,omitempty"` // different bytes
	Alphabet int                   `json:"alphabet,omitempty"` // from how many characters it seems to be drawn
	URL      string                `json:"url,omitempty"`      // a DSN without password and options
	From     []SecretPlace         `json:"from,omitempty"`     // where the very value stands
	By       *int                  `json:"by,omitempty"`       // which of Loads set it
	At       *Frame                `json:"at,omitempty"`       // or the line that assigned it
	Default  bool                  `json:"default,omitempty"`  // Flask's own, untouched
}

// SecretPlace is a variable or a line of a file that holds a secret's value.
type SecretPlace struct {
	Kind string `json:"kind"` // environ, file
	Name string `json:"name"`
	Line int    `json:"line,omitempty"`
}

// ConfigLoad is one call of app.config.from_something.
type ConfigLoad struct {
	How      string   `json:"how"`
	Name     string   `json:"name"`
	File     string   `json:"file,omitempty"`
	Exists   bool     `json:"exists,omitempty"`
	Readable bool     `json:"readable,omitempty"`
	Silent   bool     `json:"silent,omitempty"`
	Loaded   bool     `json:"loaded,omitempty"`
	Error    string   `json:"error,omitempty"`
	Keys     []string `json:"keys,omitempty"`
	At       *Frame   `json:"at,omitempty"`
}

// EnvRead is a variable that the app's own code asked for.
type EnvRead struct {
	Key      string `json:"key"`
	File     string `json:"file"`
	Line     int    `json:"line"`
	Required bool   `json:"required"` // os.environ["X"], not .get
	Set      bool   `json:"set"`
}
