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

// AppRule is one rule of the url_map.
type AppRule struct {
	Rule      string   `json:"rule"`
	Endpoint  string   `json:"endpoint"`
	Methods   []string `json:"methods"`
	Host      string   `json:"host,omitempty"`
	Subdomain string   `json:"subdomain,omitempty"`
	Websocket bool     `json:"websocket,omitempty"`
}

// AppView is a view function: what it is wrapped in, from the outside, and
// which names bound to the request its own code uses.
type AppView struct {
	Name   string     `json:"name,omitempty"`
	File   string     `json:"file,omitempty"`
	Line   int        `json:"line,omitempty"`
	Wraps  []Wrap     `json:"wraps,omitempty"`
	Uses   []string   `json:"uses,omitempty"`
	Shows  []string   `json:"shows,omitempty"` // of a cached one: what its templates put out
	Cached *ViewCache `json:"cached,omitempty"`
	Speaks []string   `json:"speaks,omitempty"` // else than pages: events, websocket; unbuffered: it tells the proxy so
}

// Wrap is a decorator around a view.
type Wrap struct {
	Module string   `json:"module"`
	Code   string   `json:"code"`
	File   string   `json:"file"`
	Line   int      `json:"line"`
	Uses   []string `json:"uses,omitempty"`
}

// ViewCache is how flask-caching keeps a view's answer.
type ViewCache struct {
	Timeout      *float64        `json:"timeout,omitempty"`
	KeyPrefix    json.RawMessage `json:"key_prefix,omitempty"`
	QueryString  json.RawMessage `json:"query_string,omitempty"`
	MakeKey      json.RawMessage `json:"make_cache_key,omitempty"`
	Unless       json.RawMessage `json:"unless,omitempty"`
	MakeKeyUses  []string        `json:"make_cache_key_uses,omitempty"`
	PrefixUses   []string        `json:"key_prefix_uses,omitempty"`
	UnlessUses   []string        `json:"unless_uses,omitempty"`
	ResponseOnly json.RawMessage `json:"response_filter,omitempty"`
}

// AppHook is a before_request function; Scope is a blueprint, "" the app.
type AppHook struct {
	Scope string   `json:"scope,omitempty"`
	Name  string   `json:"name"`
	Uses  []string `json:"uses,omitempty"`
	File  string   `json:"file,omitempty"`
	Line  int      `json:"line,omitempty"`
}

// Middleware is a WSGI callable around the app; Trusts are ProxyFix's counts.
type Middleware struct {
	Class  string         `json:"class"`
	App    bool           `json:"app,omitempty"`
	Trusts map[string]int `json:"trusts,omitempty"`
}

// Echo is what requests with forwarded headers became on their way through the
// chain, up to a stop that stands before the app's routes.
type Echo struct {
	Trusts []Trust `json:"trusts"`
}

// Trust is a header that the app believes. Position counts the values of a list
// from the right, 1 for the last; 0: something else became of it.
type Trust struct {
	Header   string `json:"header"`
	Into     string `json:"into"` // remote, scheme, host, port, root
	Position int    `json:"position"`
}

// Extension is an entry of app.extensions.
type Extension struct {
	Name  string `json:"name"`
	Class string `json:"class"`
}

// Engine is a SQLAlchemy engine with its pool.
type Engine struct {
	Bind       string   `json:"bind"`
	Secret     string   `json:"secret,omitempty"` // the password
	Raw        string   `json:"raw,omitempty"`    // on its way out of the sandbox only: never in an answer
	URL        string   `json:"url"`
	Dialect    string   `json:"dialect"`
	Driver     string   `json:"driver"`
	Host       string   `json:"host,omitempty"`
	Port       int      `json:"port,omitempty"`
	Database   string   `json:"database,omitempty"`
	User       string   `json:"user,omitempty"`
	Options    []string `json:"options,omitempty"` // names only
	Pool       string   `json:"pool"`              // class
	Size       int      `json:"size,omitempty"`
	Overflow   int      `json:"overflow,omitempty"` // -1: without end
	Timeout    float64  `json:"timeout,omitempty"`
	Recycle    int      `json:"recycle,omitempty"`
	PrePing    bool     `json:"pre_ping,omitempty"`
	CheckedOut int      `json:"checkedout,omitempty"`
	CheckedIn  int      `json:"checkedin,omitempty"`
	Created    bool     `json:"created,omitempty"` // during the import
	// Connect is what the driver is told beside the address and the login, from
	// the URL and from connect_args: timeouts, TLS; nil: not known.
	Connect map[string]string `json:"connect"`
	// Yields: psycopg2 has a function to call while it waits; nil: not asked, or
	// another driver.
	Yields *bool `json:"yields,omitempty"`
}

// Migrations is the Alembic folder, read and not run. Dir "": there is none.
type Migrations struct {
	Dir          string     `json:"dir"`
	Extension    bool       `json:"extension,omitempty"` // Flask-Migrate is set up
	Heads        []string   `json:"heads,omitempty"`
	Revisions    []Revision `json:"revisions,omitempty"`
	VersionTable string     `json:"version_table,omitempty"`
	Schema       string     `json:"version_table_schema,omitempty"`
	CustomEnv    bool       `json:"custom_env,omitempty"` // env.py computes what cannot be read
}

// Revision is one migration.
type Revision struct {
	File     string   `json:"file"`
	Revision string   `json:"revision,omitempty"`
	Down     []string `json:"down,omitempty"`
	Error    string   `json:"error,omitempty"`
}

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

// StoreUse is what a Redis, or a folder, is for the app: cache, sessions, limits,
// queue, results.
type StoreUse struct {
	Role    string `json:"role"`
	At      string `json:"at"` // host:port, unix:path, file:path
	DB      int    `json:"db"`
	Prefix  string `json:"prefix"` // of its keys; "?" where that is no text
	Class   string `json:"class"`
	Pickles bool   `json:"pickles,omitempty"` // what comes back is unpickled
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
