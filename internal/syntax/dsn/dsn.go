// Package dsn takes database and cache URLs apart as SQLAlchemy 1.4/2.0
// (sqlalchemy/engine/url.py), libpq, redis-py and Celery write them. The password
// is looked at and dropped: no value of this package holds it.
package dsn

import (
	"errors"
	"net/url"
	"path"
	"strconv"
	"strings"

	"assay/internal/regex"
)

// DSN is a URL without its password.
type DSN struct {
	Scheme      string // "postgresql" (also for postgres), "mysql", "mariadb", "sqlite", "redis", "rediss", "memcached", "amqp" ...
	Driver      string // "psycopg2" of postgresql+psycopg2
	User        string
	HasPassword bool
	Host        string // lower case, no brackets; "" for a socket or a file
	Port        int    // filled in for known schemes; 0 if there is none
	PortGiven   bool
	Path        string // database name, Redis database number, virtual host; for sqlite the file as given, "" for :memory:
	Socket      string // unix socket: of PostgreSQL the folder, or the folder with the file name that libpq makes of the port
	TLS         bool   // rediss, amqps; for SQL what Query says
	Memory      bool   // sqlite in memory
	Query       map[string]string
}

// Errors of Parse. Their texts hold nothing of the URL.
var (
	ErrNoScheme = errors.New("no scheme such as postgresql:// in front")
	ErrPort     = errors.New("the port is not a number")
	ErrEmpty    = errors.New("the URL is empty")
)

var ports = map[string]int{"postgresql": 5432, "mysql": 3306, "mariadb": 3306, "redis": 6379, "rediss": 6379, "valkey": 6379,
	"memcached": 11211, "amqp": 5672, "amqps": 5671, "mongodb": 27017, "mssql": 1433, "oracle": 1521}

// aliases: SQLAlchemy 1.4 has dropped postgres, and yet it is what providers hand out.
var aliases = map[string]string{"postgres": "postgresql", "psql": "postgresql", "pgsql": "postgresql", "memcache": "memcached"}

// secret are query keys whose values are dropped.
var secret = []string{"password", "passwd", "pwd", "sslpassword", "sslkey", "token", "secret", "authsource_password"}

// Parse takes a URL apart. Passwords may hold "@", "/", "#", "?" and ":" without
// being quoted: the last "@" wins. The scheme postgres is named postgresql;
// GivenScheme tells the two apart.
func Parse(s string) (DSN, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return DSN{}, ErrEmpty
	}
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok || scheme == "" || strings.ContainsAny(scheme, " /@:?#") {
		return DSN{}, ErrNoScheme
	}
	d := DSN{Query: map[string]string{}}
	d.Scheme, d.Driver, _ = strings.Cut(strings.ToLower(scheme), "+")
	if a, known := aliases[d.Scheme]; known {
		d.Scheme = a
	}
	if d.Scheme == "sqlite" {
		return d.sqlite(rest), nil
	}
	if d.Scheme == "unix" || d.Scheme == "redis" && (d.Driver == "socket" || d.Driver == "unix") {
		d.Scheme = "redis"
		return d.redisSocket(rest), nil
	}
	rest = d.credentials(rest)
	rest, _, _ = strings.Cut(rest, "#")
	rest = strings.TrimRight(rest, " \t") // of a remark that an environment file took for a part of the value
	rest, query, _ := strings.Cut(rest, "?")
	d.query(query)
	host, db, _ := strings.Cut(rest, "/")
	d.Path = unquote(db)
	d.TLS = d.Scheme == "rediss" || d.Scheme == "amqps"
	if err := d.address(host); err != nil {
		return DSN{}, err
	}
	d.sockets()
	return d, nil
}

// GivenScheme is the scheme as written, in lower case: SQLAlchemy 1.4 and later
// refuse "postgres".
func GivenScheme(s string) string {
	scheme, _, ok := strings.Cut(strings.TrimSpace(s), "://")
	if !ok {
		return ""
	}
	return strings.ToLower(scheme)
}

// plainQuery begins like a query that drivers know, rather than like a password.
var plainQuery = regex.New(`^\?(application_name|fallback_application_name|options|host|user|charset|connect_timeout|sslmode|sslrootcert|client_encoding)=`)

// credentials cuts USER:PASSWORD@ off. The host part can hold no "@", so the last
// "@" wins, but for one in a query that begins with a key that drivers know.
func (d *DSN) credentials(rest string) string {
	for at := strings.LastIndexByte(rest, '@'); at >= 0; at = strings.LastIndexByte(rest[:at], '@') {
		before := rest[:at]
		if i := strings.IndexAny(before, "/?"); i >= 0 && !strings.ContainsAny(before[:i], "@:") {
			continue // no credentials in front: an @ of the path or the query
		}
		if i := strings.LastIndexByte(before, '?'); i >= 0 && strings.Contains(before[:i], "@") && plainQuery.MatchString(before[i:]) {
			continue
		}
		user, password, has := strings.Cut(before, ":")
		d.User, d.HasPassword = unquote(user), has && password != ""
		return rest[at+1:]
	}
	return rest
}

// address reads HOST[:PORT], [V6]:PORT; of a list of hosts the first.
func (d *DSN) address(host string) error {
	host, _, _ = strings.Cut(host, ",")
	port := ""
	if strings.HasPrefix(host, "[") {
		end := strings.IndexByte(host, ']')
		if end < 0 {
			end = len(host) - 1
		}
		host, port = strings.Trim(host[:end+1], "[]"), strings.TrimPrefix(host[end+1:], ":")
	} else if i := strings.LastIndexByte(host, ':'); i >= 0 {
		host, port = host[:i], host[i+1:]
	}
	d.Host = unquote(host)
	if !strings.HasPrefix(d.Host, "/") {
		d.Host = strings.ToLower(d.Host)
	}
	d.Port = ports[d.Scheme]
	if port != "" {
		n, err := strconv.Atoi(port)
		if err != nil || n < 0 || n > 65535 {
			return ErrPort
		}
		d.Port, d.PortGiven = n, true
	}
	return nil
}

func (d *DSN) query(q string) {
	values, _ := url.ParseQuery(strings.ReplaceAll(q, ";", "%3B"))
	for k, v := range values {
		low := strings.ToLower(k)
		switch {
		case low == "user" && d.User == "" && d.Scheme != "redis":
			d.User = v[0]
		case contains(secret, low):
			d.HasPassword = d.HasPassword || strings.HasPrefix(low, "pass") && v[0] != ""
		default:
			d.Query[k] = v[len(v)-1]
		}
	}
}

func contains(all []string, s string) bool {
	for _, a := range all {
		if a == s {
			return true
		}
	}
	return false
}

// sockets finds the unix sockets: libpq takes a host that begins with "/" as the
// folder (and a URL without any host as the compiled-in one); MySQL drivers have
// unix_socket, Debian's default being left to the caller.
func (d *DSN) sockets() {
	switch d.Scheme {
	case "postgresql":
		if h := d.Query["host"]; h != "" {
			if strings.HasPrefix(h, "/") {
				d.Host = h
			} else {
				_ = d.address(h)
			}
		}
		if p, err := strconv.Atoi(d.Query["port"]); err == nil && p > 0 && p < 65536 {
			d.Port, d.PortGiven = p, true
		}
		if d.Host == "" {
			d.Host = "/var/run/postgresql" // Debian's libpq
		}
		if strings.HasPrefix(d.Host, "/") {
			d.Socket, d.Host = path.Join(d.Host, ".s.PGSQL."+strconv.Itoa(d.Port)), ""
		}
		if d.Path == "" {
			d.Path = d.Query["dbname"]
		}
	case "mysql", "mariadb":
		for _, k := range []string{"unix_socket", "read_default_socket", "socket"} {
			if v := d.Query[k]; strings.HasPrefix(v, "/") {
				d.Socket, d.Host, d.Port = v, "", 0
			}
		}
	case "redis", "rediss", "valkey":
		if n := d.Query["db"]; n != "" {
			d.Path = n
		}
		if d.Path == "" {
			d.Path = "0"
		}
	}
	if d.Host == "" && d.Socket == "" && d.Scheme != "postgresql" && ports[d.Scheme] != 0 {
		d.Host = "localhost"
	}
}

// sqlite: sqlite:///relative.db, sqlite:////absolute.db, sqlite:// in memory.
func (d DSN) sqlite(rest string) DSN {
	rest, query, _ := strings.Cut(rest, "?")
	d.query(query)
	file := unquote(strings.TrimPrefix(rest, "/"))
	if name, uri := strings.CutPrefix(file, "file:"); uri {
		file = name
	}
	d.Path = file
	if file == "" || file == ":memory:" || d.Query["mode"] == "memory" {
		d.Path, d.Memory = "", true
	}
	return d
}

// redisSocket: unix:///run/r.sock?db=1 (redis-py), redis+socket:///run/r.sock?virtual_host=1 (Celery).
func (d DSN) redisSocket(rest string) DSN {
	d.Driver = "socket"
	if i := strings.Index(rest, "@/"); i >= 0 {
		user, password, has := strings.Cut(rest[:i], ":")
		d.User, d.HasPassword, rest = unquote(user), has && password != "", rest[i+1:]
	}
	file, query, _ := strings.Cut(rest, "?")
	d.query(query)
	d.Socket = "/" + strings.TrimLeft(unquote(file), "/")
	d.Path = "0"
	for _, k := range []string{"db", "virtual_host"} {
		if v := d.Query[k]; v != "" {
			d.Path = v
		}
	}
	return d
}

func unquote(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}

// Local is true if the server is on this host: a socket, a file, loopback.
func (d DSN) Local() bool {
	return d.Socket != "" || d.Scheme == "sqlite" || d.Host == "localhost" || d.Host == "::1" || strings.HasPrefix(d.Host, "127.")
}
