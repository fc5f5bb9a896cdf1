package tape

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
