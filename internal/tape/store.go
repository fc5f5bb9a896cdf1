package tape

// The kinds that log in to a store as the app does. Name says where its URL
// lies, and never the URL: "pid 812/env/DATABASE_URL", "unit
// shop.service/env/DATABASE_URL", "pid 812/engine/default", "pid
// 812/config/CACHE_REDIS_URL" (what the app was found to use when it was
// loaded). As: the service's Identity.
const (
	KindSQL   Kind = "sql"   // Arg: the name of Alembic's table, "" for VersionTable: JSON SQLReply
	KindRedis Kind = "redis" // JSON RedisReply
)

// SQLReply is the body of SQL: how the app's own database answered the app's
// own login. What stood in the way of connecting is an answer; Class sorts it.
type SQLReply struct {
	Engine   string `json:"engine"`             // postgresql, mysql, mariadb, sqlite
	Driver   string `json:"driver,omitempty"`   // of the URL: psycopg2, pymysql ...
	Addr     string `json:"addr,omitempty"`     // what was dialled last: 127.0.0.1:5432, unix:/run/..., a file
	Host     string `json:"host,omitempty"`     // as the URL names it
	User     string `json:"user,omitempty"`     // the role that was logged in as
	Database string `json:"database,omitempty"` // its name, for SQLite its file
	Server   string `json:"server,omitempty"`   // its version, in its own words
	TLS      bool   `json:"tls,omitempty"`
	Connect  int64  `json:"connect_us,omitempty"` // until it was ready for a query, in microseconds
	Select   int64  `json:"select_us,omitempty"`  // SELECT 1
	Class    string `json:"class,omitempty"`      // why there is no connection: see StoreClasses
	Code     string `json:"code,omitempty"`       // SQLSTATE, or MySQL's number
	Error    string `json:"error,omitempty"`      // the server's or the kernel's short words
	// Rows are the answers to the queries of Queries, by their names, as text.
	// A query that was refused stands in Refused instead.
	Rows    map[string][][]string `json:"rows,omitempty"`
	Refused map[string]string     `json:"refused,omitempty"`
}

// OK says that a query was answered.
func (r SQLReply) OK() bool { return r.Class == "" }

// Cell is one value of a row whose first one is its name: of "limits" that of
// max_connections. "" when there is none.
func (r SQLReply) Cell(query, name string) string {
	for _, row := range r.Rows[query] {
		if len(row) > 1 && row[0] == name {
			return row[1]
		}
	}
	return ""
}

// Why a store could not be used: the classes of SQLReply and RedisReply.
const (
	StoreRefused     = "refused"     // nobody listens there
	StoreAbsent      = "absent"      // there is no such socket or file
	StoreDenied      = "denied"      // the kernel forbids the socket or the file
	StoreUnreachable = "unreachable" // no way to that address
	StoreTimeout     = "timeout"     // no answer in time
	StoreHost        = "host"        // the name has no address
	StoreResolver    = "resolver"    // the resolver gave no answer about the name
	StoreAuth        = "auth"        // wrong password, or none
	StorePeer        = "peer"        // peer authentication: the system's user is not the role
	StoreRule        = "rule"        // no pg_hba.conf entry, host not allowed
	StoreRole        = "role"        // there is no such user
	StoreNoDatabase  = "database"    // there is no such database, or no right to it
	StoreTLS         = "tls"         // one side wants TLS and the other has none, or the certificate is refused
	StoreFull        = "full"        // too many connections
	StoreStarting    = "starting"    // it starts, stops or recovers
	StoreGarbled     = "garbled"     // what answers is no such server
	StoreURL         = "url"         // the URL cannot be understood
	StoreOther       = "other"
)

// RedisReply is the body of Redis.
type RedisReply struct {
	Addr    string            `json:"addr,omitempty"`
	User    string            `json:"user,omitempty"` // ACL WHOAMI
	TLS     bool              `json:"tls,omitempty"`
	Connect int64             `json:"connect_us,omitempty"`
	Ping    int64             `json:"ping_us,omitempty"`
	Class   string            `json:"class,omitempty"`
	Error   string            `json:"error,omitempty"`
	Info    map[string]string `json:"info,omitempty"`    // the fields of RedisInfo, and db0 ...
	Config  map[string]string `json:"config,omitempty"`  // RedisConfig; a password only as "set" or ""
	Refused map[string]string `json:"refused,omitempty"` // a command that this user may not give
	// Bare is what somebody without a password gets: "open", "refused", "" when
	// it was not tried.
	Bare string `json:"bare,omitempty"`
	// Keys counts keys of the database by what they are for (KeyKind), at most
	// RedisKeys of them; their names stay there. nil: not asked.
	Keys map[string]int `json:"keys,omitempty"`
}
